/** Planted defects of a zram device: attributes, slots, counters, resets. */
import { type Mutant, mutantsOf } from "./mutant.ts";

const ATTRIBUTES = mutantsOf("zram/attributes", ["zram"], [
  {
    what: "a mem_limit that is no whole pages is rounded down",
    from: "const aligned = BigInt.asUintN(64, limit + pageSize - 1n);",
    to: "const aligned = limit;",
  },
  {
    what: "a disksize that is no whole pages loses its last one",
    from: "Number((bytes + pageSize - 1n) / pageSize * pageSize)",
    to: "Number(bytes / pageSize * pageSize)",
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
    from: "priority >= PRIMARY_COMP && priority < priorityEnd(zram)",
    to: "priority >= PRIMARY_COMP && priority <= priorityEnd(zram)",
  },
  {
    what:
      "what algorithm_params set before stays where the dictionary is not there",
    from: "comps.setParams(priority, {});",
    to: "",
  },
  {
    what: "algorithm_params looks for no dictionary",
    from:
      `if (typeof read === "string") return dictErrors === "own" ? read : "EINVAL";`,
    to: `if (typeof read === "string") return;`,
  },
  {
    what: "7.1 takes parameters while the device is in use",
    from: `if (isLate) return "EBUSY";`,
    to: "",
  },
  {
    what: "6.12 says why it cannot read a dictionary",
    from: `return dictErrors === "own" ? read : "EINVAL";`,
    to: "return read;",
  },
  {
    what: "writeback_limit_enable takes any number for yes",
    from: "zram.wbLimitEnable = enable !== 0n;",
    to: "zram.wbLimitEnable = true;",
  },
]);

const DISKSIZE = mutantsOf("zram/disksize", ["zram"], [
  {
    what: "what was asked outlives a reset in the counters",
    from: `device.stats = zeroStats();
  device.ioStat = zeroIoStat();`,
    to: "device.stats = zeroStats();",
  },
  {
    what: "the backing device outlives a reset",
    from: `device.lostBlocks = 0;
  resetBdev(device);`,
    to: "device.lostBlocks = 0;",
  },
  {
    what: "the limit of writeback does not outlive a reset",
    from: `device.stats = zeroStats();
  device.ioStat = zeroIoStat();`,
    to: `device.stats = zeroStats();
  device.ioStat = zeroIoStat();
  device.wbLimit = 0n;`,
  },
  {
    what: "5.10's reset of a device without a disk undoes everything",
    from: `if (device.disksize === 0 && resetWithoutDisk === "limit") return;`,
    to: "",
  },
  {
    what: "reset of a device without a disk undoes the limit alone",
    from: `if (device.disksize === 0 && resetWithoutDisk === "limit") return;`,
    to: "if (device.disksize === 0) return;",
  },
  {
    what: "mem_limit outlives a reset",
    from: `device.limitPages = 0;
  const { resetWithoutDisk }`,
    to: "const { resetWithoutDisk }",
  },
  {
    what: "a disksize that is no whole pages is rounded down",
    from: "const pages = Math.ceil(bytes / pageSize);",
    to: "const pages = Math.floor(bytes / pageSize);",
    reason:
      "What is written to disksize comes here in whole pages (zram/attributes): only who calls setDisksize asks for others, as tests of the object do.",
  },
]);

const DEVICE = mutantsOf("zram/device", ["zram"], [
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
  const errno = device.readPage(block, into);`,
      to: `const errno = device.readPage(block, into);
  if (errno === undefined) zram.stats.bdReads++;`,
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
      from:
        "this.#names.length = Math.min(this.#names.length, SECONDARY_COMP);",
      to: "",
    },
    {
      what: "parameters outlive a reset",
      from: "this.#params.length = 0;",
      to: "",
    },
    {
      what: "a failed setup leaves the algorithms as they are",
      from: `if (afterFailedSetup === "unchanged") return;`,
      to: "return;",
    },
    {
      what: "a failed setup leaves the default algorithm in every release",
      from: `if (afterFailedSetup === "none") this.#names.length = 0;`,
      to: "",
    },
    {
      what: "an algorithm is set up whatever it was told",
      from: "this.#profile.refuseParams(name, params);",
      to: "undefined;",
    },
    {
      what: "no algorithm is told anything",
      from: "active[priority] = codecWith(this.#codecNamed(name), params);",
      to: "active[priority] = this.#codecNamed(name);",
    },
    {
      what: "an algorithm is told what was set up before",
      from: "const params = this.#params[priority] ?? {};",
      to: "const params = this.#params[PRIMARY_COMP] ?? {};",
    },
    {
      what: "a level reaches lz4 when it is set up again",
      from: "this.#active[priority] = codec?.retold?.(params) ?? codec;",
      to: "",
    },
    {
      what: "a level reaches every algorithm at once",
      from: "this.#active[priority] = codec?.retold?.(params) ?? codec;",
      to: "this.#active[priority] = codec?.withParams?.(params) ?? codec;",
    },
    {
      what: "a dictionary in use is not missed where it is lost",
      from: "if (readsDict(name, params)) withDict.push(priority);",
      to: "",
    },
    {
      what: "a dictionary is in use before the device is",
      from: "return this.#withDict.includes(priority);",
      to: `return this.#withDict.includes(priority) ||
      readsDict(this.#names[priority] ?? "", this.#params[priority] ?? {});`,
    },
    {
      what: "a dictionary is in use after a reset",
      from: `    this.#withDict = [];
    this.#params.length = 0;`,
      to: "    this.#params.length = 0;",
    },
    {
      what: "any algorithm may lose its dictionary but the first",
      from: "return this.#withDict.includes(priority);",
      to: "return priority === PRIMARY_COMP && this.#withDict.length > 0;",
    },
    {
      what: "7.3 keeps the parameters of the algorithm before",
      from:
        "if (this.#profile.algorithmForgetsParams) this.#params[priority] = {};",
      to: "",
    },
    {
      what: "an algorithm's choice forgets parameters in every release",
      from:
        "if (this.#profile.algorithmForgetsParams) this.#params[priority] = {};",
      to: "this.#params[priority] = {};",
    },
    {
      what: "the number that stands for none is a level",
      from: "return number === PARAM_NOT_SET ? undefined : number;",
      to: "return number;",
    },
    {
      what: "an algorithm that is not listed cannot be chosen",
      from: `const isThere = this.available.includes(name) ||
      this.#profile.unlistedAlgorithms.includes(name);`,
      to: "const isThere = this.available.includes(name);",
    },
    {
      what: "no algorithm's name keeps a newline",
      from:
        "return this.#profile.algorithmKeepsNewline ? withoutNewline(given) : given;",
      to: "return given;",
    },
    {
      what: "an algorithm that is not listed is not shown",
      from: "? [...this.available, chosen]",
      to: "? this.available",
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

/** Planted defects of a zram device, without those of requests and post-processing. */
export const ZRAM_MUTANTS: readonly Mutant[] = [
  ...ATTRIBUTES,
  ...DEVICE,
  ...DISKSIZE,
  ...SLOTS,
];
