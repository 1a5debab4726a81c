/** The rules that the swap path is judged by beside its invariants. */
import type { Rule } from "../../rules/invariant.ts";

const rule = (name: string, sentence: string, source: string): Rule => ({
  id: `swap-model/${name}`,
  sentence,
  source,
});

/** The rules of the naive model of the swap path. */
export const SWAP_MODEL = {
  page: rule(
    "page",
    "A page read is the page last written, wherever it has been meanwhile.",
    "do_swap_page, mm/memory.c; swap_writepage, mm/page_io.c, 6.1",
  ),
  fresh: rule(
    "fresh-page",
    "A page that was never written, or was given back, reads as zeros.",
    "do_anonymous_page, mm/memory.c, 6.1",
  ),
  noMemory: rule(
    "no-memory",
    "A write, a read or a swapoff fails with ENOMEM exactly where a frame that it asked for could not be had.",
    "do_swap_page, do_anonymous_page, mm/memory.c; unuse_pte, mm/swapfile.c, 6.1",
  ),
  unreadable: rule(
    "unreadable",
    "A page that its device cannot read gives EIO, and is where it was.",
    "do_swap_page, mm/memory.c; end_swap_bio_read, mm/page_io.c, 6.1",
  ),
  notAgain: rule(
    "not-read-again",
    "A page that could not be read into the swap cache stays there, and gives EIO without being read until reclaim drops it.",
    "do_swap_page, mm/memory.c, 6.12.118; swapin_sync, mm/swap_state.c, 7.2.12",
  ),
  reclaimed: rule(
    "reclaimed",
    "Reclaim drops what the swap cache has and nobody has mapped, unless it is stored nowhere else.",
    "__remove_mapping, mm/vmscan.c, 6.1",
  ),
  singlePage: rule(
    "single-page",
    "Up to 6.2 zram is asked for each page without a bio first, and with one exactly where that fails; it counts both failures.",
    "__swap_writepage, swap_readpage, mm/page_io.c; zram_rw_page, zram_drv.c, 6.1.192, 5.10.262",
  ),
  cachedWrite: rule(
    "write-in-swap-cache",
    "A page that is written and in the swap cache leaves it, is copied and left there (5.10), or keeps its slot and is dirty (since 5.19).",
    "do_wp_page, mm/memory.c, 5.10.262, 6.1.192, 7.2.12",
  ),
  lost: rule(
    "lost-page",
    "A page is lost exactly where it could not be read when its device was swapped off; from then on it gives EIO. Up to 5.18 it is mapped instead, with whatever the frame had.",
    "unuse_pte, mm/swapfile.c, 6.1.192, 5.10.262",
  ),
  pagedOut: rule(
    "paged-out",
    "A page that is paged out has a slot and is mapped no more; it stays where it was only without a free slot.",
    "shrink_page_list, mm/vmscan.c; folio_alloc_swap, mm/swap_slots.c, 6.1",
  ),
  noSlot: rule(
    "no-slot",
    "A page stays mapped where every slot of every device is in use.",
    "add_to_swap, mm/swap_state.c, 6.1",
  ),
  slots: rule(
    "slots",
    "The slots in use are those of pages that are out or in the swap cache; a page takes the lowest that is free of the first device that has one.",
    "get_swap_page, swap_free, mm/swapfile.c, 6.1",
  ),
  keptSlots: rule(
    "kept-slots",
    "From 4.11 to 6.14, while more than 320 slots are free and until fewer than 128 are, a processor takes 64 at a time and frees 64 at a time: the device, and up to 6.8 zswap, learn late.",
    "folio_alloc_swap, free_swap_slot, mm/swap_slots.c, 6.12.118; get_swap_page, 5.10.262",
  ),
  swapFull: rule(
    "vm-swap-full",
    "A page that comes in through the swap cache keeps its slot, unless more than half of all slots are in use: half are not more.",
    "vm_swap_full, include/linux/swap.h; should_try_to_free_swap, mm/memory.c, 6.1",
  ),
  request: rule(
    "request",
    "A device is read for a page that is on it and nowhere else, once; it is written with the page that zswap does not take, or gives up.",
    "swap_writepage, swap_readpage, mm/page_io.c, 6.1",
  ),
  vmstat: rule(
    "vmstat",
    "pswpin and pswpout count the requests to devices, those that fail among them, but for reads since 7.3.",
    "count_swpout_vm_event, swap_readpage, mm/page_io.c, 6.1; swap_read_end, 7.3.4",
  ),
  frontswap: rule(
    "frontswap",
    "frontswap counts each page that zswap gave, took and refused, and each slot that it knew of and that is free.",
    "__frontswap_store, __frontswap_load, __frontswap_invalidate_page, mm/frontswap.c, 6.1",
  ),
  stored: rule(
    "stored-pages",
    "stored_pages counts the pages that zswap took and neither gave up nor wrote back, same_filled_pages those of one word, and no page is there twice.",
    "zswap_frontswap_store, zswap_free_entry, mm/zswap.c, 6.1",
  ),
  writtenBack: rule(
    "written-back",
    "written_back_pages counts each page that went from zswap to its device, whether the device took it or not; what is in the swap cache is never written back.",
    "zswap_writeback_entry, mm/zswap.c, 6.1",
  ),
  rejections: rule(
    "rejections",
    "A store that zswap refuses is counted once at most as hit by the limit, without memory or too poor; one that it takes, never.",
    "zswap_frontswap_store, mm/zswap.c, 6.1; zswap_store, mm/zswap.c, 6.18",
  ),
  disabled: rule(
    "disabled",
    "zswap takes no page while it is disabled.",
    "zswap_frontswap_store, mm/zswap.c, 6.1; zswap_store, mm/zswap.c, 6.18",
  ),
  frames: rule(
    "frames",
    "Each page that is mapped or in the swap cache has one frame; the others are those of zswap's pools.",
    "do_swap_page, mm/memory.c; __remove_mapping, mm/vmscan.c, 6.1",
  ),
  underWriteback: rule(
    "under-writeback",
    "A page that is written while it is under writeback is the newer one from then on: in place it keeps its slot; copied, where its device must not see it change, it has none.",
    "reuse_swap_page, mm/swapfile.c, 5.10.262; do_swap_page, mm/memory.c, 6.1.192",
  ),
  replaced: rule(
    "replaced",
    "A page that took the slot of one that was being evicted is not written back in its place.",
    "zswap_writeback_entry, mm/zswap.c, 4.0, 6.1, 6.18",
  ),
  shrinker: rule(
    "shrinker",
    "The shrinker counts what is stored, less the pages that a device had to give since it was asked last, scaled by what zswap saves.",
    "zswap_shrinker_count, mm/zswap.c, 6.18",
  ),
  parameters: rule(
    "parameters",
    "A parameter shows what it was set to last; what it cannot be is refused and changes nothing.",
    "param_set_bool, param_set_uint, kernel/params.c; __zswap_param_set, mm/zswap.c, 6.1",
  ),
  exit: rule(
    "nothing-left",
    "Where there is no process, no slot is in use and nothing has a frame, a block or an object.",
    "exit_mmap, mm/mmap.c; swap_range_free, mm/swapfile.c, 6.1",
  ),
} as const;

/** The same, as a list to read. */
export const SWAP_MODEL_RULES: readonly Rule[] = Object.values(SWAP_MODEL);
