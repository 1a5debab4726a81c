import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  chosenProfile,
  LINUX_6_1,
  LINUX_6_18,
  objectsCrossingPages,
  type Profile,
  profileChoices,
  sizeClassIndex,
  zsGeometry,
  zspageWaste,
} from "../mod.ts";
import { fuzz } from "./fuzz.ts";

const anyProfile = profileChoices(fc).map(chosenProfile);

/**
 * A second computation of the class table, in whole numbers of another kind
 * and from the smallest class up: a class is built where the next larger size
 * has another chain or another number of objects.
 */
function tableOf(profile: Profile): bigint[][] {
  const page = BigInt(profile.pageSize);
  const pageShift = BigInt(profile.pageSize.toString(2).length - 1);
  const indexBits = BigInt(profile.wordBits - profile.objects.tagBits) -
    (BigInt(profile.physBits) - pageShift);
  const chained = BigInt(profile.chainSize) * page >> indexBits;
  const min = chained > 32n ? chained : 32n;
  const step = page / 256n;
  const zspageOf = (size: bigint) => {
    const chains = Array.from(
      { length: profile.chainSize },
      (_, nth) => BigInt(nth + 1),
    );
    const isPowerOfTwo = size.toString(2).lastIndexOf("1") === 0;
    const score = profile.name === "linux-6.1"
      ? (k: bigint) => -((k * page - k * page % size) * 100n / (k * page))
      : (k: bigint) => k * page % size;
    const best = chains.reduce((a, b) => score(b) < score(a) ? b : a);
    const pages = isPowerOfTwo && profile.name !== "linux-6.1" ? 1n : best;
    return [pages, pages * page / size];
  };
  const sizes: bigint[] = [];
  for (let size = min; size < page; size += step) sizes.push(size);
  sizes.push(page);
  return sizes.flatMap((size, index) => {
    const [pages, objects] = zspageOf(size);
    const larger = index + 1 < sizes.length ? zspageOf(sizes[index + 1]) : [];
    const merged = larger[0] === pages && larger[1] === objects;
    return merged ? [] : [[BigInt(index), size, pages, objects]];
  });
}

Deno.test("the size classes of every geometry are those of a second computation", () => {
  fuzz(fc.property(anyProfile, (profile) => {
    const found = zsGeometry(profile).classes.map((one) =>
      [one.index, one.size, one.pagesPerZspage, one.objectsPerZspage]
        .map(BigInt)
    );
    assertEquals(found, tableOf(profile));
  }));
});

Deno.test("an object is huge from 3,257 bytes on 6.1 and from 3,625 on 6.18", () => {
  assertEquals(zsGeometry(LINUX_6_1).hugeClassSize, 3257);
  assertEquals(zsGeometry(LINUX_6_18).hugeClassSize, 3625);
});

Deno.test("36 physical bits on 32-bit leave few bits for the index, so the least chunk grows", () => {
  const pae = { ...LINUX_6_18, wordBits: 32, physBits: 36 };
  assertEquals(zsGeometry(pae).minAllocSize, 128);
  assertEquals(
    zsGeometry({ ...LINUX_6_1, wordBits: 32, physBits: 36 }).minAllocSize,
    128,
  );
});

Deno.test("every size is served by the smallest class that holds it and its handle", () => {
  fuzz(fc.property(anyProfile, fc.nat(), (profile, nth) => {
    const geometry = zsGeometry(profile);
    const size = 1 + nth % profile.pageSize;
    const wanted = Math.min(size + geometry.handleSize, profile.pageSize);
    const serving = geometry.classOf[sizeClassIndex(geometry, wanted)];
    const fitting = geometry.classes.find((one) => one.size >= wanted);
    assertEquals(serving, fitting);
  }));
});

Deno.test("the chunks of a zspage and its waste make up its pages, and chunks cross every border that they do not end at", () => {
  fuzz(
    fc.property(anyProfile, (profile) => {
      const { pageSize } = profile;
      for (const one of zsGeometry(profile).classes) {
        const { size, pagesPerZspage, objectsPerZspage } = one;
        assertEquals(
          objectsPerZspage * size + zspageWaste(one, pageSize),
          pagesPerZspage * pageSize,
        );
        let crossing = 0;
        for (let border = 1; border < pagesPerZspage; border++) {
          const isInside = border * pageSize < objectsPerZspage * size;
          if (isInside && border * pageSize % size !== 0) crossing++;
        }
        assertEquals(objectsCrossingPages(one, pageSize), crossing);
      }
    }),
    20,
  );
});

Deno.test("a geometry that Linux cannot be built with is refused", () => {
  const refused = (change: Partial<Profile>, message: string) =>
    assertThrows(
      () => zsGeometry({ ...LINUX_6_18, ...change }),
      RangeError,
      message,
    );
  refused({ pageSize: 5000 }, "the 'pageSize' is 5000");
  refused({ pageSize: 131072 }, "the 'pageSize' is 131072");
  refused({ wordBits: 48 }, "the 'wordBits' is 48");
  refused({ chainSize: 0 }, "the 'chainSize' is 0");
  refused({ chainSize: 17 }, "the 'chainSize' is 17");
  refused({ physBits: 12 }, "the 'physBits' is 12");
  refused({ wordBits: 32, physBits: 44 }, "the 'physBits' is 44");
});
