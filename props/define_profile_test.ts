import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  checkPool,
  defineProfile,
  type FullnessRule,
  highestUsedPercent,
  inuseRatio,
  leastWaste,
  LINUX_3_12,
  LINUX_4_0,
  LINUX_6_1,
  LINUX_6_18,
  type Profile,
  type ProfileChanges,
  PROFILES,
  quarter,
  threeQuarters,
  zsGeometry,
  ZsPool,
} from "../mod.ts";
import { fuzz } from "./fuzz.ts";

/** Halves: empty, up to half in use, above half, full. */
const halves: FullnessRule = {
  ...threeQuarters,
  group(inuse, objects) {
    if (inuse === 0) return 0;
    if (inuse === objects) return 3;
    return 2 * inuse <= objects ? 1 : 2;
  },
};

Deno.test("a profile defined by hand is the named one but for its name and its changes", () => {
  for (const from of PROFILES) {
    const same = defineProfile("mine", from, {});
    assertEquals(same, { ...from, name: "mine" });
    assertEquals(zsGeometry(same), zsGeometry(from));
  }
  const mine = defineProfile("mine", LINUX_6_18, {
    classBits: 7,
    fullness: halves,
  });
  assertEquals([mine.name, mine.classBits], ["mine", 7]);
  assertEquals(mine.fullness, halves);
  assertEquals(mine.chainRule, leastWaste);
});

Deno.test("with the chain rule, the chain and the classes of 6.1 a profile of 6.18 has its classes", () => {
  const likeBefore = defineProfile("like-6.1", LINUX_6_18, {
    chainRule: highestUsedPercent,
    chainSize: 4,
  });
  assertEquals(
    zsGeometry(likeBefore).classes,
    zsGeometry(LINUX_6_1).classes,
  );
});

Deno.test("half the class step builds twice the classes", () => {
  const fine = defineProfile("fine", LINUX_6_18, { classBits: 9 });
  assertEquals(zsGeometry(fine).sizeClasses, 509);
  assertEquals(zsGeometry(LINUX_6_18).sizeClasses, 255);
});

/** Changes that make sense together in every profile that has cells. */
const anyChanges: fc.Arbitrary<ProfileChanges> = fc.record({
  chainRule: fc.constantFrom<Profile["chainRule"]>(
    leastWaste,
    highestUsedPercent,
    () => 1,
    (_size, _pageSize, chainSize) => chainSize,
    (size, _pageSize, chainSize) => 1 + size / 8 % chainSize,
  ),
  chainSize: fc.integer({ min: 1, max: 16 }),
  classBits: fc.integer({ min: 4, max: 9 }),
  mergesClasses: fc.boolean(),
  fullness: fc.constantFrom(inuseRatio, threeQuarters, quarter, halves),
  compaction: fc.constantFrom<Profile["compaction"]>(
    "none",
    "first-merged",
    "source-first",
    "destination-first",
  ),
});

Deno.test("a pool of any profile that is not refused keeps every rule", () => {
  fuzz(
    fc.property(
      fc.constantFrom(LINUX_4_0, LINUX_6_1, LINUX_6_18),
      anyChanges,
      fc.array(fc.integer({ min: 1, max: 4096 }), {
        maxLength: 300,
        size: "max",
      }),
      (from, changes, sizes) => {
        const pool = new ZsPool(defineProfile("mine", from, changes));
        const handles = sizes.map((size) => Number(pool.malloc(size)));
        checkPool(pool);
        handles.forEach((handle, nth) => nth % 3 === 0 || pool.free(handle));
        pool.compact();
        checkPool(pool);
      },
    ),
    30,
  );
});

/** Refused in these words. */
function refuses(
  message: string,
  changes: ProfileChanges,
  from = LINUX_6_18,
  name = "mine",
): void {
  assertThrows(() => defineProfile(name, from, changes), RangeError, message);
}

Deno.test("a geometry that Linux cannot be built with is refused in zsGeometry's words", () => {
  refuses(
    "Cannot build size classes: the 'pageSize' is 5000, not a power of two",
    { pageSize: 5000 },
  );
  refuses("the 'chainSize' is 17, not a whole number from 1 to 16", {
    chainSize: 17,
  });
  refuses("the 'physBits' is 52, not few enough", { wordBits: 32 });
  refuses(
    "the 'classBits' is 10, not a whole number from 0 to 9, so that the step is a multiple of 8 bytes",
    { classBits: 10 },
  );
  refuses("the 'classBits' is -1, not", { classBits: -1 });
});

Deno.test("a chain rule that answers no chain of the kernel's is refused, with the size", () => {
  const wrong = (pages: number) => ({
    chainRule: (size: number) => size === 480 ? pages : 1,
  });
  for (const pages of [0, 9, 1.5, NaN]) {
    refuses(
      `Cannot build size classes: the 'chainRule' answers ${pages} pages for chunks of 480 bytes, not a whole number from 1 to 8`,
      wrong(pages),
    );
  }
  assertEquals(
    zsGeometry(defineProfile("mine", LINUX_6_18, wrong(8))).classOf
      .find(({ size }) => size === 480)?.pagesPerZspage,
    8,
  );
});

Deno.test("a fullness rule whose groups are out of range or do not rise is refused, with the zspage", () => {
  const rule = (group: FullnessRule["group"]) => ({
    fullness: { ...threeQuarters, group },
  });
  const start = "Cannot define profile 'mine': the 'fullness' puts a zspage";
  refuses(
    `${start} with 0 of its 128 objects into group 1, not 0`,
    rule(() => 1),
  );
  refuses(
    `${start} with 128 of its 128 objects into group 2, not 3`,
    rule((inuse) => inuse === 0 ? 0 : 2),
  );
  refuses(
    `${start} with 1 of its 1 object into group 2, not 3`,
    rule((inuse, objects) =>
      inuse === 1 && objects === 1 ? 2 : threeQuarters.group(inuse, objects)
    ),
  );
  refuses(
    `${start} with 1 of its 128 objects into group 0, not one from 1 to 2`,
    rule((inuse, objects) => inuse === objects ? 3 : 0),
  );
  refuses(
    `${start} with 65 of its 128 objects into group 1, not 2`,
    rule((inuse, objects) =>
      inuse === objects ? 3 : inuse === 0 ? 0 : inuse * 2 > objects ? 1 : 2
    ),
  );
  refuses("into group NaN, not", rule(() => NaN));
  refuses("into group 1.5, not one from 1 to 2", {
    fullness: {
      ...threeQuarters,
      group: (inuse, objects) => inuse === 0 ? 0 : inuse === objects ? 3 : 1.5,
    },
  });
  refuses("the 'fullness' has 2 groups, not 3 to 256", {
    fullness: {
      ...threeQuarters,
      groups: ["empty", "full"],
      group: (inuse) => inuse === 0 ? 0 : 1,
    },
  });
});

Deno.test("where a handle is a location, what moves objects is refused", () => {
  refuses(
    "Cannot define profile 'mine': the 'compaction' is 'source-first', not 'none', where a handle is a location",
    { compaction: "source-first" },
    LINUX_3_12,
  );
  refuses("'movable' is true, not false", { movable: true }, LINUX_3_12);
});

Deno.test("the name of a kernel that there is, or none, is refused", () => {
  refuses(
    "Cannot define profile 'linux-6.1': the 'name' is taken",
    {},
    LINUX_6_18,
    "linux-6.1",
  );
  refuses("the 'name' is empty", {}, LINUX_6_18, "");
});

Deno.test("a change of no field, or to what that cannot be, is refused", () => {
  const wrong: readonly (readonly [message: string, changes: unknown])[] = [
    ["the 'changes' are null, not an object of fields", null],
    ["there is no field 'chains'", { chains: 4 }],
    ["the 'pageSize' is '4096', not a number", { pageSize: "4096" }],
    ["the 'chainRule' is 1, not a function", { chainRule: 1 }],
    ["the 'fullness' is undefined, not an object", { fullness: undefined }],
    ["the 'fullness.groups' is 4, not an array", {
      fullness: { ...quarter, groups: 4 },
    }],
    ["the 'compactions' is 'two', not one or any", { compactions: "two" }],
    ["the 'tooLarge' is 'big', not an errno's name", { tooLarge: "big" }],
    ["the 'release' has no 'name'", { release: {} }],
    ["the 'zram.acTime' is 'hours', not seconds or nanoseconds", {
      zram: { ...LINUX_6_18.zram, acTime: "hours" },
    }],
    ["there is no field 'zram.actime'", {
      zram: { ...LINUX_6_18.zram, actime: "seconds" },
    }],
    ["the 'zswap.zpools' is 'slab', not zsmalloc or zbud or z3fold", {
      zswap: { ...LINUX_6_18.zswap, zpools: ["slab"] },
    }],
  ];
  for (const [message, changes] of wrong) {
    refuses(
      `Cannot define profile 'mine': ${message}`,
      changes as ProfileChanges,
    );
  }
});

Deno.test("every part of a kernel can be that of any other", () => {
  for (const from of PROFILES.filter(({ name }) => name !== "linux-3.12")) {
    const { zram, zswap, swap, locks, release, tooLarge } = from;
    const changes = { zram, zswap, swap, locks, release, tooLarge };
    assertEquals(defineProfile("mine", LINUX_6_18, changes).zram, zram);
  }
});

Deno.test("a choice that no named kernel makes can be made", () => {
  const choices: readonly ProfileChanges[] = [
    { mapping: "page-table" },
    { isolatedCounted: "under-zspage-lock" },
    { movedCell: "unpinned" },
    { compactedCounted: "each-page" },
    { deferredHandle: "in-cell" },
    { deferredHandle: "in-object" },
    { zram: { ...LINUX_6_18.zram, failedTable: "kept" } },
    { zram: { ...LINUX_6_18.zram, slotFreed: "before-compression" } },
    { zram: { ...LINUX_6_18.zram, notifyTakes: "nothing" } },
    { zram: { ...LINUX_6_18.zram, backingShown: "before-lock" } },
    { zram: { ...LINUX_6_18.zram, showHolds: "nothing" } },
    { zswap: { ...LINUX_6_18.zswap, entries: "unreferenced" } },
    { swap: { ...LINUX_6_18.swap, readEnds: "frees-in-device" } },
    { zeroSize: "ENODEV" },
    { zswap: { ...LINUX_6_18.zswap, drivers: { mine: "mine-generic" } } },
  ];
  for (const changes of choices) defineProfile("mine", LINUX_6_18, changes);
});

Deno.test("a name is one line that describes no other kernel", () => {
  for (const name of ["a,b", "a\nb"]) {
    refuses("the 'name' is not one line without commas", {}, LINUX_6_18, name);
  }
});
