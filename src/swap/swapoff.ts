/** Swapping a device off. */
import type { Errno } from "../linux/errno.ts";
import { NO_PAGE } from "../memory/memory.ts";
import { blocked, type Wait } from "../rules/wait.ts";
import { doSwapPage } from "./fault.ts";
import { swapFree } from "./swap_slots.ts";
import type { SwapType } from "./swap_type.ts";
import type { AnonPage, Swap } from "./swap.ts";

/** Every page that has a slot of a type. */
function pagesOf(swap: Swap, type: number): AnonPage[] {
  return [...swap.processes.values()].flatMap((pages) =>
    [...pages.values()].filter(({ slot }) => slot?.type === type)
  );
}

/**
 * Brings a page into memory and frees its slot: ENOMEM without a frame for it.
 * One that cannot be read gets an entry that says so in its page table.
 * Specifies `unuse_pte`, 6.1.
 */
function* unuse(
  swap: Swap,
  swapType: SwapType,
  page: AnonPage,
): Generator<Wait, "ENOMEM" | undefined> {
  const errno = yield* doSwapPage(swap, page);
  if (errno === "ENOMEM") return errno;
  if (page.pfn === NO_PAGE && page.slot !== undefined) {
    swapFree(swap, swapType, page.slot.offset);
    page.slot = undefined;
    page.lost = true;
  }
  while (isUnderWriteback(swapType, page)) {
    yield blocked("try_to_unuse: waits for the page's writeback");
  }
  swap.forgetSlot(page);
}

function isUnderWriteback({ cache }: SwapType, { slot }: AnonPage): boolean {
  return slot !== undefined && (cache.get(slot.offset)?.writeback ?? false);
}

/**
 * Brings every page of a device into memory, then takes the device away, from
 * zswap too: ENOMEM where there is no frame for one, the device being on as
 * before. Specifies `swapoff` and `try_to_unuse`, `mm/swapfile.c`.
 */
export function* swapoff(
  swap: Swap,
  swapType: SwapType,
): Generator<Wait, Errno | undefined> {
  swapType.writable = false;
  for (const page of pagesOf(swap, swapType.type)) {
    const errno = yield* unuse(swap, swapType, page);
    if (errno === undefined) continue;
    swapType.writable = true;
    return errno;
  }
  while (swapType.inUse > 0) {
    yield blocked("try_to_unuse: waits for pages that nobody has");
  }
  swap.zswap?.swapoff(swapType.type);
  swap.types.delete(swapType.type);
}
