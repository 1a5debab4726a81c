/** A process's pages: written, read and given back, by their page table. */
import { GFP_HIGHUSER_MOVABLE } from "../linux/gfp.ts";
import type { Errno } from "../linux/errno.ts";
import { NO_PAGE } from "../memory/memory.ts";
import {
  acquire,
  reads,
  release,
  sleeps,
  type Stop,
  under,
} from "../rules/stop.ts";
import type { AnonPage } from "./anon_page.ts";
import { doSwapPage } from "./fault.ts";
import { lockPage, tableState, tryLockPage, unlockPage } from "./locks.ts";
import type { Swap } from "./swap.ts";
import { prepareToWrite } from "./write.ts";
import { FREE_HOLDS } from "./zap.ts";

/** Specifies `handle_pte_fault` of a write, `mm/memory.c`. */
export function* writePage(
  swap: Swap,
  process: number,
  number: number,
  data: Uint8Array,
): Generator<Stop, Errno | undefined> {
  yield* faultIn(swap, process, number);
  const page = swap.pageOf(process, number);
  if (page === undefined) return "ENOMEM";
  let faulted = false;
  while (true) {
    yield reads(tableState(page), "handle_pte_fault, mm/memory.c");
    if (page.lost) return "EIO";
    if (page.pfn === NO_PAGE && !isThere(swap, page)) return undefined;
    faulted ||= page.pfn === NO_PAGE;
    const errno = yield* doSwapPage(swap, page, "write");
    if (errno !== undefined) return errno;
    const outcome = yield* change(swap, page, data, faulted);
    if (outcome !== "again") return outcome;
  }
}

/** Specifies `handle_pte_fault` of a read, `mm/memory.c`. */
export function* readPage(
  swap: Swap,
  process: number,
  number: number,
  into: Uint8Array,
): Generator<Stop, Errno | undefined> {
  const where = "do_swap_page, mm/memory.c";
  yield reads(tableState({ process, number }), where);
  while (true) {
    const page = swap.pageOf(process, number);
    if (page === undefined) {
      into.fill(0);
      return undefined;
    }
    if (page.lost) return "EIO";
    const errno = yield* doSwapPage(swap, page, "read");
    if (errno !== undefined) return errno;
    const isRead = yield* under(swap.locks.table(page), where, () => {
      if (page.pfn === NO_PAGE) return false;
      into.set(swap.bytesOf(page.pfn));
      return true;
    });
    if (isRead) return undefined;
  }
}

/** Specifies `zap_pte_range`, `mm/memory.c`. */
export function* zapPage(
  swap: Swap,
  process: number,
  number: number,
): Generator<Stop, void> {
  const where = "zap_pte_range, mm/memory.c";
  const table = swap.locks.table({ process });
  yield acquire(table, where);
  const page = swap.pageOf(process, number);
  if (page === undefined) {
    yield release(table, where);
    return;
  }
  swap.processes.get(process)?.delete(number);
  swap.locks.touch(tableState(page), true);
  yield* FREE_HOLDS[swap.profile.swap.freeHolds](swap, page, table);
}

/** Whether a page has not been given back. */
function isThere(swap: Swap, page: AnonPage): boolean {
  return swap.processes.get(page.process)?.get(page.number) === page;
}

/** A page that was never written is there from now on. */
function* faultIn(
  swap: Swap,
  process: number,
  number: number,
): Generator<Stop, void> {
  const where = "do_anonymous_page, mm/memory.c";
  yield reads(tableState({ process, number }), where);
  if (swap.pageOf(process, number) !== undefined) return;
  yield sleeps(where);
  yield* under(swap.locks.table({ process }), where, () => {
    if (swap.pageOf(process, number) !== undefined) return;
    newPage(swap, process, number);
    swap.locks.touch(tableState({ process, number }), true);
  });
}

/** A page that was never written gets a frame of zeros, if there is one. */
function newPage(swap: Swap, process: number, number: number): void {
  const pfn = swap.memory.allocPage(GFP_HIGHUSER_MOVABLE);
  if (pfn === NO_PAGE) return;
  swap.bytesOf(pfn).fill(0);
  const page: AnonPage = {
    process,
    number,
    pfn: NO_PAGE,
    slot: undefined,
    lost: false,
    exclusive: true,
  };
  swap.map(page, pfn);
  let pages = swap.processes.get(process);
  if (pages === undefined) {
    pages = new Map();
    swap.processes.set(process, pages);
  }
  pages.set(number, page);
}

/** Changes a page that is in memory; "again" where it is not any more. */
function* change(
  swap: Swap,
  page: AnonPage,
  data: Uint8Array,
  faulted: boolean,
): Generator<Stop, Errno | "again" | undefined> {
  const where = "do_wp_page, mm/memory.c";
  const table = swap.locks.table(page);
  yield acquire(table, where);
  if (page.pfn === NO_PAGE) {
    yield release(table, where);
    return "again";
  }
  const cached = swap.cachedOf(page);
  if (cached !== undefined && !(yield* tryLockPage(swap, cached, where))) {
    yield release(table, where);
    yield* lockPage(swap, cached, where);
    yield* unlockPage(swap, cached, where);
    return "again";
  }
  const refused = yield* prepareToWrite(swap, page, faulted);
  if (refused === undefined) swap.bytesOf(page.pfn).set(data);
  if (cached !== undefined) yield* unlockPage(swap, cached, where);
  yield release(table, where);
  return refused;
}
