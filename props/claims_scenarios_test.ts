/** Claims of Minchan Kim's tests, of a file system on zram, of a cache of files. */
import { assertEquals } from "@std/assert";
import { LINUX_3_12 } from "../mod.ts";
import { FILE_SYSTEM } from "../src/claims/experiments/file_system.ts";
import { MINCHAN } from "../src/claims/experiments/minchan.ts";
import { RIVALS } from "../src/claims/experiments/rivals.ts";
import { assertRulings, rulings, rulingsOfAll } from "./claim_rulings.ts";

const FRAMES = { frames: 2048 };

Deno.test("Minchan Kim's tests come out as he says, and prove less than he says: the disk has the pages, not zram", () => {
  assertEquals(rulingsOfAll(MINCHAN, FRAMES), {
    "tmpfs-default-limit-fails-untar": [
      "holds if the tree takes more than half of memory",
      "not decided here",
    ],
    "zram-swap-oom-with-free-slots": ["holds", "holds"],
    "dm-cache-of-zram-and-disk-avoids-oom": [
      "holds if the disk takes the pages, not the cache",
      "holds if the disk takes the pages, not the cache",
    ],
    "zram-cache-always-has-free-space": ["does not hold", "does not hold"],
  });
});

Deno.test("without the hog nothing runs out of memory, so that swap on zram needs no disk", () => {
  assertRulings(rulings(MINCHAN, LINUX_3_12, { ...FRAMES, hog: 0 }), {
    "zram-swap-oom-with-free-slots": "does not hold",
    "zram-cache-always-has-free-space": "holds",
  });
});

Deno.test("deleting files on zram frees nothing by itself; discards and compaction give it back where the kernel has them", () => {
  assertEquals(rulingsOfAll(FILE_SYSTEM, { pages: 2048 }), {
    "zram-fs-delete-frees-nothing": ["holds", "holds if nobody discards"],
    "memory-back-only-by-killing": ["holds", "does not hold"],
  });
});

Deno.test("a cache of clean pages of files drops them and writes none back", () => {
  assertEquals(rulingsOfAll(RIVALS, { pages: 500 }), {
    "compressed-file-cache-impossible-on-zram": ["does not hold"],
  });
});
