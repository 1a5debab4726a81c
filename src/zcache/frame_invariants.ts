/** The rules that zcache keeps about each frame of its zbud. */
import { expectEqual, heldIf, type Invariant } from "../rules/invariant.ts";
import type { TmemKind } from "./tmem.ts";
import { type Budnum, BUDNUMS, zbudref } from "./zbud.ts";
import type { Zcache } from "./zcache.ts";

/** zcache and the kind of a frame's pages. */
export interface ZcacheFrames {
  /** zcache. */
  readonly zcache: Zcache;
  /** Whose frames they are. */
  readonly kind: TmemKind;
}

/** A rule about one frame, by its number. */
export type ZcacheFrameInvariant = Invariant<ZcacheFrames, number>;

/** Which of a frame's zpages are there. */
export function zpagesOf(
  { zcache, kind }: ZcacheFrames,
  pfn: number,
): Budnum[] {
  return BUDNUMS.filter((budnum) => zcache.zbud[kind].size(pfn, budnum) > 0);
}

/** Rules about each frame. */
export const ZCACHE_FRAME_INVARIANTS: readonly ZcacheFrameInvariant[] = [
  {
    id: "zcache/two-zpages",
    sentence:
      "A frame holds one or two zpages, which have a chunk each at least and leave each other alone.",
    source:
      "zbud_match_prep, zbud_create_prep, zbud_free_and_delist, drivers/staging/zcache/zbud.c, 3.9",
    check({ zcache, kind }, pfn) {
      const zbud = zcache.zbud[kind];
      const chunks = BUDNUMS.map((budnum) =>
        zbud.sizeToChunks(zbud.size(pfn, budnum))
      );
      const [first, last] = chunks;
      const all = zbud.unbuddied.length;
      const isRight = first + last > 0 && first + last <= all &&
        Math.max(first, last) < all;
      if (isRight) return undefined;
      return {
        where: `page ${pfn}`,
        expected: `a zpage, and at most ${all} chunks`,
        found: `${first} and ${last} chunks`,
      };
    },
  },
  {
    id: "zcache/buddied",
    sentence:
      "A frame is on the buddied list where it has two zpages, where it has one on the unbuddied list of the chunks that this takes, and on no other.",
    source:
      "zbud_match_prep, zbud_free_and_delist, drivers/staging/zcache/zbud.c, 3.9",
    check(frames, pfn) {
      const zbud = frames.zcache.zbud[frames.kind];
      const used = zpagesOf(frames, pfn);
      const list = used.length === 2
        ? "buddied"
        : `unbuddied ${zbud.sizeToChunks(zbud.size(pfn, used[0] ?? 0))}`;
      const on = zbud.unbuddied.flatMap((pfns, chunks) =>
        pfns.has(pfn) ? [`unbuddied ${chunks}`] : []
      );
      if (zbud.buddied.has(pfn)) on.push("buddied");
      return expectEqual(`the lists of page ${pfn}`, on.join(", "), list);
    },
  },
  {
    id: "zcache/handles",
    sentence:
      "The handle in front of each zpage leads tmem to this zpage, in a pool of the frame's kind.",
    source:
      "zbud_init_zbud, zbud_evict_tmem, drivers/staging/zcache/zbud.c, 3.9",
    check(frames, pfn) {
      const { zcache, kind } = frames;
      for (const budnum of zpagesOf(frames, pfn)) {
        const where = `zbud ${budnum} of page ${pfn}`;
        const { poolId, oid, index } = zcache.zbud[kind].handleOf(pfn, budnum);
        const pool = zcache.pools.get(poolId);
        const violation =
          expectEqual(`the pool of ${where}`, pool?.kind ?? "none", kind) ??
            expectEqual(
              `what tmem has at the handle of ${where}`,
              pool?.lookup(oid, index) ?? "nothing",
              zbudref(pfn, budnum),
            );
        if (violation !== undefined) return violation;
      }
      return heldIf(zpagesOf(frames, pfn).length > 0);
    },
  },
  {
    id: "zcache/zsize",
    sentence:
      "No persistent zpage is larger than zbud_max_zsize, no ephemeral one than zbud_max_buddy_size, handles aside.",
    source:
      "zcache_pampd_eph_create, zcache_pampd_pers_create, drivers/staging/zcache/zcache-main.c, 3.9",
    check({ zcache, kind }, pfn) {
      const { profile, memory } = zcache;
      const zbud = zcache.zbud[kind];
      const most = kind === "ephemeral"
        ? zbud.maxBuddySize
        : profile.maxZsize(memory.pageSize);
      const largest = Math.max(...BUDNUMS.map((one) => zbud.size(pfn, one)));
      const zsize = largest - profile.handleBytes;
      if (zsize <= most) return undefined;
      return {
        where: `page ${pfn}`,
        expected: `at most ${most} bytes`,
        found: zsize,
      };
    },
  },
];
