/** What every compressed block device must keep, whatever its policy. */
import type { Rule } from "../../rules/invariant.ts";

const SOURCE = "drivers/block/zram/zram_drv.c";

function rule(id: string, sentence: string, source: string): Rule {
  return { id: `contract/${id}`, sentence, source: `${source}, ${SOURCE}` };
}

/** The rules of zram's contract. */
export type ZramContractRule =
  | "succeeds"
  | "outside"
  | "refuses"
  | "writes"
  | "stored"
  | "data"
  | "texts"
  | "origDataSize"
  | "comprDataSize"
  | "memLimit"
  | "samePages"
  | "hugePages"
  | "memUsedTotal"
  | "memUsedMax"
  | "pagesCompacted";

/** The contract of zram, by name. */
export const ZRAM_CONTRACT: Readonly<Record<ZramContractRule, Rule>> = {
  succeeds: rule(
    "no-error",
    "What the device can do succeeds: requests inside the disk, attributes set to what they take.",
    "zram_submit_bio, *_store",
  ),
  outside: rule(
    "outside-the-disk",
    "A request for a page that the disk has not got fails, also where only a part of what it asks for is outside.",
    "zram_submit_bio",
  ),
  refuses: rule(
    "attribute-refuses",
    "disksize and comp_algorithm are EBUSY on an initialised device; disksize 0, compact before it, an unknown algorithm and reset 0 are EINVAL.",
    "disksize_store, comp_algorithm_store, compact_store, reset_store",
  ),
  writes: rule(
    "write-succeeds",
    "A write fails only where the limit does not leave room for one more zspage.",
    "zram_write_page, zram_can_store_page",
  ),
  stored: rule(
    "stored",
    "A page of one word repeated takes 0 bytes, any other 1 to a whole page.",
    "zram_write_page, write_same_filled_page",
  ),
  data: rule(
    "data",
    "A page reads as it was last written, through compaction and failed writes; as zeros where it never was, was discarded or the device reset.",
    "zram_read_page, zram_bio_discard",
  ),
  texts: rule(
    "attribute-text",
    "disksize shows whole pages, initstate 0 or 1, comp_algorithm the chosen one in brackets, mm_stat the numbers that this kernel has, nine since 5.11.",
    "disksize_show, initstate_show, comp_algorithm_show, mm_stat_show",
  ),
  origDataSize: rule(
    "orig-data-size",
    "orig_data_size is the pages stored, same-filled ones among them since 4.14, times the page size.",
    "mm_stat_show",
  ),
  comprDataSize: rule(
    "compr-data-size",
    "compr_data_size is the sum of the bytes that the pages are stored in.",
    "zram_write_page, zram_free_page",
  ),
  memLimit: rule(
    "mem-limit",
    "mem_limit is what was set, in whole pages; no write takes the pool above it, or further above it.",
    "mem_limit_store, zram_can_store_page",
  ),
  samePages: rule(
    "same-pages",
    "same_pages counts the pages that are one word repeated.",
    "write_same_filled_page, zram_free_page",
  ),
  hugePages: rule(
    "huge-pages",
    "huge_pages counts the pages stored whole, huge_pages_since also those that are gone.",
    "zram_write_page, zram_free_page",
  ),
  memUsedTotal: rule(
    "mem-used-total",
    "mem_used_total is whole pages, at least compr_data_size, at most one zspage for each object; one operation adds at most one.",
    "mm_stat_show",
  ),
  memUsedMax: rule(
    "mem-used-max",
    "mem_used_max is at least what is used and what it was, at most one zspage above what was used; writing 0 takes it down to what is used.",
    "update_used_max, mem_used_max_store",
  ),
  pagesCompacted: rule(
    "pages-compacted",
    "pages_compacted grows by what compaction takes from mem_used_total, and by nothing else.",
    "compact_store, zs_compact",
  ),
};
