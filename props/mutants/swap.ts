/** Planted defects of the swap path. */
import { type Mutant, mutantsOf } from "./mutant.ts";

const FAULT = mutantsOf("swap/fault", ["swap"], [
  {
    what: "half of the slots in use is full",
    from: "return 2 * inUse > slots;",
    to: "return 2 * inUse >= slots;",
  },
  {
    what: "a page gives its slot back however many are free",
    from: "if (vmSwapFull(swap)) freeSwap(swap, page);",
    to: "freeSwap(swap, page);",
  },
  {
    what: "a page under writeback gives its slot back",
    from: "if (cached?.writeback) return;",
    to: "",
  },
  {
    what: "a read past the swap cache that fails keeps its frame",
    from: `} else {
    swap.memory.freePage(pfn);
  }`,
    to: "}",
  },
  {
    what: "a read into the swap cache that fails keeps its frame",
    from: `swap.memory.freePage(pfn);
    return "EIO";`,
    to: 'return "EIO";',
  },
  {
    what: "a page that zswap gave up is clean",
    from: "cached.dirty = read.dirty;",
    to: "",
  },
  {
    what: "frame 0 is taken for none",
    from: `if (pfn === NO_PAGE) return "ENOMEM";
  const { readsPastCache }`,
    to: `if (pfn <= 0) return "ENOMEM";
  const { readsPastCache }`,
  },
  {
    what: "a page changed in place under its writeback is clean",
    from: "cached.dirty = true;",
    to: "",
  },
  {
    what: "the copy of a page under writeback keeps its slot",
    from: `swap.unmap(page);
  page.slot = undefined;`,
    to: "swap.unmap(page);",
  },
]);

const PAGE_IO = mutantsOf("swap/page_io", ["swap"], [
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
      return "EAGAIN";`,
    to: 'return "EAGAIN";',
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
    from: `stats.pswpin++;
  yield "swap_readpage: page locked, bio submitted";
  const errno = swapType.device.readPage(offset, into);
  if (errno !== undefined) stats.failedReads++;`,
    to: `yield "swap_readpage: page locked, bio submitted";
  const errno = swapType.device.readPage(offset, into);
  if (errno === undefined) stats.pswpin++;
  else stats.failedReads++;`,
  },
  {
    what: "reads that fail are not counted as such",
    from: "if (errno !== undefined) stats.failedReads++;",
    to: "",
  },
  {
    what: "a page that zswap wrote back stays in the swap cache",
    from: `reclaimSwapCache(swap, swapType, offset);
    },`,
    to: "},",
  },
  {
    what: "frame 0 is taken for none",
    from: 'if (pfn === NO_PAGE) return "no-memory";',
    to: 'if (pfn <= 0) return "no-memory";',
  },
]);

const SLOTS = [
  ...mutantsOf("swap/swap_slots", ["swap"], [
    {
      what: "a device does not learn of a slot that is free",
      from: "swapType.device.slotFreeNotify?.(offset);",
      to: "",
    },
    {
      what: "zswap does not learn of a slot that is free",
      from: "swap.zswap?.invalidate(swapType.type, offset);",
      to: "",
    },
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
      from: `synchronous: true,
    readPage: (offset, into) => zram.read(offset, into),`,
      to: `synchronous: false,
    readPage: (offset, into) => zram.read(offset, into),`,
    },
  ]),
];

const PATH = [
  ...mutantsOf("swap/swap", ["swap"], [
    {
      what: "the page of a process that ended stays in the swap cache",
      from: "reclaimSwapCache(this, swapType, slot.offset);",
      to: "",
    },
    {
      what: "zswap's worker is not run",
      from: "this.zswap?.shrinkWork();",
      to: "",
    },
  ]),
  ...mutantsOf("swap/swap_out", ["swap"], [
    {
      what: "a clean page is written again",
      from: `const errno = cached.dirty
`,
      to: `const errno = cached.dirty || cached.pfn >= 0
`,
    },
  ]),
  ...mutantsOf("swap/swapoff", ["swap"], [
    {
      what: "a device that stays on gives no slots",
      from: `swapType.writable = true;
    return errno;`,
      to: "return errno;",
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
  ...PAGE_IO,
  ...SLOTS,
  ...PATH,
];
