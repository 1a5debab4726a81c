/** How objects of a z3fold pool are allocated. */
import { GFP_KERNEL } from "../linux/gfp.ts";
import type { Errno } from "../linux/errno.ts";
import { NO_PAGE } from "../memory/memory.ts";
import { KernelBug } from "../rules/kernel_bug.ts";
import { acquire, release, sleeps, type Stop, under } from "../rules/stop.ts";
import { cancelWorkSteps } from "./free.ts";
import { addToUnbuddiedSteps, takeUnbuddiedSteps } from "./page_steps.ts";
import type { Z3foldParts } from "./parts.ts";
import { NO_SLOTS } from "./slots.ts";
import { HEADLESS, PAGE_HEADLESS } from "./z3fold_page.ts";

/** Where an object is allocated. */
export const ALLOC = "z3fold_alloc, mm/z3fold.c";

/** A handle is made in a page's slots, which may be none in 5.10. */
export function assertSlots({ lists }: Z3foldParts, pfn: number): void {
  if (lists.pages.slots(pfn) !== NO_SLOTS) return;
  throw new KernelBug(
    "__encode_handle",
    `write through a null pointer: page ${pfn} has no slots`,
  );
}

/** Makes a new page the object, and the pool's newest; returns the handle. */
export function placeHeadless(
  { lists, handles }: Z3foldParts,
  pfn: number,
): number {
  lists.addPage(pfn);
  lists.pages.testAndSet(pfn, PAGE_HEADLESS);
  lists.touch(pfn);
  return handles.give(pfn, HEADLESS);
}

/**
 * Allocates an object of `size` bytes, with its stops. Specifies `z3fold_alloc`
 * from where the size is known to do.
 */
export function* allocObjectSteps(
  parts: Z3foldParts,
  size: number,
): Generator<Stop, number | Errno> {
  const { lists, locks } = parts;
  const isHeadless = lists.pages.isHeadless(size);
  const chunks = lists.pages.sizeToChunks(size);
  if (!isHeadless) {
    const pfn = yield* takeUnbuddiedSteps(parts, chunks, true);
    if (pfn !== NO_PAGE) {
      assertSlots(parts, pfn);
      return yield* placeSteps(parts, pfn, chunks);
    }
  }
  const pfn = yield* newFrameSteps(parts);
  if (pfn === NO_PAGE) return "ENOMEM";
  if (isHeadless) {
    return yield* under(locks.pool, ALLOC, () => placeHeadless(parts, pfn));
  }
  if (!lists.initPage(pfn)) return "ENOMEM";
  yield acquire(locks.page(pfn), ALLOC);
  lists.addPage(pfn);
  return yield* placeSteps(parts, pfn, chunks);
}

/** A frame: before 5.13 one of those about to be freed, if there is any. */
function* newFrameSteps(parts: Z3foldParts): Generator<Stop, number> {
  const { lists, locks, work, release: kernel } = parts;
  if (kernel.reusesStale) {
    const pfn = yield* under(locks.stale, ALLOC, () => work.stale.shift());
    if (pfn !== undefined) {
      yield* cancelWorkSteps(parts, pfn, ALLOC);
      lists.pages.forgetFlags(pfn);
      return pfn;
    }
  }
  yield sleeps(`alloc_page in ${ALLOC}`);
  return lists.pages.memory.allocPage(GFP_KERNEL);
}

/** Puts a new object into a locked page off its list; the page becomes newest. */
function* placeSteps(
  parts: Z3foldParts,
  pfn: number,
  chunks: number,
): Generator<Stop, number> {
  const { lists, handles, locks } = parts;
  const buddy = lists.occupy(pfn, chunks);
  yield* addToUnbuddiedSteps(parts, pfn);
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
