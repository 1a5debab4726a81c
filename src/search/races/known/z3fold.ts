/** Races that z3fold had. */
import { LINUX_6_1, type Profile } from "../../../linux/profile.ts";
import type { Z3foldRelease } from "../../../linux/buddy_profile.ts";
import type { KnownRace } from "./known_race.ts";

/** 6.1 as it was before a mend. */
const before = (name: string, changes: Partial<Z3foldRelease>): Profile => ({
  ...LINUX_6_1,
  name,
  release: {
    ...LINUX_6_1.release,
    z3fold: { ...LINUX_6_1.release.z3fold, ...changes },
  },
});

/** z3fold's known races, the newest first. */
export const Z3FOLD_KNOWN_RACES: readonly KnownRace[] = [
  {
    id: "z3fold/reclaim-reference",
    sentence:
      "Reclaim, under the pool's lock, took a reference to a page and dropped it where the page's lock was not free: after a free had dropped the object's, it was the last, and giving the page up takes the pool's lock again.",
    commit: "04094226d6ce",
    mended: "5.19",
    source: "z3fold_reclaim_page, mm/z3fold.c",
    before: before("before-5.19", { reclaimReference: "before-page-lock" }),
    after: LINUX_6_1,
    program: "alloc 900 a / free a | reclaim",
  },
  {
    id: "z3fold/claim-ends-unlocked",
    sentence:
      "Reclaim let go of a page's lock before its claim to the page: an allocation took the page off its list in vain, and nobody listed it again.",
    commit: "",
    mended: "5.19",
    source: "z3fold_reclaim_page, mm/z3fold.c",
    before: before("before-5.19", { claimEnds: "after-page-lock" }),
    after: LINUX_6_1,
    program: "alloc 900 a; alloc 900 b / read a; alloc 900 c | reclaim",
  },
  {
    id: "z3fold/slots-may-sleep",
    sentence:
      "Slots for a page that had none were allocated as if one might sleep, with the page's lock held.",
    commit: "",
    mended: "5.19",
    source: "__z3fold_alloc, alloc_slots, mm/z3fold.c",
    before: before("before-5.19", { slotsAllocated: "sleeping" }),
    after: LINUX_6_1,
    program:
      "alloc 1700 a; alloc 1700 b; alloc 1700 c; alloc 1700 d; free a; compact; free c; compact; free b; compact / alloc 1700 e | read d",
  },
  {
    id: "z3fold/headless-freed-twice",
    sentence:
      "Reclaim did not claim a headless page before it had its object evicted: both it and a free believed that the page was theirs, and it was freed twice.",
    commit: "6d679578fe9c",
    mended: "5.13",
    source: "z3fold_reclaim_page, z3fold_free, mm/z3fold.c",
    before: before("before-5.13", { headlessClaimed: false }),
    after: LINUX_6_1,
    program: "alloc 4096 a / free a | reclaim",
  },
  {
    id: "z3fold/evicted-length",
    sentence:
      "Reclaim has an object evicted that was freed since it was claimed: the last one's address was its page's end, less the length in the header, which was 0 by then.",
    commit: "ca0246bb97c2",
    mended: "4.20",
    source: "z3fold_map, z3fold_reclaim_page, mm/z3fold.c",
    before: before("before-4.20", { lastLength: "in-header" }),
    after: LINUX_6_1,
    program: "alloc 900 a; alloc 900 b / free b | reclaim",
  },
];
