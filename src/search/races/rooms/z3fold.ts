/** z3fold, to be explored: pages of three objects, compaction, headless pages. */
import { checkZ3fold } from "../../../z3fold/invariants.ts";
import { Z3foldPool } from "../../../z3fold/pool.ts";
import type { RaceRoom } from "../room.ts";
import { buddyRoom } from "./buddy_room.ts";

/**
 * z3fold. Nobody has reclaim meet the allocation of a headless page in random
 * programs: it may then be freed before its user knows of it.
 */
export const Z3FOLD_RACES: RaceRoom = buddyRoom<Z3foldPool>({
  name: "z3fold",
  source: "z3fold_free, __release_z3fold_page, mm/z3fold.c, 4.14",
  isIn: ({ zswap }) => zswap.zpools.includes("z3fold"),
  reclaims: ({ release }) => release.z3fold.reclaims,
  create: (profile, options) => new Z3foldPool(profile, options),
  workers: {
    compact: (pool) => pool.compactWorkSteps(),
    release: (pool) => pool.releaseWorkSteps(),
  },
  check: checkZ3fold,
  counts: ({ handles, lists, work }) => ({
    objects: handles.given.size,
    frames: lists.frames.size + work.stale.length,
  }),
  heads: ({ lists, handles, work, slots }) =>
    [
      lists.pagesNr,
      [...lists.frames].join(),
      [...lists.lru].join(),
      [...handles.given].map((handle) => `${handle}=${slots.get(handle)}`)
        .join(),
      work.stale.join(),
      [...work.compaction].join(),
    ].join("/"),
  sizes: [900, 1500],
  firstSizes: [900, 900, 1500, 4096],
});
