/** How objects of a z3fold pool are allocated. */
import { GFP_KERNEL } from "../linux/gfp.ts";
import type { Errno } from "../linux/errno.ts";
import { NO_PAGE } from "../memory/memory.ts";
import { KernelBug } from "../rules/kernel_bug.ts";
import { acquire, release, sleeps, type Stop, under } from "../rules/stop.ts";
import { cancelWork } from "./free.ts";
import { flagsState } from "./locks.ts";
import { addToUnbuddied, takeUnbuddied } from "./page_steps.ts";
import type { Z3foldParts } from "./parts.ts";
import { NO_SLOTS } from "./slots.ts";
import { HEADLESS, PAGE_HEADLESS } from "./z3fold_page.ts";

const ALLOC = "z3fold_alloc, mm/z3fold.c";

/**
 * Allocates an object of `chunks`, or of a whole page. Specifies `z3fold_alloc`
 * from where its size is known to do.
 */
export function* allocObject(
  parts: Z3foldParts,
  chunks: number,
  isHeadless: boolean,
): Generator<Stop, number | Errno> {
  const { lists, locks } = parts;
  if (!isHeadless) {
    const pfn = yield* takeUnbuddied(parts, chunks, true);
    if (pfn !== NO_PAGE) {
      assertSlots(parts, pfn);
      return yield* place(parts, pfn, chunks);
    }
  }
  const pfn = yield* newFrame(parts);
  if (pfn === NO_PAGE) return "ENOMEM";
  if (!isHeadless && !lists.initPage(pfn)) return "ENOMEM";
  if (isHeadless) return yield* placeHeadless(parts, pfn);
  yield acquire(locks.page(pfn), ALLOC);
  locks.touch(flagsState, pfn, true);
  lists.addPage(pfn);
  return yield* place(parts, pfn, chunks);
}

/** A frame: before 5.13 one of those about to be freed, if there is any. */
function* newFrame(parts: Z3foldParts): Generator<Stop, number> {
  const { lists, locks, work, release: kernel } = parts;
  if (kernel.reusesStale) {
    const pfn = yield* under(locks.stale, ALLOC, () => work.stale.shift());
    if (pfn !== undefined) {
      yield* cancelWork(parts, pfn, ALLOC);
      lists.pages.forgetFlags(pfn);
      return pfn;
    }
  }
  yield sleeps(`alloc_page in ${ALLOC}`);
  return lists.pages.memory.allocPage(GFP_KERNEL);
}

/** A handle is made in a page's slots, which may be none in 5.10. */
function assertSlots({ lists }: Z3foldParts, pfn: number): void {
  if (lists.pages.slots(pfn) !== NO_SLOTS) return;
  throw new KernelBug(
    "__encode_handle",
    `write through a null pointer: page ${pfn} has no slots`,
  );
}

/** Puts a new object into a locked page off its list; the page becomes newest. */
function* place(
  parts: Z3foldParts,
  pfn: number,
  chunks: number,
): Generator<Stop, number> {
  const { lists, handles, locks } = parts;
  const buddy = lists.occupy(pfn, chunks);
  yield* addToUnbuddied(parts, pfn);
  yield acquire(locks.pool, ALLOC);
  lists.touch(pfn);
  const structure = lists.pages.slots(pfn);
  const handle = yield* under(
    locks.ofSlots(structure),
    "__encode_handle, mm/z3fold.c",
    () => handles.give(pfn, buddy),
  );
  yield release(locks.pool, ALLOC);
  yield release(locks.page(pfn), ALLOC);
  return handle;
}

/** Makes a new page the object. */
function* placeHeadless(
  { lists, handles, locks }: Z3foldParts,
  pfn: number,
): Generator<Stop, number> {
  yield acquire(locks.pool, ALLOC);
  locks.touch(flagsState, pfn, true);
  lists.addPage(pfn);
  lists.pages.testAndSet(pfn, PAGE_HEADLESS);
  lists.touch(pfn);
  const handle = handles.give(pfn, HEADLESS);
  yield release(locks.pool, ALLOC);
  return handle;
}
