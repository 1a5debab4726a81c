/** Planted defects of zram: requests, limits, slots, counters, attributes. */
import { type Mutant, mutantsOf } from "./mutant.ts";

const ATTRIBUTES = mutantsOf("zram/attributes", ["zram"], [
  {
    what: "a mem_limit that is no whole pages is rounded down",
    from: "const aligned = BigInt.asUintN(64, limit + pageSize - 1n);",
    to: "const aligned = limit;",
  },
  {
    what: "mem_used_max takes any text",
    from: `if (kstrtoull(text, zram.profile.wordBits) !== 0n) return "EINVAL";`,
    to: "",
  },
  {
    what: "a reset of 0 is done",
    from: `return reset === 0n ? "EINVAL" : zram.reset();`,
    to: "return zram.reset();",
  },
  {
    what: "a device of one stream gets more while it is in use",
    from: `if (streams < 1n || fixed) return "EINVAL";`,
    to: `if (streams < 1n) return "EINVAL";`,
  },
  {
    what: "recomp_algorithm takes a priority above the last",
    from: "priority < SECONDARY_COMP || priority >= MAX_COMPS",
    to: "priority < SECONDARY_COMP || priority > MAX_COMPS",
  },
  {
    what: "algorithm_params takes a priority above the last",
    from: "priority < PRIMARY_COMP || priority >= end",
    to: "priority < PRIMARY_COMP || priority > end",
  },
  {
    what: "writeback_limit_enable takes any number for yes",
    from: "zram.wbLimitEnable = enable !== 0n;",
    to: "zram.wbLimitEnable = true;",
  },
]);

const BIO = mutantsOf("zram/bio", ["zram"], [
  {
    what: "a request may reach beyond the disk",
    from: "start < disksize && start + bytes <= disksize;",
    to: "start < disksize;",
  },
  {
    what: "an unaligned request inside the disk gets EIO from the block layer",
    from: `return inside ? "EINVAL" : "EIO";`,
    to: `return "EIO";`,
  },
  {
    what: "a page is discarded of which a part was meant",
    from: "let page = Math.ceil(start / pageSize); page < end",
    to: "let page = Math.floor(start / pageSize); page < end",
  },
  {
    what: "a discard counts stored pages alone",
    from: `freePage(zram, page);
    zram.ioStat.notifyFree++;`,
    to: `if (zram.slots.isAllocated(page)) zram.ioStat.notifyFree++;
    freePage(zram, page);`,
  },
  {
    what: "zeroes are written by discarding where pages are larger than blocks",
    from: "profile.zram.writeZeroes && profile.pageSize === LOGICAL_BLOCK_SIZE",
    to: "profile.zram.writeZeroes",
  },
  {
    what: "6.1 moves on in the disk behind a segment that failed",
    from: "at = endOfMemoryPage;",
    to: `position += endOfMemoryPage - at;
      at = endOfMemoryPage;`,
  },
  {
    what: "a segment that failed counts as an access in every release",
    from:
      `if (outcome !== "failed" || failureIsAccess) markAccessed(zram, page);`,
    to: "markAccessed(zram, page);",
  },
  {
    what: "failed reads count as failed writes",
    from: `if (op === "read") ioStat.failedReads++;
    else ioStat.failedWrites++;`,
    to: "ioStat.failedWrites++;",
  },
  {
    what: "a read that fails below counts as failed",
    from: `=== undefined ? "done" : "failed-below";`,
    to: `=== undefined ? "done" : "failed";`,
  },
  {
    what: "the page for a part of a read is not given back",
    from: `whole.free();
  return errno === undefined`,
    to: "return errno === undefined",
  },
  {
    what: "a part is merged with a page that could not be read",
    from: "const stored = errno ?? writePage(zram, page, whole.bytes);",
    to: "const stored = writePage(zram, page, whole.bytes);",
  },
  {
    what: "a page read amid its writeback keeps its mark",
    from: "slots.clearFlag(page, ZRAM_IDLE | ZRAM_PP_SLOT);",
    to: "slots.clearFlag(page, ZRAM_IDLE);",
    machines: ["zram", "swap"],
  },
  {
    what: "a page whose slot is locked is freed by the swap layer",
    from: `if (slots.has(page, ZRAM_LOCK)) ioStat.missFree++;
  else freePage(zram, page);`,
    to: `if (slots.has(page, ZRAM_LOCK)) ioStat.missFree++;
  freePage(zram, page);`,
    machines: ["zram", "swap"],
  },
]);

const WRITE = mutantsOf("zram/write", ["zram"], [
  {
    what: "a page of just the huge size is stored compressed",
    from: "const huge = length >= zram.wholeFrom;",
    to: "const huge = length > zram.wholeFrom;",
  },
  {
    what: "the limit refuses a page that just fits",
    from: "pool.pagesAllocated > limitPages;",
    to: "pool.pagesAllocated >= limitPages;",
  },
  {
    what: "the limit lets one page too many in",
    from: "pool.pagesAllocated > limitPages;",
    to: "pool.pagesAllocated > limitPages + 1;",
  },
  {
    what: "the limit is looked at before the pool grows",
    from: `let handle = pool.malloc(length);
  if`,
    to:
      `if (limitPages !== 0 && pool.pagesAllocated >= limitPages) return "ENOMEM";
  let handle = pool.malloc(length);
  if`,
  },
  {
    what: "an object that the limit refuses is not freed",
    from: `pool.free(handle);
  return "ENOMEM";`,
    to: `return "ENOMEM";`,
  },
  {
    what: "mem_used_max misses what the limit undoes",
    from: "if (!refused || refusedRaisesMax) {",
    to: "if (!refused) {",
  },
  {
    what: "mem_used_max has what the limit undoes in 4.0 too",
    from: "if (!refused || refusedRaisesMax) {",
    to: "if (!refused || limitPages !== 0) {",
  },
  {
    what: "mem_used_max falls with what is used",
    from: "Math.max(stats.maxUsedPages, pool.pagesAllocated)",
    to: "pool.pagesAllocated",
  },
  {
    what: "mem_used_max counts a page too many",
    from: "Math.max(stats.maxUsedPages, pool.pagesAllocated)",
    to: "Math.max(stats.maxUsedPages, pool.pagesAllocated + 1)",
  },
  {
    what: "writestall is not counted",
    from: "zram.ioStat.writestall++;",
    to: "",
  },
  {
    what: "writestall counts the second failure as well",
    from: `zram.ioStat.writestall++;
    handle = pool.malloc(length);`,
    to: `zram.ioStat.writestall++;
    handle = pool.malloc(length);
    if (typeof handle === "string") zram.ioStat.writestall++;`,
  },
  {
    what: "the older page goes where the new one finds no memory",
    from: "const handle = mallocWithinLimit(zram, length);",
    to: `freePage(zram, page);
  const handle = mallocWithinLimit(zram, length);`,
  },
  {
    what: "a huge page that is freed still counts",
    from: "if (slots.has(page, ZRAM_HUGE)) stats.hugePages--;",
    to: "",
  },
  {
    what: "up to 4.10 a page of zeros that is freed counted as stored",
    from:
      `if (!same || zram.profile.zram.sameFilled === "word") stats.pagesStored--;`,
    to: "stats.pagesStored--;",
  },
  {
    what: "up to 4.10 half a word of zeros takes no memory",
    from: "(readWord32(data, 0) === 0 && readWord32(data, 4) === 0);",
    to: "readWord32(data, 0) === 0;",
  },
  {
    what: "a page of one word leaves the older one's object behind",
    from: `freePage(zram, page);
  const high`,
    to: "const high",
  },
]);

const SAME_FILLED = mutantsOf("zram/same_filled", ["zram", "zswap"], [
  {
    what: "a page of one word but for its last word is taken for same-filled",
    from: "if (page[last + nth] !== page[nth]) return false;",
    to: "",
  },
  {
    what: "a page of one word but for its last byte is taken for same-filled",
    from: `for (let nth = 0; nth < wordBytes; nth++) {
    if (page[last`,
    to: `for (let nth = 0; nth < wordBytes - 1; nth++) {
    if (page[last`,
  },
  {
    what: "a word's lower half fills its upper half too",
    from: "page[nth] = (nth < 4 ? low : high) >>> (8 * (nth & 3));",
    to: "page[nth] = low >>> (8 * (nth & 3));",
  },
]);

const DEVICE = mutantsOf("zram/device", ["zram"], [
  {
    what: "a disksize that is no whole pages is rounded down",
    from: "const pages = Math.ceil(bytes / pageSize);",
    to: "const pages = Math.floor(bytes / pageSize);",
  },
  {
    what: "mem_limit outlives a reset",
    from: `this.limitPages = 0;
    this.disksize = 0;`,
    to: "this.disksize = 0;",
  },
  {
    what: "the limit of writeback does not outlive a reset",
    from: `this.stats = zeroStats();
    this.ioStat = zeroIoStat();`,
    to: `this.stats = zeroStats();
    this.ioStat = zeroIoStat();
    this.wbLimit = 0n;`,
  },
  {
    what: "the backing device outlives a reset",
    from: `this.ioStat = zeroIoStat();
    this.#resetBdev();`,
    to: "this.ioStat = zeroIoStat();",
  },
  {
    what: "what was asked outlives a reset in the counters",
    from: `this.stats = zeroStats();
    this.ioStat = zeroIoStat();`,
    to: "this.stats = zeroStats();",
  },
  {
    what: "a device that is open is reset",
    from: `if (this.isInUse) return "EBUSY";
    if (this.initLockReaders`,
    to: "if (this.initLockReaders",
  },
  {
    what: "mem_used_max is lowered to nothing",
    from: "this.stats.maxUsedPages = this.pool?.pagesAllocated ?? 0;",
    to: "this.stats.maxUsedPages = 0;",
  },
  {
    what: "a block that is given back still counts",
    from: "this.stats.bdCount--;",
    to: "",
  },
  {
    what: "a device in use refuses an algorithm before it looks at its name",
    from: `const errno = this.comps.check(name);
    if (errno !== undefined) return errno;
    if (this.disksize !== 0) return "EBUSY";`,
    to: `if (this.disksize !== 0) return "EBUSY";
    const errno = this.comps.check(name);
    if (errno !== undefined) return errno;`,
  },
]);

const SLOTS = [
  ...mutantsOf("zram/slots", ["zram"], [
    {
      what: "a page freed amid its writeback keeps its mark",
      from: "const KEPT_FLAGS = ZRAM_UNDER_WB | ZRAM_LOCK;",
      to: "const KEPT_FLAGS = ZRAM_UNDER_WB | ZRAM_LOCK | ZRAM_PP_SLOT;",
      machines: ["zram", "swap"],
    },
    {
      what: "an empty slot keeps when it was accessed",
      from: `this.#state[slot] &= KEPT_FLAGS;
    if (this.tracksAcTime) this.#acTime[slot] = 0;`,
      to: "this.#state[slot] &= KEPT_FLAGS;",
    },
    {
      what: "an empty slot keeps its idle mark",
      from: "const KEPT_FLAGS = ZRAM_UNDER_WB | ZRAM_LOCK;",
      to: "const KEPT_FLAGS = ZRAM_UNDER_WB | ZRAM_LOCK | ZRAM_IDLE;",
    },
  ]),
  ...mutantsOf("zram/stat", ["zram"], [
    {
      what: "bd_reads counts pages",
      from: "bd_reads: stats.bdReads * units,",
      to: "bd_reads: stats.bdReads,",
    },
    {
      what: "huge_pages shows those since the start",
      from: "huge_pages: stats.hugePages,",
      to: "huge_pages: stats.hugePagesSince,",
    },
    {
      what: "pages_compacted counts bytes",
      from: "pages_compacted: pool?.pagesCompacted ?? 0,",
      to: "pages_compacted: (pool?.pagesCompacted ?? 0) * pageSize,",
    },
  ]),
  ...mutantsOf("zram/debugfs", ["zram"], [
    {
      what: "the letter r stands at every recompressible page",
      from: "r: (slots, slot) => slots.priority(slot) > 0,",
      to: "r: (slots, slot) => slots.priority(slot) >= 0,",
    },
  ]),
  ...mutantsOf("zram/read", ["zram"], [
    {
      what: "a read that fails below is not in bd_reads",
      from: `zram.stats.bdReads++;
  return backing.device.readPage(slots.block(page), into);`,
      to: `const errno = backing.device.readPage(slots.block(page), into);
  if (errno === undefined) zram.stats.bdReads++;
  return errno;`,
    },
    {
      what: "a recompressed page is read with the first algorithm",
      from: "zram.codecAt(slots.priority(page))",
      to: "zram.codecAt(0)",
    },
  ]),
  ...mutantsOf("zram/zcomp", ["zram"], [
    {
      what: "the algorithms that recompress outlive a reset",
      from: "this.#names.length = SECONDARY_COMP;",
      to: "",
    },
    {
      what: "reset restores the algorithm in every release",
      from: "if (this.#profile.resetRestoresAlgorithm) {",
      to: "if (this.#names.length > 0) {",
    },
    {
      what: "a gap in the priorities counts as an algorithm",
      from:
        "return this.#active.filter((codec) => codec !== undefined).length;",
      to: "return this.#active.length;",
    },
  ]),
  ...mutantsOf("zram/control", ["zram"], [
    {
      what: "a device that is in use is removed",
      from: "if (errno === undefined) this.#devices.delete(Number(id));",
      to: "this.#devices.delete(Number(id));",
      reason:
        "A program has one device: hot_add and hot_remove are for tests alone.",
    },
  ]),
];

/** Planted defects of zram, without those of post-processing. */
export const ZRAM_MUTANTS: readonly Mutant[] = [
  ...ATTRIBUTES,
  ...BIO,
  ...WRITE,
  ...SAME_FILLED,
  ...DEVICE,
  ...SLOTS,
];
