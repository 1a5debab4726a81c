/**
 * The second model's view of evictions up to 6.7: which pages an allocator
 * evicts it is told, and what then becomes of them it knows.
 */
import { expandBytes } from "../../programs/bytes.ts";
import { Disagreement, expectBytes, expectSame } from "../judge.ts";
import type { EventOf, EventReader } from "./event_reader.ts";
import { expectInvalidate, expectLoad } from "./naive_load.ts";
import { ZSWAP_NAIVE as RULES } from "./naive_rules.ts";
import { NaiveStop } from "./naive_stop.ts";
import { expectStore } from "./naive_store.ts";
import { type Held, keyOf, type NaiveZswap } from "./naive_zswap.ts";

/** Whether a page is in a pool that is to shrink. */
export type MayGo = (page: Held) => boolean;

/** What was done to a slot while its page was written back, if anything was. */
export function expectMeanwhile(
  naive: NaiveZswap,
  events: EventReader,
): number | undefined {
  const event = events.take("meanwhile");
  if (event === undefined) return undefined;
  const { type, offset, pages, pagesAfter, step, done } = event;
  const key = keyOf(type, offset);
  // Its own page is not freed before it is written.
  const before = { pages, isLater: true };
  if (step.does === "store") {
    const { data } = step;
    expectStore(naive, events, {
      slot: event,
      data: [data],
      pages: [expandBytes(data, naive.profile.pageSize)],
      answer: done.stored ?? { stored: false, reason: "nothing" },
      before,
      after: pagesAfter,
    });
  } else if (step.does === "load") {
    expectLoad(naive, events, key, true, done.loaded ?? null);
  } else {
    expectInvalidate(naive, events, key, before);
  }
  events.expect("meanwhile-end");
  return pagesAfter;
}

/** What should be found in the swap cache for a slot. */
export function expectAsked(
  naive: NaiveZswap,
  { type, offset, answer }: EventOf<"asked">,
): Held {
  const key = keyOf(type, offset);
  const page = naive.held.get(key);
  if (page === undefined) {
    throw new Disagreement(RULES.written, "a page that is stored", key);
  }
  const expected = naive.busy.has(key)
    ? "exists"
    : naive.swapCache.get(key) ?? "new";
  expectSame(RULES.notWritten, expected, answer);
  if (answer === "new") naive.busy.add(key);
  return page;
}

/** A page that was written must be the one that was held. */
export function expectPage(
  { type, offset, bytes }: Held,
  written: EventOf<"written">,
): void {
  expectSame(RULES.written, [type, offset], [written.type, written.offset]);
  expectBytes(RULES.written, bytes, written.data);
}

/** One object that the allocator asks to be evicted; answers whether it was. */
function expectEviction(
  naive: NaiveZswap,
  events: EventReader,
  asked: EventOf<"asked">,
  mayGo: MayGo,
): boolean {
  const page = expectAsked(naive, asked);
  if (!mayGo(page)) {
    const name = keyOf(page.type, page.offset);
    throw new Disagreement(RULES.evictedFrom, "a page of another pool", name);
  }
  naive.reached("evictedFrom");
  const key = keyOf(page.type, page.offset);
  const outer = naive.underWriteback;
  naive.underWriteback = page;
  const after = expectMeanwhile(naive, events);
  const isGone = naive.held.get(key) !== page;
  const { looksAgain, stopsAtDamage } = naive.facts;
  const isWritten = asked.answer === "new" && !(looksAgain && isGone);
  if (asked.answer !== "new") {
    naive.reached("notWritten");
    if (isGone) naive.freeEvicted(page, after ?? asked.pages);
  } else if (!isWritten) {
    naive.reached("changed");
    naive.freeEvicted(page, events.expect("deleted").pages);
  } else {
    if (isGone) {
      naive.reached("stale");
      naive.stale.push(page);
    }
    if (page.isDamaged && stopsAtDamage) throw new NaiveStop();
    const written = events.expect("written");
    expectPage(page, written);
    naive.reached("written");
    expectMeanwhile(naive, events);
    naive.counters.written_back_pages++;
    if (naive.held.get(key) === page) naive.drop(key);
    naive.freeEvicted(page, written.pages);
  }
  naive.underWriteback = outer;
  if (asked.answer === "new") naive.busy.delete(key);
  return isWritten;
}

/**
 * Every object that the allocator asks to be evicted, one after another; answers
 * how many were not, each of which ended the try of a page.
 */
export function expectEvictions(
  naive: NaiveZswap,
  events: EventReader,
  mayGo: MayGo,
): number {
  for (let failures = 0;;) {
    const asked = events.take("asked");
    if (asked === undefined) return failures;
    if (!expectEviction(naive, events, asked, mayGo)) failures++;
  }
}

/** Evictions of some pages; answers how many pages were emptied. */
export function expectReclaim(
  naive: NaiveZswap,
  events: EventReader,
  mayGo: MayGo,
): number {
  let freed = 0;
  for (;;) {
    expectEvictions(naive, events, mayGo);
    const more = events.takeFreed();
    if (more === 0) return freed;
    freed += more;
  }
}
