/** What every compressed swap cache must keep, whatever its policy. */
import type { Rule } from "../../rules/invariant.ts";

function rule(id: string, sentence: string, source: string): Rule {
  return { id: `contract/${id}`, sentence, source: `${source}, mm/zswap.c` };
}

/** The rules of zswap's contract. */
export type ZswapContractRule =
  | "succeeds"
  | "stores"
  | "kept"
  | "newest"
  | "written"
  | "storedPages"
  | "poolTotalSize"
  | "writtenBackPages";

/** The contract of zswap, by name. */
export const ZSWAP_CONTRACT: Readonly<Record<ZswapContractRule, Rule>> = {
  succeeds: rule(
    "no-error",
    "No request fails: a page that is not taken is refused with a reason.",
    "zswap_store, zswap_load, zswap_invalidate",
  ),
  stores: rule(
    "stores",
    "An empty cache, its limit a zspage or more, takes a page of one word repeated.",
    "zswap_store",
  ),
  kept: rule(
    "kept",
    "A page that was stored is there until it is loaded, invalidated, stored anew or written back.",
    "zswap_load",
  ),
  newest: rule(
    "newest",
    "A page that is loaded is the newest: never one that was replaced, also by one that was refused; invalidated; or written back.",
    "zswap_load, zswap_invalidate, zswap_store",
  ),
  written: rule(
    "written",
    "A page is written back once, as it was stored last, while it is stored.",
    "zswap_writeback_entry",
  ),
  storedPages: rule(
    "stored-pages",
    "storedPages counts the pages that are there.",
    "zswap_stored_pages",
  ),
  poolTotalSize: rule(
    "pool-total-size",
    "poolTotalSize is whole pages: at most one zspage for each page stored, and at most one beyond the limit; up to 6.8 as it was when a page was last stored or freed.",
    "zswap_total_pages, zswap_check_limits",
  ),
  writtenBackPages: rule(
    "written-back-pages",
    "writtenBackPages only grows, and counts at least the pages that writeback answers.",
    "zswap_written_back_pages",
  ),
};
