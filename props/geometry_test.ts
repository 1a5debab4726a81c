import { assertEquals, assertThrows } from "@std/assert";
import {
  type Geometry,
  LINUX_3_12,
  LINUX_4_0,
  LINUX_6_1,
  LINUX_6_18,
  objectsCrossingPages,
  type Profile,
  PROFILES,
  sizeClassIndex,
  zsGeometry,
  zspageWaste,
} from "../mod.ts";
import { ZSMALLOCS } from "./kernels.ts";

const PAGE_SIZES = [4096, 16384, 65536];
const CHAIN_SIZES = [4, 8, 11, 16];

/** Each profile with every page size, word size and chain. */
const GEOMETRIES: readonly Profile[] = ZSMALLOCS.flatMap((profile) => {
  const words = [
    { wordBits: 64, physBits: profile.physBits },
    { wordBits: 32, physBits: 32 },
    { wordBits: 32, physBits: 36 },
  ];
  return words.flatMap((word) =>
    PAGE_SIZES.flatMap((pageSize) =>
      CHAIN_SIZES.map((chainSize) => ({
        ...profile,
        ...word,
        pageSize,
        chainSize,
      }))
    )
  );
});

/** A property that each of them has; one that has not is named. */
function ofEveryGeometry(
  holds: (geometry: Geometry, profile: Profile) => void,
): void {
  for (const profile of GEOMETRIES) {
    const { name, pageSize, wordBits, physBits, chainSize } = profile;
    try {
      holds(zsGeometry(profile), profile);
    } catch (error) {
      const which = { name, pageSize, wordBits, physBits, chainSize };
      throw new Error(`not so of ${JSON.stringify(which)}`, { cause: error });
    }
  }
}

/** What a release's source says of its classes, written down once more. */
interface Facts {
  /** Bits below the object's index in a location. */
  readonly tagBits: bigint;
  /** Words that an object has before it. */
  readonly handleWords: bigint;
  /** What the least of makes a chain the best. */
  readonly score: (chainBytes: bigint, size: bigint) => bigint;
  /** Whether sizes that are powers of two have chains of one page. */
  readonly powersAlone: boolean;
  /** Whether classes of equal zspages are one. */
  readonly merges: boolean;
}

/** Unused bytes in whole percent, rounded up: least where usedpc is greatest. */
const unusedPercent = (chainBytes: bigint, size: bigint) =>
  (chainBytes % size * 100n + chainBytes - 1n) / chainBytes;

const BEFORE_6_3: Facts = {
  tagBits: 1n,
  handleWords: 1n,
  score: unusedPercent,
  powersAlone: false,
  merges: true,
};

const SINCE_6_9: Facts = {
  tagBits: 0n,
  handleWords: 1n,
  score: (chainBytes, size) => chainBytes % size,
  powersAlone: true,
  merges: true,
};

const FACTS: Readonly<Record<string, Facts>> = {
  "linux-3.12": { ...BEFORE_6_3, tagBits: 0n, handleWords: 0n, merges: false },
  "linux-4.0": BEFORE_6_3,
  "linux-5.10": BEFORE_6_3,
  "linux-6.1": BEFORE_6_3,
  "linux-6.12": SINCE_6_9,
  "linux-6.16": SINCE_6_9,
  "linux-6.17": SINCE_6_9,
  "linux-6.18": SINCE_6_9,
  "linux-6.19": SINCE_6_9,
  "linux-7.0": SINCE_6_9,
  "linux-7.1": SINCE_6_9,
  "linux-7.2": SINCE_6_9,
  "linux-7.3": SINCE_6_9,
};

interface Row {
  readonly index: bigint;
  readonly size: bigint;
  readonly pages: bigint;
  readonly objects: bigint;
}

/**
 * A second computation of the classes, in whole numbers of another kind, from
 * the smallest up: every size with the chain that is best.
 */
function rowsOf(profile: Profile, facts: Facts): Row[] {
  const page = BigInt(profile.pageSize);
  const pageShift = BigInt(profile.pageSize.toString(2).length - 1);
  const indexBits = BigInt(profile.wordBits) - facts.tagBits -
    (BigInt(profile.physBits) - pageShift);
  const chained = BigInt(profile.chainSize) * page >> indexBits;
  const step = page / 256n;
  const chains = Array.from(
    { length: profile.chainSize },
    (_, nth) => BigInt(nth + 1),
  );
  const sizes: bigint[] = [];
  for (let size = chained > 32n ? chained : 32n; size < page; size += step) {
    sizes.push(size);
  }
  return [...sizes, page].map((size, nth) => {
    const score = (chain: bigint) => facts.score(chain * page, size);
    const best = chains.reduce((a, b) => score(b) < score(a) ? b : a);
    const isPower = size.toString(2).lastIndexOf("1") === 0;
    const pages = facts.powersAlone && isPower ? 1n : best;
    return { index: BigInt(nth), size, pages, objects: pages * page / size };
  });
}

/** The classes that are built: a size whose zspages the next has is no class. */
function built(rows: readonly Row[], { merges }: Facts): readonly Row[] {
  if (!merges) return rows;
  return rows.filter(({ pages, objects }, nth) =>
    rows[nth + 1]?.pages !== pages || rows[nth + 1].objects !== objects
  );
}

/** From which length on an object has a page of its own. */
function hugeFrom(rows: readonly Row[], wordBits: number, facts: Facts) {
  const shared = rows.filter(({ pages, objects }) =>
    pages > 1n && objects > 1n
  );
  const largest = shared.at(-1)?.size ?? 0n;
  return largest - facts.handleWords * BigInt(wordBits / 8) + 1n;
}

Deno.test("every profile's classes are those of a second computation, for each page size, word size and chain", () => {
  assertEquals(
    Object.keys(FACTS).sort(),
    [...new Set(PROFILES.map(({ release }) => release.name))].sort(),
  );
  assertEquals(GEOMETRIES.length, ZSMALLOCS.length * 3 * 3 * 4);
  ofEveryGeometry((geometry, profile) => {
    const facts = FACTS[profile.release.name];
    const rows = rowsOf(profile, facts);
    const found = geometry.classes.map((one): Row => ({
      index: BigInt(one.index),
      size: BigInt(one.size),
      pages: BigInt(one.pagesPerZspage),
      objects: BigInt(one.objectsPerZspage),
    }));
    assertEquals(found, built(rows, facts));
    assertEquals(geometry.sizeClasses, rows.length);
    assertEquals(
      BigInt(geometry.hugeClassSize),
      hugeFrom(rows, profile.wordBits, facts),
    );
  });
});

Deno.test("an object is huge from 3,257 bytes on 6.1 and from 3,625 on 6.18", () => {
  assertEquals(zsGeometry(LINUX_6_1).hugeClassSize, 3257);
  assertEquals(zsGeometry(LINUX_6_18).hugeClassSize, 3625);
});

Deno.test("36 physical bits on 32-bit leave few bits for the index, so the least chunk grows", () => {
  const KERNELS = [LINUX_6_18, LINUX_6_1, LINUX_4_0, LINUX_3_12];
  const least = KERNELS.map((profile) => [
    profile.name,
    zsGeometry({ ...profile, wordBits: 32, physBits: 36 }).minAllocSize,
  ]);
  assertEquals(least, [
    ["linux-6.18", 128],
    ["linux-6.1", 128],
    ["linux-4.0", 128],
    ["linux-3.12", 64],
  ]);
});

Deno.test("3.12 has no handle before an object and builds every class", () => {
  ofEveryGeometry(({ handleSize, classes, sizeClasses }, profile) => {
    if (profile.name !== "linux-3.12") {
      assertEquals(handleSize, profile.wordBits / 8);
      return;
    }
    assertEquals(handleSize, 0);
    assertEquals(classes.length, sizeClasses);
  });
});

Deno.test("every size is served by the smallest class that holds it and its handle", () => {
  ofEveryGeometry((geometry) => {
    const { classes, classOf, pageSize, handleSize } = geometry;
    let fitting = 0;
    for (let size = 1; size <= pageSize; size++) {
      const wanted = Math.min(size + handleSize, pageSize);
      while (classes[fitting].size < wanted) fitting++;
      const serving = classOf[sizeClassIndex(geometry, wanted)];
      if (serving === classes[fitting]) continue;
      assertEquals(serving, classes[fitting], `${size} bytes`);
    }
  });
});

Deno.test("the chunks of a zspage and its waste make up its pages, and chunks cross every border that they do not end at", () => {
  ofEveryGeometry(({ classes, pageSize }) => {
    for (const one of classes) {
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
  });
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
  refused({ classBits: 10 }, "the 'classBits' is 10");
  refused({ physBits: 12 }, "the 'physBits' is 12");
  refused({ wordBits: 32, physBits: 44 }, "the 'physBits' is 44");
});
