/** Planted defects of the swap path. */
import { type Mutant, mutantsOf } from "./mutant.ts";

const FAULT = mutantsOf("swap/fault", ["swap"], [
  {
    what: "a page under writeback gives its slot back",
    from: "if (cached.writeback) return;",
    to: "",
  },
  {
    what: "a page that is read gives its slot back like one that is written",
    from: `access === "write" && WRITE_FAULT`,
    to: "WRITE_FAULT",
  },
  {
    what: "a page that 7.0 reads through the swap cache stays there",
    from: "return goesThrough || vmSwapFull(swap) ||",
    to: "return goesThrough && vmSwapFull(swap) ||",
  },
  {
    what: "a page that could not be read is mapped",
    from: `if (!uptodate) return "EIO";`,
    to: "",
  },
  {
    what: "a read past the swap cache that fails keeps its frame",
    from: `if (isMapped) return undefined;
  swap.memory.freePage(pfn);`,
    to: "if (isMapped) return undefined;",
  },
  {
    what: "a page that zswap gave up is clean",
    from: "cached.dirty = read.dirty;",
    to: "",
  },
  {
    what: "frame 0 is taken for none",
    from: `if (pfn === NO_PAGE) return "ENOMEM";`,
    to: `if (pfn <= 0) return "ENOMEM";`,
  },
]);

const WRITE = mutantsOf("swap/write", ["swap"], [
  {
    what: "a page changed in the swap cache is clean",
    from: "cached.dirty = true;",
    to: "",
  },
  {
    what: "the copy of a page keeps its slot",
    from: `swap.unmap(page);
  page.slot = undefined;`,
    to: "swap.unmap(page);",
  },
  {
    what: "5.10 changes a page in the swap cache that it has to copy",
    from: "write.faulted ? reuse(write) : copyPage(write)",
    to: "reuse(write)",
  },
  {
    what: "a page under writeback to a device that must not see it is changed",
    from: `return !cached.writeback || !swap.profile.swap.stableWrites ||
    !swapType.device.stableWrites;`,
    to: "return swapType === undefined || cached.pfn >= 0;",
  },
]);

const SLOT_CACHE = mutantsOf("swap/slot_cache", ["swap"], [
  {
    what: "half of the slots in use is full",
    from: "return 2 * nrSwapPages(swap) < total;",
    to: "return 2 * nrSwapPages(swap) <= total;",
  },
  {
    what: "a processor keeps slots while 320 are free",
    from: "slotCache.active = free > ACTIVE_ABOVE;",
    to: "slotCache.active = free >= ACTIVE_ABOVE;",
  },
  {
    what: "64 slots that came back are free with the 64th",
    from: "if (slotsRet.length >= BATCH) yield* drain(swap, slotsRet);",
    to: "if (slotsRet.length >= BATCH - 1) yield* drain(swap, slotsRet);",
  },
  {
    what: "what nobody has in the swap cache is never given out",
    from:
      "if (unused < offset) yield* reclaimSwapCache(swap, swapType, unused);",
    to: "if (unused < 0) yield* reclaimSwapCache(swap, swapType, unused);",
  },
  {
    what: "a device does not learn of a slot that is free",
    from: "swapType.device.slotFreeNotify?.(offset);",
    to: "",
  },
]);

const PAGE_IO = mutantsOf("swap/page_io", ["swap"], [
  {
    what: "a page of zeros stays on the device as well",
    from: `zeromap.add(offset);
  onDevice.delete(offset);`,
    to: "zeromap.add(offset);",
  },
  {
    what: "a page whose write failed is clean",
    from: `page.dirty = true;
    swap.stats.failedWrites++;`,
    to: "swap.stats.failedWrites++;",
  },
  {
    what: "pswpout counts a write twice",
    from: "swapType.onDevice.add(offset);",
    to: `swapType.onDevice.add(offset);
    swap.stats.pswpout++;`,
  },
  {
    what: "pswpout does not count writes that fail",
    from: "swap.stats.failedWrites++;",
    to: `swap.stats.failedWrites++;
    swap.stats.pswpout--;`,
  },
  {
    what: "a page that has to stay in memory is clean",
    from: `page.dirty = true;
      yield* unlockPage(swap, page, SWAP_WRITEPAGE);`,
    to: "yield* unlockPage(swap, page, SWAP_WRITEPAGE);",
  },
  {
    what: "pages read from the device are not counted for the shrinker",
    from: "zswap.nrDiskSwapins++;",
    to: "",
  },
  {
    what: "pages that zswap had are counted for the shrinker",
    from:
      "if (errno === undefined) return { dirty: isExclusive && toSwapCache };",
    to: `zswap.nrDiskSwapins++;
    if (errno === undefined) return { dirty: isExclusive && toSwapCache };`,
  },
  {
    what: "pswpin does not count reads that fail",
    from:
      "if (errno === undefined || profile.swap.countsFailedReads) stats.pswpin++;",
    to: "if (errno === undefined) stats.pswpin++;",
  },
  {
    what: "zram is sent no bio where it refused a page without",
    from: "if (errno !== undefined) return false;",
    to: "",
  },
  {
    what: "reads that fail are not counted as such",
    from: "if (errno !== undefined) stats.failedReads++;",
    to: "",
  },
]);

const WRITEBACK = mutantsOf("swap/writeback", ["swap"], [
  {
    what: "a page that zswap wrote back stays in the swap cache",
    from: "yield* removeMapping(swap, swapType, offset, page);",
    to: "",
  },
  {
    what: "a slot that the processor keeps gives zswap a page",
    from:
      "return swapType.count(offset) === 0 ? profile.swap.slotFree : undefined;",
    to:
      "return swapType.count(offset) < 0 ? profile.swap.slotFree : undefined;",
  },
]);

const SLOTS = [
  ...mutantsOf("swap/swap_slots", ["swap"], [
    {
      what: "a dirty page that nobody has stays",
      from: "if (page.dirty && swapType.count(offset) > 0) return false;",
      to: "if (page.dirty) return false;",
    },
  ]),
  ...mutantsOf("swap/swap_type", ["swap"], [
    {
      what: "a freed slot is not given out again",
      from: "this.#lowest = Math.min(this.#lowest, offset);",
      to: "",
    },
    {
      what: "the header's slot counts",
      from: "return Math.max(0, this.map.length - 1);",
      to: "return this.map.length;",
    },
  ]),
  ...mutantsOf("swap/device", ["swap"], [
    {
      what: "zram is read through the swap cache",
      from: "synchronous: !isSlowed,",
      to: "synchronous: false,",
    },
  ]),
];

const PATH = [
  ...mutantsOf("swap/zap", ["swap"], [
    {
      what: "the page of a process that ended stays in the swap cache",
      from: "yield* reclaimSwapCache(swap, swapType, slot.offset);",
      to: "",
    },
  ]),
  ...mutantsOf("swap/swap", ["swap"], [
    {
      what: "zswap's worker is not run",
      from: "this.zswap?.shrinkWork();",
      to: "",
    },
  ]),
  ...mutantsOf("swap/swap_out", ["swap"], [
    {
      what: "a clean page is written again",
      from: "if (cached.dirty) {",
      to: "if (cached.dirty || cached.pfn >= 0) {",
    },
  ]),
  ...mutantsOf("swap/swapoff", ["swap"], [
    {
      what: "a device that stays on gives no slots",
      from: "swapType.writable = true;",
      to: "",
    },
    {
      what: "a page that could not be read is not lost",
      from: "page.lost = true;",
      to: "",
    },
  ]),
];

/** Planted defects of the swap path. */
export const SWAP_MUTANTS: readonly Mutant[] = [
  ...FAULT,
  ...WRITE,
  ...PAGE_IO,
  ...WRITEBACK,
  ...SLOT_CACHE,
  ...SLOTS,
  ...PATH,
];
