/** The second model's loads and invalidations. */
import type { Errno } from "../../linux/errno.ts";
import { Disagreement, expectBytes, expectSame } from "../judge.ts";
import type { EventReader } from "./event_reader.ts";
import { ZSWAP_NAIVE as RULES } from "./naive_rules.ts";
import { NaiveStop } from "./naive_stop.ts";
import type { NaiveZswap } from "./naive_zswap.ts";

/** What was known of the pools before a page may be freed. */
export interface PagesBefore {
  /** How many pages they had. */
  readonly pages: number;
  /** Whether what a free leaves in the page of its object is a worker's. */
  readonly isLater: boolean;
}

/** Holds what was loaded against what is held. */
export function expectLoad(
  naive: NaiveZswap,
  events: EventReader,
  key: string,
  toSwapCache: boolean,
  found: Uint8Array | null | Errno,
): void {
  const isNew = naive.profile.zswap.frontswap === "none";
  const page = isNew || naive.known.has(key) ? naive.held.get(key) : undefined;
  if (page?.isDamaged && naive.facts.stopsAtDamage) throw new NaiveStop();
  if (page?.isDamaged) {
    expectSame(RULES.damaged, "EIO", found);
    naive.counters.decompress_fail++;
    naive.reached("damaged");
    return;
  }
  if (typeof found === "string") {
    throw new Disagreement(RULES.loaded, "a page or none", found);
  }
  if (page === undefined || found === null) {
    if (page !== undefined) {
      throw new Disagreement(RULES.loaded, "a page", null);
    }
    if (found !== null) throw new Disagreement(RULES.missing, null, "a page");
    naive.reached("missing");
    return;
  }
  expectBytes(RULES.loaded, page.bytes, found);
  naive.reached("loaded");
  if (!isNew) {
    naive.frontswap.loads++;
  } else if (toSwapCache || naive.facts.loadsLeave) {
    if (!toSwapCache) naive.reached("alwaysLeaves");
    naive.drop(key);
    events.takeFreed();
  }
}

/** A slot is free. */
export function expectInvalidate(
  naive: NaiveZswap,
  events: EventReader,
  key: string,
  { pages, isLater }: PagesBefore,
): void {
  const isNew = naive.profile.zswap.frontswap === "none";
  if (!isNew) {
    if (!naive.known.delete(key)) return;
    naive.frontswap.invalidates++;
  }
  const page = naive.drop(key);
  // One that is being written back is freed when that is done.
  if (page === undefined || page === naive.underWriteback) return;
  naive.countFreed(pages, events.takeFreed(), isLater);
}

/** All pages of a swap type are gone. */
export function expectSwapoff(
  naive: NaiveZswap,
  events: EventReader,
  type: number,
  before: number,
): void {
  const start = `${type}:`;
  for (const key of [...naive.known]) {
    if (key.startsWith(start)) naive.known.delete(key);
  }
  const own = [...naive.held.values()].filter((page) => page.type === type);
  for (const { offset } of own) naive.drop(`${type}:${offset}`);
  const freed = events.takeFreed();
  if (own.length === 0) return;
  // Which of them z3fold's worker freed, after the last was counted, who knows.
  const isSure = own.at(-1)?.pool?.zpool !== "z3fold";
  const least = before - freed;
  naive.counted = { least, most: isSure ? least : before };
}
