/** zbud, to be explored: pages of two objects, which are evicted and freed. */
import { checkZbud } from "../../../zbud/invariants.ts";
import { ZbudPool } from "../../../zbud/pool.ts";
import { BUDDIES } from "../../../zbud/zbud_page.ts";
import type { RaceRoom } from "../room.ts";
import { buddyRoom, type ExploredKind } from "./buddy_room.ts";

/** What is explored of zbud. */
export const ZBUD_KIND: ExploredKind<ZbudPool> = {
  name: "zbud",
  source: "zbud_free, free_zbud_page, mm/zbud.c, 3.11",
  isIn: ({ zswap }) => zswap.zpools.includes("zbud"),
  reclaims: ({ release }) => release.zbud.reclaims,
  create: (profile, options) => new ZbudPool(profile, options),
  workers: {},
  check: checkZbud,
  lockOf: ({ locks }) => locks.pool,
  counts({ frames, pages }) {
    let objects = 0;
    for (const pfn of frames) {
      for (const buddy of BUDDIES) {
        if (pages.chunks(pfn, buddy) > 0) objects++;
      }
    }
    return { objects, frames: frames.size };
  },
  heads: ({ pagesNr, frames, claimed }) =>
    `${pagesNr} ${[...frames].join()} ${[...claimed.keys()].join()}`,
  sizes: [500, 1900],
  firstSizes: [500, 1900],
};

/** zbud. */
export const ZBUD_RACES: RaceRoom = buddyRoom(ZBUD_KIND);
