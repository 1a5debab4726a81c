/**
 * The rules about frontswap's counters: each store, load and invalidation
 * counts once, as what came of it (up to 6.6).
 */
import {
  assertInvariants,
  expectEqual,
  type Invariant,
  SILENT,
  type Violation,
} from "../rules/invariant.ts";
import type { Reach } from "../rules/reach.ts";
import type { FrontswapCounters } from "./stats.ts";
import type { StoreOutcome, Zswap } from "./zswap.ts";

/** frontswap as it was before an operation on one offset. */
export interface FrontswapBefore {
  /** Its counters. */
  readonly counters: Readonly<FrontswapCounters>;
  /** Pages that it knew. */
  readonly known: number;
  /** Whether it knew the offset. */
  readonly knew: boolean;
}

/**
 * One operation on an offset, run alone, and what came of it. A store is one of
 * a single page: frontswap is asked for no other.
 */
export interface FrontswapChange {
  /** zswap as it is now. */
  readonly zswap: Zswap;
  /** The swap type. */
  readonly type: number;
  /** The offset. */
  readonly offset: number;
  /** What was asked. */
  readonly op: "store" | "load" | "invalidate";
  /** What a store or load answered. */
  readonly outcome: StoreOutcome | undefined;
}

/** A rule about one operation. */
export type FrontswapInvariant = Invariant<FrontswapBefore, FrontswapChange>;

/** Pages that frontswap knows. */
function countKnown({ trees }: Zswap): number {
  return [...trees.values()]
    .reduce((sum, { frontswapMap }) => sum + frontswapMap.size, 0);
}

const knows = (zswap: Zswap, type: number, offset: number): boolean =>
  zswap.treeOf(type).frontswapMap.has(offset);

/** What {@linkcode checkFrontswap} needs to know before an operation. */
export function frontswapBefore(
  zswap: Zswap,
  type: number,
  offset: number,
): FrontswapBefore {
  return {
    counters: { ...zswap.frontswap },
    known: countKnown(zswap),
    knew: knows(zswap, type, offset),
  };
}

/** What the counters rise by, and whether the offset is known afterwards. */
interface Effect {
  readonly rises: Partial<FrontswapCounters>;
  readonly known: boolean;
}

/** What an operation should have done. */
function effectOf(
  { knew }: FrontswapBefore,
  { op, outcome }: FrontswapChange,
): Effect {
  if (op === "load") {
    return { rises: { loads: Number(outcome === undefined) }, known: knew };
  }
  if (op === "invalidate") {
    return { rises: { invalidates: Number(knew) }, known: false };
  }
  const known = outcome === "stored";
  return {
    rises: { succ_stores: Number(known), failed_stores: Number(!known) },
    known,
  };
}

/** How counters did not rise as they should have. */
function checkRises(
  before: FrontswapCounters,
  after: FrontswapCounters,
  rises: Partial<FrontswapCounters>,
): Violation | undefined {
  const names = [
    "loads",
    "succ_stores",
    "failed_stores",
    "invalidates",
  ] as const;
  for (const name of names) {
    const expected = before[name] + (rises[name] ?? 0);
    const violation = expectEqual(name, after[name], expected);
    if (violation !== undefined) return violation;
  }
}

/** Rules about one operation, where there is frontswap. */
export const FRONTSWAP_INVARIANTS: readonly FrontswapInvariant[] = [
  {
    id: "zswap/frontswap-counts",
    sentence:
      "frontswap counts a store as one that succeeded or failed, a load that succeeded, and an invalidation of a page that it knew, each once, and nothing else.",
    source:
      "__frontswap_store, __frontswap_load, __frontswap_invalidate_page, mm/frontswap.c, 3.11 to 6.6",
    check(before, change) {
      const { zswap } = change;
      if (zswap.profile.zswap.frontswap === "none") {
        return checkRises(before.counters, zswap.frontswap, {}) ?? SILENT;
      }
      const { rises } = effectOf(before, change);
      return checkRises(before.counters, zswap.frontswap, rises);
    },
  },
  {
    id: "zswap/frontswap-map",
    sentence:
      "frontswap knows a page from the store that succeeds to the invalidation or the store that fails, and an operation changes nothing for others.",
    source: "__frontswap_set, __frontswap_clear, mm/frontswap.c, 3.11 to 6.6",
    check(before, change) {
      const { zswap, type, offset } = change;
      if (zswap.profile.zswap.frontswap === "none") {
        return expectEqual(
          "pages that frontswap knows",
          countKnown(zswap),
          0,
        ) ??
          SILENT;
      }
      const { known } = effectOf(before, change);
      return expectEqual(
        `page ${type}:${offset}`,
        knows(zswap, type, offset) ? "known" : "unknown",
        known ? "known" : "unknown",
      ) ?? expectEqual(
        "pages that frontswap knows",
        countKnown(zswap),
        before.known + Number(known) - Number(before.knew),
      );
    },
  },
];

/**
 * Checks one operation on an offset that was run alone. Throws an
 * `InvariantError` at the first rule broken.
 *
 * @example
 * ```ts
 * import { checkFrontswap, frontswapBefore, LINUX_6_1, Zswap } from "zspec";
 *
 * const zswap = new Zswap(LINUX_6_1, { totalRamPages: 100 });
 * zswap.swapon(0);
 * const before = frontswapBefore(zswap, 0, 7);
 * const outcome = zswap.store(0, 7, [new Uint8Array(4096)]);
 * checkFrontswap(before, { zswap, type: 0, offset: 7, op: "store", outcome });
 * ```
 */
export function checkFrontswap(
  before: FrontswapBefore,
  change: FrontswapChange,
  reach?: Reach,
): void {
  assertInvariants(FRONTSWAP_INVARIANTS, before, change, reach);
}
