/** Races that zsmalloc had. */
import {
  LINUX_4_0,
  LINUX_5_10,
  LINUX_6_1,
  LINUX_6_18,
  type Profile,
} from "../../../linux/profile.ts";
import type { KnownRace } from "./known_race.ts";

/** What a zspage of three objects in two frames is before the last one goes. */
const LAST_OF_THREE =
  "malloc 2000 a; malloc 2000 b; malloc 2000 c; free a; free b";

/** Two zspages of three objects, half of them gone. */
const HALF_OF_SIX =
  "malloc 2000 a; malloc 2000 b; malloc 2000 c; malloc 2000 d; malloc 2000 e; malloc 2000 f; free b; free e; free f";

/** A kernel as it was before a mend. */
const before = (
  profile: Profile,
  name: string,
  changes: Partial<Profile>,
): Profile => ({ ...profile, ...changes, name });

/** Linux 6.2: zsmalloc writes zspages back itself, as up to 6.6. */
export const LINUX_6_2: Profile = before(LINUX_6_1, "linux-6.2", {
  deferredHandle: "in-object",
});

/** zsmalloc's known races, the newest first. */
export const ZSMALLOC_KNOWN_RACES: readonly KnownRace[] = [
  {
    id: "zsmalloc/migration-einval",
    sentence:
      "A migration that meets a reader of the zspage answered that it is never possible, EINVAL, not that it was not now.",
    commit: "",
    mended: "7.1",
    source: "zs_page_migrate, mm/zsmalloc.c",
    before: LINUX_6_18,
    after: { ...LINUX_6_18, migrationOfMapped: "EBUSY" },
    program: "malloc 2000 a; write a A / read a | migrate a",
  },
  {
    id: "zsmalloc/fullness-and-isolated",
    sentence:
      "A zspage's isolated frames were counted under its own lock in the word that has its fullness, which changed under the pool's: one of the two was lost.",
    commit: "4b5d1e47b694",
    mended: "6.5",
    source: "zs_page_isolate, mm/zsmalloc.c",
    before: before(LINUX_6_1, "before-6.5", {
      isolatedCounted: "under-zspage-lock",
    }),
    after: LINUX_6_1,
    program: "malloc 2000 a / malloc 2000 b; malloc 2000 c | isolate a",
  },
  {
    id: "zsmalloc/deferred-handles",
    sentence:
      "The handle of an object that was freed while its zspage was written back had its cell overwritten by the next such handle: who had found the object did not find it any more.",
    commit: "85b325815b56",
    mended: "6.2",
    source: "zs_reclaim_page, zs_free, mm/zsmalloc.c",
    before: before(LINUX_6_1, "before-6.2", { deferredHandle: "in-cell" }),
    after: LINUX_6_2,
    program: "malloc 2000 a; malloc 2000 b / free b | reclaim a",
  },
  {
    id: "zsmalloc/async-free-against-migration",
    sentence:
      "The worker that frees empty zspages locked their frames along a chain that migration changed: one frame was freed that nobody had locked.",
    commit: "2505a981114d",
    mended: "5.19",
    source: "lock_zspage, mm/zsmalloc.c",
    before: before(LINUX_6_1, "before-5.19", { chainLocked: "as-it-was" }),
    after: LINUX_6_1,
    program: `${LAST_OF_THREE} / free c; deferred | migrate c`,
  },
  {
    id: "zsmalloc/pages-compacted",
    sentence:
      "Several compactions added to the pool's count of pages without atomicity, and each answered the difference: callers got each other's pages.",
    commit: "239592815805",
    mended: "5.12",
    source: "zs_compact, mm/zsmalloc.c",
    before: before(LINUX_5_10, "before-5.12", {
      compactedCounted: "each-page",
    }),
    after: LINUX_5_10,
    program: `${HALF_OF_SIX} / compact | compact`,
  },
  {
    id: "zsmalloc/destroy-against-migration",
    sentence:
      "A pool was destroyed while a frame of it was isolated, which was put back to a pool that was gone.",
    commit: "701d678599d0",
    mended: "5.3",
    source: "zs_destroy_pool, mm/zsmalloc.c",
    before: before(LINUX_5_10, "before-5.3", { destroyAwaits: "worker" }),
    after: LINUX_5_10,
    program: "malloc 2000 a; isolate a / free a; destroy | putback a",
  },
  {
    id: "zsmalloc/migration-against-free",
    sentence:
      "The cell of a moved object was written without its pin, and unpinned once more, which could be the pin of somebody who was freeing it.",
    commit: "c102f07ca0b0",
    mended: "4.5",
    source: "migrate_zspage, record_obj, mm/zsmalloc.c",
    before: before(LINUX_4_0, "before-4.5", { movedCell: "unpinned" }),
    after: LINUX_4_0,
    program: `${HALF_OF_SIX} / compact | free d`,
  },
];
