import { assertEquals } from "@std/assert";
import { LINUX_3_12 } from "../mod.ts";
import { AGING } from "../src/claims/experiments/aging.ts";
import { HANDLE_ZERO } from "../src/claims/experiments/handle_zero.ts";
import { LIMIT_WITH_HOLES } from "../src/claims/experiments/limit_with_holes.ts";
import { MAPPING_METHODS } from "../src/claims/experiments/mapping_methods.ts";
import {
  assertRulings,
  pagesOf,
  rulings,
  rulingsOfAll,
} from "./claim_rulings.ts";

/** Pages of which a third does not compress, as in an executable. */
const MIXED_PAGES = pagesOf(300, 1000);
/** Pages that are stored whole. */
const RANDOM_PAGES = pagesOf(999, 1000);

const ALL_NOT = ["does not hold", "does not hold"];
const ALL_HOLD = ["holds", "holds"];

Deno.test("aging: compaction does in 4.0 and 7.3 what is reported of it, and gives back more and more until all pages have come and gone a few times", () => {
  assertEquals(rulingsOfAll(AGING, { pages: 4096 }, MIXED_PAGES), {
    "compaction-42-98-to-79-03": [
      "holds if the swap has shrunk to half of its objects, by exits and by faults",
      "holds if the swap has shrunk to half of its objects, by exits and by faults",
    ],
    "compacted-pages-are-free-memory": ALL_HOLD,
    "light-aging-gains-3-percent": [
      "holds if as many pages go out as come in, and compress as these do",
      "does not hold",
    ],
    "benefit-grows-with-age": [
      "holds if all of swap has come and gone at most 4 times",
      "holds if all of swap has come and gone at most 2 times",
    ],
    "almost-full-threshold-to-be-adjusted": ["holds", "does not hold"],
    "indirection-costs-marginally": ["not decided here", "not decided here"],
  });
});

Deno.test("aging: where nothing can move, nothing that is reported of compaction is so", () => {
  const sizes = { processes: 16, pages: 512 };
  assertEquals(rulings(AGING, LINUX_3_12, sizes, MIXED_PAGES), {
    "compaction-42-98-to-79-03": "does not hold",
    "compacted-pages-are-free-memory": "does not hold",
    "light-aging-gains-3-percent": "does not hold",
    "benefit-grows-with-age": "does not hold",
    "almost-full-threshold-to-be-adjusted": "does not hold",
    "indirection-costs-marginally": "not decided here",
  });
});

Deno.test("limit: a full zram has holes and takes more once compacted, which it never asks for itself and since 4.3 memory pressure does", () => {
  assertEquals(rulingsOfAll(LIMIT_WITH_HOLES, { pages: 512 }), {
    "zram-refuses-with-holes-inside": ALL_HOLD,
    "compaction-lets-a-full-zram-accept": ALL_HOLD,
    "zram-compacts-before-it-is-full": [
      "does not hold",
      "holds if memory pressure runs the shrinker just then",
    ],
  });
});

Deno.test("limit: without holes, or with nothing but holes, no page is refused that compaction would let in", () => {
  for (const profile of LIMIT_WITH_HOLES.kernels) {
    for (const freed of [0, 100]) {
      assertEquals(rulings(LIMIT_WITH_HOLES, profile, { pages: 512, freed }), {
        "zram-refuses-with-holes-inside": "does not hold",
        "compaction-lets-a-full-zram-accept": "does not hold",
        "zram-compacts-before-it-is-full": "does not hold",
      });
    }
  }
});

Deno.test("mapping: both methods read the same bytes, copy what lies in two frames alone, and modes count for copies alone; today there is one to read", () => {
  assertEquals(rulingsOfAll(MAPPING_METHODS, { pages: 256 }), {
    "two-mapping-methods": [...ALL_HOLD, "does not hold"],
    "only-spanning-objects-are-copied": [...ALL_HOLD, "holds"],
    "map-modes-matter-only-across-pages": [...ALL_HOLD, "does not hold"],
    "map-modes-no-effect-with-pgtable": [...ALL_HOLD, "does not hold"],
    "write-only-mapping-loses-the-rest": [
      "holds if the object lies in two pages and is copied",
      "holds if the object lies in two pages and is copied",
      "does not hold",
    ],
    "pgtable-mapping-faster-on-arm": [
      "not decided here",
      "not decided here",
      "not decided here",
    ],
  });
});

Deno.test("mapping: where no object lies in two frames nothing is copied, and the methods are not compared", () => {
  for (const profile of MAPPING_METHODS.kernels) {
    const found = rulings(
      MAPPING_METHODS,
      profile,
      { pages: 32 },
      RANDOM_PAGES,
    );
    assertRulings(found, {
      "two-mapping-methods": "does not hold",
      "only-spanning-objects-are-copied": "does not hold",
    });
  }
});

Deno.test("handles: one could be 0 before the index counted from 1, never since, and an object that moves keeps its own", () => {
  assertEquals(rulingsOfAll(HANDLE_ZERO, { steps: 1500 }), {
    "handle-can-be-zero": [
      "holds if an object lies first in frame 0, and its index counts from 0, as in 3.12.0",
      ...ALL_NOT,
    ],
    "handle-never-zero": [
      "holds if it is a stable release 3.12.y with the patch",
      ...ALL_HOLD,
    ],
    "handle-is-the-location": ["holds", ...ALL_NOT],
    "indirection-keeps-handles-valid": ["does not hold", ...ALL_HOLD],
  });
});

Deno.test("handles: without frame 0 none is 0 in any kernel, however the index counts", () => {
  for (const profile of HANDLE_ZERO.kernels) {
    const found = rulings(HANDLE_ZERO, profile, { steps: 500, firstFrame: 1 });
    assertRulings(found, {
      "handle-can-be-zero": "does not hold",
      "handle-never-zero": "holds",
    });
  }
});

Deno.test("handles: a kernel whose index counts from 0 does not keep one from being 0", () => {
  const objects = { ...LINUX_3_12.objects, firstIndex: 0 as const };
  const found = rulings(HANDLE_ZERO, { ...LINUX_3_12, objects }, {
    steps: 500,
  });
  assertRulings(found, { "handle-never-zero": "does not hold" });
});
