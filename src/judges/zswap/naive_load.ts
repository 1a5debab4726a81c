/** The second model's loads and invalidations. */
import { Disagreement, expectBytes } from "../judge.ts";
import type { EventReader } from "./event_reader.ts";
import { ZSWAP_NAIVE as RULES } from "./naive_rules.ts";
import type { NaiveZswap } from "./naive_zswap.ts";

/** Holds what was loaded against what is held. */
export function expectLoad(
  naive: NaiveZswap,
  events: EventReader,
  key: string,
  toSwapCache: boolean,
  found: Uint8Array | null,
): void {
  const isNew = naive.profile.zswap.frontswap === "none";
  const page = isNew || naive.known.has(key) ? naive.held.get(key) : undefined;
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
  } else if (toSwapCache) {
    naive.drop(key);
    events.takeFreed();
  }
}

/** A slot is free. */
export function expectInvalidate(
  naive: NaiveZswap,
  events: EventReader,
  key: string,
  before: number,
): void {
  const isNew = naive.profile.zswap.frontswap === "none";
  if (!isNew) {
    if (!naive.known.delete(key)) return;
    naive.frontswap.invalidates++;
  }
  const page = naive.drop(key);
  // One that is being written back is freed when that is done.
  if (page === undefined || page === naive.underWriteback) return;
  naive.countFreed(page, before, events.takeFreed());
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
  const last = own.at(-1);
  if (last !== undefined) naive.countFreed(last, before, freed);
}
