/** The second model's loads and invalidations. */
import type { Errno } from "../../linux/errno.ts";
import type { ZswapSlot } from "../../programs/zswap/steps.ts";
import { Disagreement, expectBytes, expectSame } from "../judge.ts";
import { ZSWAP_NAIVE as RULES } from "./naive_rules.ts";
import { keyOf, type NaiveZswap } from "./naive_zswap.ts";

/** Holds what was loaded against what is held. */
export function expectLoad(
  naive: NaiveZswap,
  slot: ZswapSlot,
  toSwapCache: boolean,
  found: Uint8Array | null | Errno,
): void {
  const isAsked = !naive.hasFrontswap || naive.known.has(keyOf(slot));
  const page = isAsked ? naive.at(slot) : undefined;
  if (page !== undefined && naive.decompress(page) === "damaged") {
    expectSame(RULES.damaged, "EIO", found);
    naive.counters.decompress_fail++;
    naive.reached("damaged");
    return;
  }
  if (typeof found === "string") {
    throw new Disagreement(RULES.loaded, "a page or none", found);
  }
  if (page === undefined) {
    if (found !== null) throw new Disagreement(RULES.missing, null, "a page");
    naive.reached("missing");
    return;
  }
  if (found === null) throw new Disagreement(RULES.loaded, "a page", null);
  expectBytes(RULES.loaded, page.bytes, found);
  naive.reached("loaded");
  if (naive.hasFrontswap) {
    naive.frontswap.loads++;
  } else if (toSwapCache || naive.facts.loadsLeave) {
    if (!toSwapCache) naive.reached("alwaysLeaves");
    naive.drop(slot);
    naive.events.takeFreed();
  }
}

/** A slot's page goes, and the pools are counted; answers whether it had one. */
export function expectFreed(naive: NaiveZswap, slot: ZswapSlot): boolean {
  const page = naive.drop(slot);
  // One that is being written back is freed when that is done.
  if (page !== undefined && page !== naive.underWriteback) {
    naive.countFreed(naive.events.takeFreed());
  }
  return page !== undefined;
}

/** A slot is free. */
export function expectInvalidate(naive: NaiveZswap, slot: ZswapSlot): void {
  if (naive.hasFrontswap) {
    if (!naive.known.delete(keyOf(slot))) return;
    naive.frontswap.invalidates++;
  }
  expectFreed(naive, slot);
}

/** All pages of a swap type are gone. */
export function expectSwapoff(naive: NaiveZswap, type: number): void {
  for (const key of naive.known) {
    if (key.startsWith(`${type}:`)) naive.known.delete(key);
  }
  const own = [...naive.held.values()].filter((page) => page.type === type);
  for (const page of own) naive.drop(page);
  const freed = naive.events.takeFreed();
  if (own.length === 0) return;
  // Which of them z3fold's worker freed, after the last was counted, who knows.
  const isSure = own.at(-1)?.pool?.zpool !== "z3fold";
  const least = naive.pages - freed;
  naive.counted = { least, most: isSure ? least : naive.pages };
}
