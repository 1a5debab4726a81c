/** Races that zram had. */
import {
  LINUX_3_12,
  LINUX_4_0,
  LINUX_5_10,
  LINUX_6_1,
  LINUX_6_12,
  LINUX_6_17,
  LINUX_6_18,
  LINUX_6_19,
  LINUX_7_1,
  LINUX_7_2,
  LINUX_7_3,
} from "../../../linux/profile.ts";
import { type KnownRace, withFacts } from "./known_race.ts";

/** zram's races, the youngest first. */
export const ZRAM_KNOWN_RACES: readonly KnownRace[] = [
  {
    id: "zram/pages-before-lock-writeback",
    sentence:
      "A writeback counts the pages before it takes dev_lock; a reset and a smaller disk come between, and it looks at slots beyond the table.",
    commit: "894913e2d35c",
    mended: "7.2",
    source: "writeback_store, drivers/block/zram/zram_drv.c (CVE-2026-89718)",
    before: LINUX_7_1,
    after: LINUX_7_2,
    program:
      "close / writeback idle | reset; set backing_dev sdb; set disksize 4096",
  },
  {
    id: "zram/pages-before-lock-block-state",
    sentence:
      "Who reads block_state counts the pages before it takes dev_lock; a reset and a smaller disk come between, and it looks at slots beyond the table.",
    commit: "391f057f44a5",
    mended: "7.2",
    source: "read_block_state, drivers/block/zram/zram_drv.c (CVE-2026-89719)",
    before: LINUX_7_1,
    after: LINUX_7_2,
    program: "close / get block_state | reset; set disksize 4096",
  },
  {
    id: "zram/lost-block",
    sentence:
      "A slot loses its mark while a batch is written back: the block that was taken for it stays taken, where no other slot follows.",
    commit: "",
    mended: "7.2",
    source: "zram_writeback_slots, drivers/block/zram/zram_drv.c",
    before: LINUX_6_19,
    after: LINUX_7_2,
    program: "write 0 A / writeback page_index=0 | read 0",
  },
  {
    id: "zram/block-after-unlock",
    sentence:
      "A read unlocks a written-back slot and only then looks which block it is in: an overwrite comes between, and it reads the block that a handle's number says.",
    commit: "",
    mended: "6.19",
    source: "zram_read_page, drivers/block/zram/zram_drv.c",
    before: LINUX_6_18,
    after: LINUX_6_19,
    program: "write 0 A; writeback page_index=0 / read 0 | write 0 B",
  },
  {
    id: "zram/stale-table",
    sentence:
      "There is no memory for a disk's pool: the table of slots is freed and its pointer stays, and a reset frees it once more.",
    commit: "212fe1c0df4a",
    mended: "6.14",
    source: "zram_meta_alloc, zram_meta_free, drivers/block/zram/zram_drv.c",
    before: withFacts(LINUX_6_12, "zram", { failedTable: "kept" }),
    after: LINUX_6_12,
    program: "close; reset; failslab / set disksize 12288 | reset",
  },
  {
    id: "zram/slot-write",
    sentence:
      "Two writers of a page both free what is in the slot, then both store: the first one's object belongs to nobody.",
    commit: "ce4be9e4307c",
    mended: "6.17",
    source: "zram_write_page, drivers/block/zram/zram_drv.c, 6.14 to 6.16",
    before: withFacts(LINUX_6_17, "zram", { slotFreed: "before-compression" }),
    after: LINUX_6_17,
    program: "write 0 A | write 0 B",
  },
  {
    id: "zram/zeroed-page",
    sentence:
      "Two threads of an address space read a slot past the swap cache: the end of the first read frees the slot, and the second one maps zeros.",
    commit: "e914d8f00391",
    mended: "5.18",
    source: "end_swap_bio_read, mm/page_io.c",
    before: withFacts(LINUX_5_10, "zram", { swapReadEnds: "frees-slot" }),
    after: LINUX_6_1,
    program: "write 0 A / fault 0 | fault 0",
  },
  {
    id: "zram/backing-dev-show",
    sentence:
      "Who shows backing_dev takes the pointer to the file before init_lock; another file is set meanwhile, and it follows a pointer that is null or stale.",
    commit: "f7daefe4231e",
    mended: "5.4",
    source: "backing_dev_show, drivers/block/zram/zram_drv.c",
    before: withFacts(LINUX_5_10, "zram", { backingShown: "before-lock" }),
    after: LINUX_5_10,
    program: "close; reset / get backing_dev | set backing_dev sdc",
  },
  {
    id: "zram/overwritten-under-writeback",
    sentence:
      "A page is overwritten and marked idle anew while it is written back: without ZRAM_UNDER_WB, under which nobody marks it, the older page would come to stay.",
    commit: "a939888ec38b",
    mended: "5.0",
    source: "writeback_store, idle_store, drivers/block/zram/zram_drv.c",
    before: withFacts(LINUX_5_10, "zram", { idleMarks: "whatever-is-stored" }),
    after: LINUX_5_10,
    program: "write 0 A; idle all / writeback idle | write 0 B; idle all",
  },
  {
    id: "zram/reset-against-mount",
    sentence:
      "A reset finds that nobody has the disk, somebody opens it and writes, and the reset throws the page away.",
    commit: "ba6b17d68c8e",
    mended: "4.0",
    source: "reset_store, drivers/block/zram/zram_drv.c",
    before: withFacts(LINUX_4_0, "zram", { resetExcludes: "nobody" }),
    after: LINUX_4_0,
    program: "close / open; write 0 A | reset",
  },
  {
    id: "zram/notify-against-io",
    sentence:
      "The swap layer frees a slot without the lock under which it is read and written: one reads an object that is freed, or two free it.",
    commit: "57ab048532c0",
    mended: "3.11",
    source: "zram_slot_free_notify, drivers/staging/zram/zram_drv.c",
    before: withFacts(LINUX_3_12, "zram", { notifyTakes: "nothing" }),
    after: LINUX_3_12,
    program: "write 0 A / write 0 B | notify 0",
  },
  {
    id: "zram/show-against-reset",
    sentence:
      "Who shows a number looks whether there is a pool and then asks it, holding nothing: a reset comes between.",
    commit: "",
    mended: "3.11",
    source: "mem_used_total_show, drivers/staging/zram/zram_sysfs.c",
    before: withFacts(LINUX_3_12, "zram", { showHolds: "nothing" }),
    after: LINUX_3_12,
    program: "close / get mem_used_total | reset",
  },
];

/** A race that the newest release has still. */
export type OpenRace = Omit<KnownRace, "commit" | "mended" | "after">;

/**
 * What was found in the newest release. Who reads a page while it is
 * overwritten may get the older or the newer one; he gets a third, or an error.
 */
export const ZRAM_OPEN_RACES: readonly OpenRace[] = [
  {
    id: "zram/block-reused",
    sentence:
      "A read takes the number of a block under the slot's lock and reads it later: the page is overwritten meanwhile, another page is written back to that block, and is what is read.",
    source: "zram_read_page, zram_async_read_endio, zram_drv.c, 7.3.4",
    before: LINUX_7_3,
    program:
      "write 0 A; writeback page_index=0; write 1 B / read 0 strictly | write 0 C; writeback page_index=1",
  },
  {
    id: "zram/overwritten-before-decompressed",
    sentence:
      "With compressed_writeback a page is overwritten after its block was read and before that is decompressed: the read fails, though the page was there all the time.",
    source: "decompress_bdev_page, zram_drv.c, 7.3.4",
    before: LINUX_7_3,
    program:
      "close; reset; set compressed_writeback 1; set backing_dev sdb; set disksize 12288; open; write 0 A; writeback page_index=0 / read 0 strictly | write 0 B",
  },
];
