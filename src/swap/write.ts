/** Writing a page that is in memory, and may be in the swap cache as well. */
import { GFP_HIGHUSER_MOVABLE } from "../linux/gfp.ts";
import type { Errno } from "../linux/errno.ts";
import type { SwapProfile } from "../linux/swap_profile.ts";
import { NO_PAGE } from "../memory/memory.ts";
import type { Stop } from "../rules/stop.ts";
import { freeSwap } from "./fault.ts";
import { tableState } from "./locks.ts";
import type { AnonPage } from "./anon_page.ts";
import type { Swap } from "./swap.ts";
import type { SwapCachePage, SwapType } from "./swap_type.ts";

/** A page that is mapped and in the swap cache, and is to be written. */
interface CachedWrite {
  readonly swap: Swap;
  readonly page: AnonPage;
  readonly swapType: SwapType;
  readonly offset: number;
  readonly cached: SwapCachePage;
  /** Whether the write brought it in. */
  readonly faulted: boolean;
}

/** Whether a page may be changed while it is being written. */
function mayChange({ swap, cached, swapType }: CachedWrite): boolean {
  return !cached.writeback || !swap.profile.swap.stableWrites ||
    !swapType.device.stableWrites;
}

/** The page is changed where it is, and written to its slot again. */
// deno-lint-ignore require-yield
function* changeInPlace({ cached }: CachedWrite): Generator<Stop, undefined> {
  cached.dirty = true;
}

/** The process has a copy; what is in the swap cache is nobody's (`wp_page_copy`). */
// deno-lint-ignore require-yield
function* copyPage(write: CachedWrite): Generator<Stop, Errno | undefined> {
  const { swap, page, swapType, offset, cached } = write;
  const pfn = swap.memory.allocPage(GFP_HIGHUSER_MOVABLE);
  if (pfn === NO_PAGE) return "ENOMEM";
  swap.bytesOf(pfn).set(swap.bytesOf(cached.pfn));
  swap.unmap(page);
  page.slot = undefined;
  page.exclusive = true;
  swap.locks.touch(tableState(page), true);
  swap.map(page, pfn);
  swapType.unused.add(offset);
}

/** The page leaves the swap cache, unless it is under writeback (`reuse_swap_page`). */
function* reuse(write: CachedWrite): Generator<Stop, Errno | undefined> {
  const { swap, page } = write;
  yield* freeSwap(swap, page);
  if (page.slot === undefined) return undefined;
  return yield* mayChange(write) ? changeInPlace(write) : copyPage(write);
}

/** What a write does to a page that is in the swap cache. */
const WRITE_CACHED: Readonly<
  Record<
    SwapProfile["writeMapped"],
    (write: CachedWrite) => Generator<Stop, Errno | undefined>
  >
> = {
  "frees-slot": reuse,
  // The swap cache's reference makes two, and so the page another's as well.
  copies: (write) => write.faulted ? reuse(write) : copyPage(write),
  *"keeps-slot"(write) {
    const { swap, page } = write;
    if (page.exclusive) return yield* changeInPlace(write);
    yield* freeSwap(swap, page);
    if (page.slot !== undefined) return yield* copyPage(write);
    page.exclusive = true;
  },
};

/**
 * Makes a page that is in memory one that may be written; `faulted` says that
 * this very write brought it in. ENOMEM without a frame for a copy, where it
 * takes one. The page table is locked, and so is the swap cache's page. Specifies
 * `do_wp_page`, `mm/memory.c`.
 */
export function* prepareToWrite(
  swap: Swap,
  page: AnonPage,
  faulted: boolean,
): Generator<Stop, Errno | undefined> {
  const { slot } = page;
  if (slot === undefined) return undefined;
  const swapType = swap.typeOf(slot.type);
  const { offset } = slot;
  const cached = swapType.cache.get(offset);
  if (cached === undefined) return undefined;
  const { writeMapped } = swap.profile.swap;
  return yield* WRITE_CACHED[writeMapped]({
    swap,
    page,
    swapType,
    offset,
    cached,
    faulted,
  });
}
