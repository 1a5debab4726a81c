import {
  GFP_HIGHUSER_MOVABLE,
  LINUX_3_12,
  LINUX_4_0,
  LINUX_6_1,
  LINUX_7_3,
  LOCATION_HANDLES,
  type Profile,
} from "../mod.ts";
import { CMA } from "../src/claims/experiments/cma.ts";
import { COMPACTION_ORDERS } from "../src/claims/experiments/compaction_orders.ts";
import { FRAMES_APART } from "../src/claims/experiments/frames_apart.ts";
import { MOVED_OBJECTS } from "../src/claims/experiments/moved_objects.ts";
import { NESTED_MAPPINGS } from "../src/claims/experiments/nested_mappings.ts";
import { PAGE_FRAMES } from "../src/claims/experiments/page_frames.ts";
import { PAGE_ORDERS } from "../src/claims/experiments/page_orders.ts";
import { V2P_LAYER } from "../src/claims/experiments/v2p_layer.ts";
import { ZSWAP_COMPACTION } from "../src/claims/experiments/zswap_compaction.ts";
import {
  assertRulings,
  pagesOf,
  rulings,
  rulingsOfAll,
} from "./claim_rulings.ts";
import { assertEquals } from "@std/assert";

const MOVES_FRAMES = "holds if frames are meant, not the objects in them";
const LITTLE_AGED = "holds if the swap has aged little";

/** A kernel's zsmalloc with frames that are movable or not, as another's. */
const movable = (profile: Profile): Profile => ({
  ...profile,
  movable: true,
  zram: { ...profile.zram, gfp: GFP_HIGHUSER_MOVABLE },
});
const unmovable = (profile: Profile): Profile => ({
  ...profile,
  movable: false,
  zram: { ...profile.zram, gfp: LINUX_4_0.zram.gfp },
});

/** Pages that compress to random lengths up to a page. */
const MIXED = pagesOf(300, 1000);
const SMALL = { frames: 4096, touches: 8192 };

Deno.test("frames: fork fails with much memory free where zram's frames stay, and memory compaction helps it where they move", () => {
  assertEquals(rulingsOfAll(PAGE_FRAMES, {}, MIXED), {
    "zram-scatters-unmovable-pages": ["holds", "does not hold"],
    "compaction-buddyinfo-gains": [LITTLE_AGED, LITTLE_AGED],
    "generic-compaction-moves-zsmalloc-pages": ["does not hold", MOVES_FRAMES],
  });
});

Deno.test("frames: it is movability that decides, not the rest of a kernel", () => {
  assertRulings(rulings(PAGE_FRAMES, movable(LINUX_4_0), SMALL, MIXED), {
    "zram-scatters-unmovable-pages": "does not hold",
    "generic-compaction-moves-zsmalloc-pages": MOVES_FRAMES,
  });
  assertRulings(rulings(PAGE_FRAMES, unmovable(LINUX_7_3), SMALL, MIXED), {
    "zram-scatters-unmovable-pages": "holds",
    "generic-compaction-moves-zsmalloc-pages": "does not hold",
  });
});

Deno.test("frames: where objects cannot move, zsmalloc's compaction gains no block", () => {
  assertRulings(rulings(PAGE_FRAMES, LINUX_3_12, SMALL, MIXED), {
    "compaction-buddyinfo-gains": "does not hold",
  });
});

Deno.test("frames: zram is out of memory with CMA free up to 4.7, by nothing but the frames that it asks for", () => {
  const sizes = { frames: 2048 };
  assertEquals(rulingsOfAll(CMA, sizes), {
    "zram-cannot-use-cma": ["holds", "holds", "does not hold"],
  });
  assertRulings(rulings(CMA, movable(LINUX_4_0), sizes), {
    "zram-cannot-use-cma": "does not hold",
  });
  assertRulings(rulings(CMA, unmovable(LINUX_7_3), sizes), {
    "zram-cannot-use-cma": "holds",
  });
  assertRulings(rulings(CMA, LINUX_4_0, { ...sizes, cma: 0 }), {
    "zram-cannot-use-cma": "does not hold",
  });
});

Deno.test("frames: zspages are single pages, a pool with its classes in one piece was not, and slabs fail where free frames are scattered", () => {
  const sizes = { pages: 64, frames: 1024 };
  const scattered = "holds if what is free is scattered";
  const there = "holds if the pool itself is there already";
  assertEquals(rulingsOfAll(PAGE_ORDERS, sizes, MIXED), {
    "never-higher-order-allocations": [there, "holds"],
    "higher-success-rate-under-pressure": [scattered, scattered],
  });
  const merging = { ...LINUX_3_12, mergesClasses: true };
  assertRulings(rulings(PAGE_ORDERS, merging, sizes, MIXED), {
    "never-higher-order-allocations": "holds",
  });
});

Deno.test("handles: objects move under them since handles are no places, and before where their owner is told", () => {
  const told =
    "holds if its owner is told where it is, as the handle is the place";
  const name = "handle-instead-of-pointer-lets-objects-move";
  assertEquals(rulingsOfAll(MOVED_OBJECTS, { pages: 512 }), {
    [name]: [told, "holds", "holds"],
  });
  const places: Profile = {
    ...LINUX_4_0,
    objects: LOCATION_HANDLES,
    compaction: "none",
  };
  assertRulings(rulings(MOVED_OBJECTS, places, { pages: 512 }), {
    [name]: told,
  });
  assertRulings(rulings(MOVED_OBJECTS, LINUX_3_12, { pages: 512, freed: 0 }), {
    [name]: "does not hold",
  });
});

Deno.test("layer: an owner's table serves to compact, where there is anything to gain", () => {
  const table =
    "holds if whoever moves objects may write their one owner's table";
  assertEquals(rulingsOfAll(V2P_LAYER, { pages: 512 }), {
    "v2p-layer-helps-compaction": [table, table, table],
  });
  assertRulings(rulings(V2P_LAYER, LINUX_3_12, { pages: 512, freed: 0 }), {
    "v2p-layer-helps-compaction": "does not hold",
  });
});

Deno.test("compaction: the largest classes give most where it is interrupted, and groups find what to empty but for those of 4.0", () => {
  const early = "holds if compaction is interrupted";
  assertEquals(rulingsOfAll(COMPACTION_ORDERS, { freed: 80 }), {
    "compaction-from-the-biggest-class": ["nothing", early, early],
    "fullness-groups-find-what-to-shrink": ["holds", "does not hold", "holds"],
  });
  const byTenths = { ...LINUX_4_0, fullness: LINUX_7_3.fullness };
  assertRulings(rulings(COMPACTION_ORDERS, byTenths, { freed: 80 }), {
    "fullness-groups-find-what-to-shrink": "holds",
  });
});

Deno.test("mapping: two objects in two frames each have one buffer, of the CPU, until each reader has its own", () => {
  const both = "holds if both objects lie in two frames";
  assertEquals(rulingsOfAll(NESTED_MAPPINGS), {
    "one-mapped-object-per-cpu": [both, both, "does not hold"],
    "mapping-in-interrupts-corrupts": ["holds", "holds", "does not hold"],
    "mapped-means-no-preemption-no-faults": ["holds", "holds", "does not hold"],
  });
});

Deno.test("mapping: where the frames themselves are mapped, no second mapping breaks the first", () => {
  const pageTable: Profile = { ...LINUX_3_12, mapping: "page-table" };
  assertRulings(rulings(NESTED_MAPPINGS, pageTable), {
    "one-mapped-object-per-cpu": "does not hold",
    "mapping-in-interrupts-corrupts": "does not hold",
  });
});

Deno.test("mapping: whoever has an object mapped may sleep where the CPU's buffer is not his", () => {
  const locks = { ...LINUX_3_12.locks, mapArea: undefined };
  assertRulings(rulings(NESTED_MAPPINGS, { ...LINUX_3_12, locks }), {
    "mapped-means-no-preemption-no-faults": "does not hold",
  });
});

Deno.test("mapping: it is needed where frames are apart, and not for ever where addresses are few", () => {
  const apart = "holds if it lies in two frames and is read in one piece";
  const found = rulingsOfAll(FRAMES_APART, { pages: 256 }, MIXED);
  assertEquals(found["mapping-needed-for-two-pages"], [apart, apart]);
  for (const ruling of found["not-mapped-for-ever-because-of-32-bit"]) {
    assertEquals(
      ruling.replace(/\d+ MiB/, "N MiB"),
      "holds if words have 32 bits, and the pool has N MiB or more",
    );
  }
  const single: Profile = { ...LINUX_3_12, chainSize: 1 };
  assertRulings(rulings(FRAMES_APART, single, { pages: 256 }, MIXED), {
    "mapping-needed-for-two-pages": "does not hold",
  });
});

Deno.test("zswap: over zsmalloc memory pressure gives frames back, over zbud nothing does", () => {
  const name = "compaction-would-benefit-zswap-too";
  const pressure =
    "holds if memory pressure compacts it, as zswap's user cannot ask for it";
  assertEquals(rulingsOfAll(ZSWAP_COMPACTION, { pages: 256 }), {
    [name]: ["does not hold", pressure, pressure],
  });
  const without = { ...LINUX_6_1, shrinker: false };
  assertRulings(rulings(ZSWAP_COMPACTION, without, { pages: 256 }), {
    [name]: "does not hold",
  });
});
