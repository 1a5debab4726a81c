/**
 * The second model's view of evictions up to 6.7: which pages an allocator
 * evicts it is told, and what then becomes of them it knows.
 */
import { expandBytes } from "../../programs/bytes.ts";
import { Disagreement, expectBytes, expectSame } from "../judge.ts";
import type { EventOf } from "./event_reader.ts";
import { expectInvalidate, expectLoad } from "./naive_load.ts";
import { ZSWAP_NAIVE as RULES } from "./naive_rules.ts";
import { expectStore } from "./naive_store.ts";
import { type Held, keyOf, type NaiveZswap } from "./naive_zswap.ts";

/** Whether a page is in a pool that is to shrink. */
export type MayGo = (page: Held) => boolean;

/** What was done to a slot while its page was written back, if anything was. */
export function expectMeanwhile(naive: NaiveZswap): number | undefined {
  const event = naive.events.take("meanwhile");
  if (event === undefined) return undefined;
  const { pagesAfter, step, done } = event;
  naive.pages = event.pages;
  // Its own page is not freed before it is written.
  naive.leavesToWorker = true;
  if (step.does === "store") {
    const { data } = step;
    expectStore(naive, {
      slot: event,
      data: [data],
      pages: [expandBytes(data, naive.profile.pageSize)],
      answer: done.stored ?? { stored: false, reason: "nothing" },
      after: pagesAfter,
    });
  } else if (step.does === "load") {
    expectLoad(naive, event, true, done.loaded ?? null);
  } else {
    expectInvalidate(naive, event);
  }
  naive.events.expect("meanwhile-end");
  return pagesAfter;
}

/** What should be found in the swap cache for a slot. */
export function expectAsked(naive: NaiveZswap, asked: EventOf<"asked">): Held {
  const key = keyOf(asked);
  const page = naive.held.get(key);
  if (page === undefined) {
    throw new Disagreement(RULES.written, "a page that is stored", key);
  }
  const expected = naive.busy.has(key)
    ? "exists"
    : naive.swapCache.get(key) ?? "new";
  expectSame(RULES.notWritten, expected, asked.answer);
  if (asked.answer === "new") naive.busy.add(key);
  return page;
}

/** A page is written, as it was held; answers the pages of the pools after it. */
export function expectWritten(naive: NaiveZswap, page: Held): number {
  const written = naive.events.expect("written");
  expectSame(RULES.written, keyOf(page), keyOf(written));
  expectBytes(RULES.written, page.bytes, written.data);
  naive.reached("written");
  expectMeanwhile(naive);
  naive.counters.written_back_pages++;
  return written.pages;
}

/** One object that the allocator asks to be evicted; answers whether it was. */
function expectEviction(
  naive: NaiveZswap,
  asked: EventOf<"asked">,
  mayGo: MayGo,
): boolean {
  const page = expectAsked(naive, asked);
  const key = keyOf(page);
  if (!mayGo(page)) {
    throw new Disagreement(RULES.evictedFrom, "a page of another pool", key);
  }
  naive.reached("evictedFrom");
  const outer = naive.underWriteback;
  naive.underWriteback = page;
  const after = expectMeanwhile(naive);
  const isGone = !naive.holds(page);
  const isNew = asked.answer === "new";
  const isWritten = isNew && !(naive.facts.looksAgain && isGone);
  if (!isNew) {
    naive.reached("notWritten");
    if (isGone) naive.freeEvicted(page, after ?? asked.pages);
  } else if (!isWritten) {
    naive.reached("changed");
    naive.freeEvicted(page, naive.events.expect("deleted").pages);
  } else {
    if (isGone) {
      naive.reached("stale");
      naive.stale.push(page);
    }
    naive.decompress(page);
    const pages = expectWritten(naive, page);
    if (naive.holds(page)) naive.drop(page);
    naive.freeEvicted(page, pages);
  }
  naive.underWriteback = outer;
  if (isNew) naive.busy.delete(key);
  return isWritten;
}

/**
 * Every object that the allocator asks to be evicted, one after another; answers
 * how many were not, each of which ended the try of a page.
 */
export function expectEvictions(naive: NaiveZswap, mayGo: MayGo): number {
  for (let failures = 0;;) {
    const asked = naive.events.take("asked");
    if (asked === undefined) return failures;
    if (!expectEviction(naive, asked, mayGo)) failures++;
  }
}

/** Evictions of some pages; answers how many pages were emptied. */
export function expectReclaim(naive: NaiveZswap, mayGo: MayGo): number {
  let freed = 0;
  for (;;) {
    expectEvictions(naive, mayGo);
    const more = naive.events.takeFreed();
    if (more === 0) return freed;
    freed += more;
  }
}
