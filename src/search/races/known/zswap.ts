/** Races that zswap had. */
import {
  LINUX_3_12,
  LINUX_6_1,
  LINUX_6_12,
  type Profile,
} from "../../../linux/profile.ts";
import { type KnownRace, withFacts } from "./known_race.ts";

/**
 * Linux 6.8 with the mend of writeback against swapoff: entries in a red-black
 * tree, with a count, and on a list of zswap's own. What Debian's 6.12 has
 * besides makes no difference here.
 */
const MENDED_6_8: Profile = {
  ...withFacts(LINUX_6_12, "zswap", {
    locks: { ...LINUX_6_12.zswap.locks, tree: "tree->lock" },
    entries: "counted",
    load: "erased-after",
  }, "linux-6.8-mended"),
  // swap_range_free, under si->lock.
  swap: { ...LINUX_6_12.swap, locks: LINUX_6_1.swap.locks },
};

/** Linux 6.8: what the list has is looked for in the tree. */
const LINUX_6_8 = withFacts(MENDED_6_8, "zswap", {
  writebackFinds: "in-tree",
}, "linux-6.8");

/** Linux 6.7: likewise, with a list of each pool. */
const LINUX_6_7 = withFacts(LINUX_6_8, "zswap", {
  locks: { ...LINUX_6_8.zswap.locks, lru: "pool->lru_lock" },
}, "linux-6.7");

/** What was proposed in 2012: a lock for the tree, and no count of references. */
export const PROPOSED_2012: Profile = withFacts(LINUX_3_12, "zswap", {
  entries: "unreferenced",
}, "proposed-2012");

/** Linux 3.13: who drops the last reference frees the entry. */
export const LINUX_3_13: Profile = withFacts(LINUX_3_12, "zswap", {
  entries: "counted",
}, "linux-3.13");

/** zswap's known races, the newest first. */
export const ZSWAP_KNOWN_RACES: readonly KnownRace[] = [
  {
    id: "zswap/writeback-against-swapoff",
    sentence:
      "Writeback looked for an entry of the LRU list in its tree, which swapoff had freed once the list's lock was dropped.",
    commit: "5878303c5353",
    mended: "6.9",
    source: "shrink_memcg_cb, mm/zswap.c",
    before: LINUX_6_8,
    after: MENDED_6_8,
    program: "store 0 A; writeback / swapoff | writeback",
  },
  {
    id: "zswap/stale-entry",
    sentence:
      "A page that zswap refused went to the device while its slot's older entry stayed: writeback put the older page over the newer one.",
    commit: "678e54d4bb9a",
    mended: "6.8",
    source: "zswap_store, mm/zswap.c",
    before: withFacts(LINUX_6_8, "zswap", {
      failedStore: "older-stays",
    }, "before-6.8"),
    after: LINUX_6_8,
    program:
      "store 0 A; writeback; set enabled N / store 0 B; load 0 | writeback",
  },
  {
    id: "zswap/pool-reference",
    sentence:
      "Each store that found zswap full took a reference of the pool for the worker, which drops one however often it was queued: the pool stayed for ever.",
    commit: "969d63e1af3b",
    mended: "6.6",
    source: "zswap_frontswap_store, mm/zswap.c",
    before: LINUX_6_1,
    after: withFacts(LINUX_6_1, "zswap", {
      queuedReference: "once",
    }, "linux-6.1-mended"),
    program: "store 2 C; set max_pool_percent 0 / store 0 A | store 1 B",
  },
  {
    id: "zswap/header-names-slot",
    sentence:
      "An eviction found its entry by the slot that its object's header names: stored anew meanwhile, the newer entry went to the device with the older one's bytes.",
    commit: "",
    mended: "6.5",
    source: "zswap_writeback_entry, mm/zswap.c",
    before: LINUX_6_1,
    after: LINUX_6_7,
    program: "store 0 A / invalidate 0; store 0 B | writeback; writeback",
  },
  {
    id: "zswap/second-look",
    sentence:
      "Between its reference of the entry and the swap cache's page the slot was freed and stored anew: writeback put the older page over the newer one.",
    commit: "04fc7816089c",
    mended: "6.4",
    source: "zswap_writeback_entry, mm/zswap.c",
    before: withFacts(
      LINUX_6_7,
      "zswap",
      { writebackLooksAgain: false },
      "before-6.4",
    ),
    after: LINUX_6_7,
    program:
      "store 0 A; writeback / invalidate 0; store 0 B; load 0 | writeback",
  },
  {
    id: "zswap/invalidate-against-reclaim",
    sentence:
      "A writeback that failed dropped its reference and freed nothing: an entry that was invalidated meanwhile was lost.",
    commit: "",
    mended: "3.13",
    source: "zswap_writeback_entry, mm/zswap.c",
    before: LINUX_3_12,
    after: LINUX_3_13,
    program: "store 0 A / invalidate 0 | writeback",
  },
  {
    id: "zswap/invalidate-without-reference",
    sentence:
      "Writeback and whoever freed the slot both freed an entry that neither held.",
    commit: "",
    mended: "3.11",
    source: "zswap_writeback_entry, mm/zswap.c, as proposed in 2012",
    before: PROPOSED_2012,
    after: LINUX_3_13,
    program: "store 0 A / invalidate 0 | writeback",
  },
  {
    id: "zswap/load-without-reference",
    sentence:
      "An entry that a load had found was freed by a writeback before the load had read it.",
    commit: "",
    mended: "3.11",
    source: "zswap_frontswap_load, mm/zswap.c, as proposed in 2012",
    before: PROPOSED_2012,
    after: LINUX_3_12,
    program: "store 0 A / load 0 | writeback",
  },
];
