/** What the ledger says exactly of a device that makes Linux's choices. */
import type { Rule } from "../../rules/invariant.ts";

const SOURCE = "drivers/block/zram/zram_drv.c";

function rule(id: string, sentence: string, source: string): Rule {
  return { id: `naive/zram-${id}`, sentence, source: `${source}, ${SOURCE}` };
}

/** Every answer of a device as the ledger has it, by name. */
export const ZRAM_NAIVE = {
  answers: rule(
    "answers",
    "Every request and every text succeeds, or fails with the errno that this kernel has for it.",
    "zram_submit_bio, *_store",
  ),
  limit: rule(
    "limit",
    "A page is refused by the limit exactly where its object finds no room in a zspage of its class, and the pages of a new one pass it; or where the limit is passed already.",
    "zram_can_store_page; get_pages_per_zspage, mm/zsmalloc.c",
  ),
  frames: rule(
    "frames",
    "A page is refused for want of memory exactly where its object needs a new zspage and there are not frames for it.",
    "zram_write_page; alloc_zspage, mm/zsmalloc.c",
  ),
  compressor: rule(
    "compressor",
    "A page that the compressor fails on is refused, and changes nothing: lz4 and lz4hc take a dictionary whole or not at all.",
    "zram_write_page; lz4_compress, backend_lz4.c; lz4hc_compress, backend_lz4hc.c",
  ),
  stored: rule(
    "stored",
    "A page counts by what it compresses to, as a whole from the huge size on, and not at all where it is one word.",
    "zram_write_page",
  ),
  lengths: rule(
    "lengths",
    "Equal pages compress to equal lengths.",
    "zcomp_compress",
  ),
  texts: rule(
    "texts",
    "Every attribute shows what was set or counted, to the character.",
    "*_show",
  ),
  blockState: rule(
    "block-state",
    "block_state shows the pages that are stored, where each is, which are idle and when they were accessed.",
    "read_block_state",
  ),
  writeback: rule(
    "writeback",
    "Writeback writes the pages that its text selects in this kernel's order, until the limit or the device is exhausted.",
    "writeback_store, zram_writeback_slots",
  ),
  writebackUnder: rule(
    "writeback-under",
    "A page that is written, read or freed in the middle of its writeback is not written back: it stays as it then is.",
    "writeback_store, zram_writeback_slots",
  ),
  recompress: rule(
    "recompress",
    "Recompression stores a page anew where an algorithm puts it in a smaller class, and marks it where none does.",
    "recompress_store, recompress_slot",
  ),
  recompressUnder: rule(
    "recompress-under",
    "The swap layer frees a page in the middle of a recompression, unless that has its slot locked: such a page stays.",
    "zram_slot_free_notify, recompress_slot",
  ),
  idle: rule(
    "idle",
    "Idle are the pages that were not accessed since they were marked, or for so long.",
    "mark_idle, zram_accessed",
  ),
  overwritten: rule(
    "overwritten",
    "A page that takes the place of another gives back what that took: its object, its block, its mark as huge.",
    "zram_free_page",
  ),
  resets: rule(
    "resets",
    "A reset leaves nothing of what was set, stored or counted but the limit of writeback.",
    "zram_reset_device, zram_destroy_comps",
  ),
  backing: rule(
    "backing",
    "bd_stat counts the blocks in use, and each page read from the backing device or written to it.",
    "bd_stat_show",
  ),
  memUsedTotal: rule(
    "mem-used-total",
    "mem_used_total is the pages of whole zspages: as many of each class as its objects need, or as were left when others were freed.",
    "mm_stat_show; zs_get_total_pages, mm/zsmalloc.c",
  ),
  memUsedMax: rule(
    "mem-used-max",
    "mem_used_max is the most that a write has seen used, also by what the limit then refused.",
    "update_used_max, mem_used_max_store",
  ),
  pagesCompacted: rule(
    "pages-compacted",
    "Compaction leaves each class the fewest zspages that hold its objects, and pages_compacted counts what it frees.",
    "compact_store; zs_compact, mm/zsmalloc.c",
  ),
  batches: rule(
    "writeback-batches",
    "Since 6.19 pages are written to the lowest free blocks until a batch is full, and leave memory from the last to the first; one that failed gives its block and its cost back, one that was touched its block alone.",
    "zram_writeback_slots, zram_writeback_complete",
  ),
  compressed: rule(
    "compressed-writeback",
    "A page that was written back as it is stored reads as it was last written.",
    "read_from_zspool_raw, decompress_bdev_page",
  ),
  kept: rule(
    "written-back-keeps",
    "Since 7.0 a page that is written back is shown as huge, recompressed or incompressible as before, and counts in huge_pages no more.",
    "zram_writeback_complete, read_block_state",
  ),
  bugs: rule(
    "bugs",
    "Where a bug of this kernel stops whoever meets it, that is the outcome, and nowhere else: a write without a compressor, its name shown, a discard within a page that never ends.",
    "zram_write_page, zram_bio_discard; zcomp_available_show, zcomp.c, 6.16 to 7.1",
  ),
};
