import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  assertTranscript,
  attributeNames,
  blockSwapDevice,
  buddyinfo,
  checkPool,
  checkSwap,
  checkZram,
  checkZswap,
  compactMemory,
  conformZram,
  conformZsmalloc,
  conformZswap,
  createDmCache,
  defineProfile,
  describedProfile,
  explainPaste,
  exploreRaces,
  LINUX_3_12,
  LINUX_6_1,
  LINUX_6_18,
  LINUX_6_18_FULL,
  Memory,
  memparse,
  modelZram,
  modelZsmalloc,
  modelZswap,
  pseudoSwapDevice,
  RamBackingDevice,
  randomFrom,
  readAttribute,
  readBlockState,
  readRaceProgram,
  readZswapParameter,
  Swap,
  writeAttribute,
  writeZswapParameter,
  Z3foldPool,
  ZbudPool,
  Zcache,
  Zram,
  zramBlockDevice,
  ZramControl,
  zramSwapDevice,
  ZsPool,
  Zswap,
  zswapCounters,
} from "../mod.ts";

const PAGE = new Uint8Array(4096);
const SHORT = new Uint8Array(100);

/** What is no number of anything. */
const NONE = [NaN, Infinity, -Infinity, -1, 1.5];

/** A call that must be refused for each of {@linkcode NONE}. */
type Call = (none: number) => unknown;

function makeZram(): Zram {
  const zram = new Zram(LINUX_6_18_FULL);
  zram.setDisksize(4 * 4096);
  return zram;
}

function makeZswap(): Zswap {
  const zswap = new Zswap(LINUX_6_18, { totalRamPages: 100 });
  zswap.swapon(0);
  return zswap;
}

function makeSwap(): Swap {
  const swap = new Swap(LINUX_6_1);
  swap.swapon(pseudoSwapDevice(8));
  return swap;
}

/** For each class its calls, by what they are named for in the error. */
const CALLS: Readonly<
  Record<string, readonly (readonly [refused: string, call: Call])[]>
> = {
  Memory: [
    ["make memory: the 'firstPfn'", (none) => new Memory({ firstPfn: none })],
    ["free a page: the 'pfn'", (none) => new Memory().freePage(none)],
  ],
  ZsPool: [
    ["allocate: the 'size'", (none) => new ZsPool(LINUX_6_18).malloc(none)],
    [
      "look up a class: the 'size'",
      (none) => new ZsPool(LINUX_6_18).lookupClassIndex(none),
    ],
    [
      "look up a class: the 'size'",
      (none) => new ZsPool(LINUX_6_18).classFor(none),
    ],
    [
      "look up a class: the 'index'",
      (none) => new ZsPool(LINUX_6_18).classAt(none),
    ],
    [
      "migrate a page: the 'pfn'",
      (none) => new ZsPool(LINUX_6_18).migratePage(none),
    ],
    ["map: the 'cpu'", (none) => {
      const pool = new ZsPool(LINUX_6_1);
      pool.map(Number(pool.malloc(100)), "read-only", none);
    }],
  ],
  ZbudPool: [
    ["allocate: the 'size'", (none) => new ZbudPool(LINUX_6_1).alloc(none)],
    ["allocate: the 'gfp'", (none) => new ZbudPool(LINUX_6_1).alloc(1, none)],
    [
      "reclaim a page: the 'retries'",
      (none) => new ZbudPool(LINUX_6_1).reclaimPage(none),
    ],
  ],
  Z3foldPool: [
    ["allocate: the 'size'", (none) => new Z3foldPool(LINUX_6_1).alloc(none)],
    ["allocate: the 'gfp'", (none) => new Z3foldPool(LINUX_6_1).alloc(1, none)],
    [
      "reclaim a page: the 'retries'",
      (none) => new Z3foldPool(LINUX_6_1).reclaimPage(none),
    ],
  ],
  RamBackingDevice: [
    [
      "make a backing device: the 'pages'",
      (none) => new RamBackingDevice(none, 4096),
    ],
    [
      "make a backing device: the 'pageSize'",
      (none) => new RamBackingDevice(8, none),
    ],
    [
      "read a block: the 'block'",
      (none) => new RamBackingDevice(8, 4096).readPage(none, PAGE),
    ],
    [
      "write a block: the 'block'",
      (none) => new RamBackingDevice(8, 4096).writePage(none, PAGE),
    ],
  ],
  Zram: [
    [
      "make zram: the 'totalRamPages'",
      (none) => new Zram(LINUX_6_18, { totalRamPages: none }),
    ],
    [
      "load zram: the 'numDevices'",
      (none) => new ZramControl(LINUX_6_18, {}, none),
    ],
    [
      "set an algorithm: the 'priority'",
      (none) => new Zram(LINUX_6_18_FULL).setAlgorithm("lz4", none),
    ],
    [
      "initialise zram: the 'disksize'",
      (none) => new Zram(LINUX_6_18).setDisksize(none),
    ],
    ["write: the 'page'", (none) => makeZram().write(none, PAGE)],
    ["read: the 'page'", (none) => makeZram().read(none, PAGE.slice())],
    ["discard: the 'page'", (none) => makeZram().discard(none, 1)],
    ["discard: the 'pages'", (none) => makeZram().discard(0, none)],
    [
      "submit a request: the 'sector'",
      (none) =>
        makeZram().submitBio({ op: "read", sector: none, data: PAGE.slice() }),
    ],
    [
      "submit a request: the 'bytes'",
      (none) => makeZram().submitBio({ op: "discard", sector: 0, bytes: none }),
    ],
    ["free page", (none) => makeZram().slotFreeNotify(none)],
  ],
  Zswap: [
    [
      "make zswap: the 'totalRamPages'",
      (none) => new Zswap(LINUX_6_18, { totalRamPages: none }),
    ],
    ["swap on: the 'type'", (none) => makeZswap().swapon(none)],
    [
      "store a page: the 'offset'",
      (none) => makeZswap().store(0, none, [PAGE]),
    ],
    [
      "load a page: the 'offset'",
      (none) => makeZswap().load(0, none, PAGE.slice()),
    ],
    [
      "invalidate a page: the 'offset'",
      (none) => makeZswap().invalidate(0, none),
    ],
    ["scan zswap: the 'nrToScan'", (none) => makeZswap().shrinkerScan(none)],
  ],
  Swap: [
    [
      "swap on: the 'pages'",
      (none) => new Swap(LINUX_6_1).swapon(pseudoSwapDevice(none)),
    ],
    ["find a page: the 'process'", (none) => makeSwap().write(none, 0, PAGE)],
    ["find a page: the 'number'", (none) => makeSwap().write(0, none, PAGE)],
    [
      "find a page: the 'number'",
      (none) => makeSwap().read(0, none, PAGE.slice()),
    ],
    ["find a page: the 'number'", (none) => makeSwap().swapOut(0, none)],
    ["find a page: the 'number'", (none) => makeSwap().free(0, none)],
    ["end a process: the 'process'", (none) => makeSwap().exit(none)],
    ["find a frame: the 'pfn'", (none) => makeSwap().bytesOf(none)],
  ],
};

for (const [name, calls] of Object.entries(CALLS)) {
  Deno.test(`${name} refuses what is no size, page, count or offset as a mistake of its caller`, () => {
    for (const [refused, call] of calls) {
      for (const none of NONE) {
        const error = assertThrows(() => call(none), RangeError);
        assertEquals(
          error.message.startsWith(`Cannot ${refused}`),
          true,
          `${refused}: ${error.message}`,
        );
        assertEquals(error.message.includes(String(none)), true, refused);
      }
    }
  });
}

Deno.test("an error says what is refused, what for, and what would do", () => {
  const pool = new ZsPool(LINUX_6_18);
  assertThrows(
    () => pool.malloc(NaN),
    RangeError,
    "Cannot allocate: the 'size' is NaN, not a whole number from 0 on",
  );
  assertThrows(
    () => new Zram(LINUX_6_18_FULL).setAlgorithm("lz4", 4),
    RangeError,
    "the 'priority' is 4, not a whole number from 0 to 3",
  );
});

Deno.test("sizes that no kernel has are not mistakes, and get its errno", () => {
  for (const profile of [LINUX_6_18, LINUX_6_1, LINUX_3_12]) {
    const pool = new ZsPool(profile);
    for (const size of [4097, 2 ** 32 + 1, 2 ** 40]) {
      assertEquals(pool.malloc(size), profile.tooLarge);
    }
    assertEquals(pool.malloc(0), profile.zeroSize);
  }
  assertEquals(new ZbudPool(LINUX_6_1).alloc(2 ** 40), "ENOSPC");
  assertEquals(new Z3foldPool(LINUX_6_1).alloc(2 ** 40), "ENOSPC");
});

Deno.test("nothing is taken for a size that is refused", () => {
  const pool = new ZsPool(LINUX_6_18);
  assertThrows(() => pool.malloc(1.5), RangeError);
  assertEquals([pool.handles.allocated, pool.pagesAllocated], [0, 0]);
});

Deno.test("no number beside a handle is that handle", () => {
  for (
    const profile of [LINUX_6_18, { ...LINUX_6_18, wordBits: 32, physBits: 36 }]
  ) {
    const pool = new ZsPool(profile);
    const handle = Number(pool.malloc(100));
    for (const other of [NaN, -handle, handle + 0.5, handle + 2 ** 32]) {
      assertThrows(() => pool.free(other), Error, "names no object");
      assertThrows(() => pool.read(other, SHORT), Error, "names no object");
    }
    const object = new ZsPool(LINUX_6_18);
    const mapped = object.map(Number(object.malloc(100)), "read-only");
    for (const at of NONE) {
      assertThrows(() => mapped.read(SHORT.slice(0, 1), at), RangeError);
    }
  }
});

Deno.test("the offset of a page in swap is one that its entry has bits for", () => {
  const narrow = { ...LINUX_6_1, wordBits: 32, physBits: 36 };
  const zswap = new Zswap(narrow, { totalRamPages: 100 });
  zswap.swapon(0);
  assertEquals(zswap.store(0, 2 ** 26 - 1, [PAGE]), "stored");
  assertThrows(
    () => zswap.store(0, 2 ** 26, [PAGE]),
    RangeError,
    "the 'offset' is 67108864, not a whole number from 0 to 67108863",
  );
});

Deno.test("pages are given whole", () => {
  const calls = [
    () => makeZram().write(0, SHORT),
    () => makeZram().read(0, SHORT),
    () => makeZswap().store(0, 1, [PAGE, SHORT]),
    () => makeZswap().load(0, 1, SHORT),
    () => makeSwap().write(0, 0, SHORT),
    () => makeSwap().read(0, 0, SHORT),
    () => new RamBackingDevice(8, 4096).writePage(1, SHORT),
    () => new RamBackingDevice(8, 4096).readPage(1, SHORT),
  ];
  for (const call of calls) {
    assertThrows(call, RangeError, "has 100 bytes, not 4096");
  }
  assertThrows(
    () => makeZram().markIdle(NaN),
    RangeError,
    "the 'cutoff' is NaN, not a time",
  );
});

/** What is of no type that anything here takes. */
const NO_TYPE = [5, 5n, null, undefined, true, () => 1];

/** A call that is given what its types forbid. */
type LooseCall = (wrong: never) => unknown;

/** Calls that take bytes, texts, kernels or objects, by how they refuse others. */
const LOOSE_CALLS: readonly (readonly [refused: string, call: LooseCall])[] = [
  ["write: the 'data'", (data) => {
    const pool = new ZsPool(LINUX_6_18);
    pool.write(Number(pool.malloc(100)), data);
  }],
  ["read: the 'into'", (into) => {
    const pool = new ZsPool(LINUX_6_18);
    pool.read(Number(pool.malloc(100)), into);
  }],
  ["read: the 'into'", (into) => {
    const pool = new ZsPool(LINUX_6_18);
    pool.map(Number(pool.malloc(100)), "read-only").read(into);
  }],
  ["write page 0: the 'data'", (data) => makeZram().write(0, data)],
  ["read page 0: the 'data'", (into) => makeZram().read(0, into)],
  ["submit a request: the 'bio'", (bio) => makeZram().submitBio(bio)],
  [
    "submit a request: the 'op'",
    (op) => makeZram().submitBio({ op: op ?? NaN, sector: 0, data: PAGE }),
  ],
  [
    "submit a request: the 'data'",
    (data) => makeZram().submitBio({ op: "write", sector: 0, data }),
  ],
  ["set an algorithm: the 'name'", (name) => makeZram().setAlgorithm(name)],
  [
    "set a backing device: the 'path'",
    (path) => makeZram().setBackingDev(path),
  ],
  ["write back: the 'text'", (text) => makeZram().writeback(text)],
  ["recompress: the 'text'", (text) => makeZram().recompress(text)],
  [
    "write an attribute: the 'text'",
    (text) => writeAttribute(makeZram(), "mem_limit", text),
  ],
  ["store a page: the 'folio'", (folio) => makeZswap().store(0, 0, folio)],
  ["store a page: the 'data'", (page) => makeZswap().store(0, 0, [page])],
  ["load a page: the 'data'", (into) => makeZswap().load(0, 0, into)],
  ["write a page: the 'data'", (data) => makeSwap().write(0, 0, data)],
  ["swap on: the 'device'", (device) => makeSwap().swapon(device)],
  [
    "write block 0: the 'data'",
    (data) => new RamBackingDevice(8, 4096).writePage(0, data),
  ],
  ["make a pool: the 'profile'", (profile) => new ZsPool(profile)],
  ["make a pool: the 'profile'", (profile) => new ZbudPool(profile)],
  ["make a pool: the 'profile'", (profile) => new Z3foldPool(profile)],
  ["make zram: the 'profile'", (profile) => new Zram(profile)],
  ["load zram: the 'profile'", (profile) => new ZramControl(profile)],
  [
    "make zswap: the 'profile'",
    (profile) => new Zswap(profile, { totalRamPages: 100 }),
  ],
  ["make zswap: the 'options'", (options) => new Zswap(LINUX_6_18, options)],
  ["make swap: the 'profile'", (profile) => new Swap(profile)],
  ["make zcache: the 'profile'", (profile) => new Zcache(profile)],
  ["make a cache: the 'options'", (options) => createDmCache(options)],
  ["compact memory: the 'memory'", (memory) => compactMemory(memory)],
  ["explore: the 'trial'", (trial) => exploreRaces(trial)],
  ["explain a paste: the 'paste'", (paste) => explainPaste(paste)],
  ["read a transcript: the 'source'", (source) => assertTranscript(source)],
  ["read the threads: the 'text'", (text) => readRaceProgram(text)],
  ["use attributes: the 'zram'", (zram) => readAttribute(zram, "disksize")],
  ["use attributes: the 'zram'", (zram) => attributeNames(zram)],
  ["use a disk: the 'zram'", (zram) => zramBlockDevice(zram)],
  ["use a disk: the 'zram'", (zram) => zramSwapDevice(zram)],
  ["use a disk: the 'device'", (device) => blockSwapDevice(device)],
  ["show blocks: the 'zram'", (zram) => readBlockState(zram)],
  [
    "use parameters: the 'zswap'",
    (zswap) => readZswapParameter(zswap, "enabled"),
  ],
  [
    "write a parameter: the 'text'",
    (text) => writeZswapParameter(makeZswap(), "enabled", text),
  ],
  ["count pages: the 'zswap'", (zswap) => zswapCounters(zswap)],
  ["check a pool: the 'pool'", (pool) => checkPool(pool)],
  ["check zram: the 'zram'", (zram) => checkZram(zram)],
  ["check zswap: the 'zswap'", (zswap) => checkZswap(zswap)],
  ["check swap: the 'swap'", (swap) => checkSwap(swap)],
  ["read a number: the 'text'", (text) => memparse(text)],
  ["describe a kernel: the 'description'", (line) => describedProfile(line)],
  [
    "define a profile: the 'name'",
    (name) => defineProfile(name, LINUX_6_18, {}),
  ],
  ["define a profile: the 'from'", (from) => defineProfile("mine", from, {})],
];

Deno.test("what is no bytes, no text, no kernel and no object of its kind is refused in one sentence", () => {
  for (const [refused, call] of LOOSE_CALLS) {
    for (const wrong of NO_TYPE) {
      const { message } = assertThrows(() => call(wrong as never), TypeError);
      assertEquals(message.split(" is ")[0], `Cannot ${refused}`);
      assertEquals(message.includes(", not "), true, message);
    }
  }
});

Deno.test("an error names a text in its quotes, a bigint as one, an object by its class", () => {
  const size = (wrong: unknown) => () =>
    new ZsPool(LINUX_6_18).malloc(wrong as never);
  assertThrows(size("64"), RangeError, "the 'size' is '64', not");
  assertThrows(size(64n), RangeError, "the 'size' is 64n, not");
  assertThrows(size(PAGE), RangeError, "the 'size' is a Uint8Array, not");
  assertThrows(size([]), RangeError, "the 'size' is an Array, not");
  assertThrows(
    () => new Zram("linux\n6.18".repeat(9) as never),
    TypeError,
    "the 'profile' is 'linux 6.18linux 6.18linux 6.18linux 6.18…', not a Profile",
  );
});

Deno.test("a request of no kind that there is reads, writes and discards nothing", () => {
  const zram = makeZram();
  const page = Uint8Array.from({ length: 4096 }, (_, at) => at % 251);
  zram.write(0, page);
  const before = [zram.mmStat(), { ...zram.ioStat }];
  for (const rest of [{ data: PAGE }, { bytes: 4096 }]) {
    assertThrows(
      () => zram.submitBio({ op: "flush", sector: 0, ...rest } as never),
      TypeError,
      "the 'op' is 'flush', not read, write, discard or write_zeroes",
    );
  }
  assertEquals([zram.mmStat(), zram.ioStat], before);
});

Deno.test("a text of a page's length is no page", () => {
  assertThrows(() => makeZram().write(0, "x".repeat(4096) as never), TypeError);
});

Deno.test("without a backing device no block is given back", () => {
  const zram = makeZram();
  assertThrows(
    () => zram.freeBlock(5),
    Error,
    "Cannot free block 5: zram has no backing device",
  );
  assertEquals(zram.bdStat().bd_count, 0);
});

Deno.test("a cutoff is a time, or all", () => {
  for (const wrong of ["some", {}, null]) {
    assertThrows(
      () => makeZram().markIdle(wrong as never),
      RangeError,
      "not a time or 'all'",
    );
  }
});

Deno.test("the limit of a cgroup is a number of pages, or none", () => {
  const limited = (cgroupMax: number) =>
    new Zswap(LINUX_6_18, { totalRamPages: 100, cgroupMax });
  assertEquals(limited(Infinity).cgroupMax, Infinity);
  for (const wrong of [NaN, -1, 1.5, "x" as never]) {
    assertThrows(() => limited(wrong), RangeError, "the 'cgroupMax' is ");
  }
});

Deno.test("what is drawn is drawn from a whole number, whatever its size or sign", () => {
  for (const seed of [0, -1, 2 ** 40]) assertEquals(randomFrom(seed)(1), 0);
  for (const wrong of [NaN, 0.5, "x" as never, undefined as never]) {
    assertThrows(() => randomFrom(wrong), TypeError, "the 'seed' is ");
  }
});

Deno.test("a zspage that the pool never had is of no class", () => {
  for (const zspage of [NaN, -1, 5000]) {
    assertThrows(
      () => new ZsPool(LINUX_6_18).classOfZspage(zspage),
      TypeError,
      `the 'zspage' is ${zspage}, not one of the pool`,
    );
  }
});

Deno.test("only where there are zones is a memory's allocator looked at, and only a memory has one", () => {
  assertEquals([buddyinfo(undefined), compactMemory(new Memory())], ["", []]);
  assertThrows(() => buddyinfo("x" as never), TypeError, "of a Memory");
  assertThrows(() => new Memory().allocPage("x" as never), TypeError, "a Gfp");
});

Deno.test("an object without the methods of a target is refused, and nothing is run", async () => {
  for (const conform of [conformZsmalloc, conformZram, conformZswap]) {
    for (const wrong of [5, undefined, {}, { create: 5 }]) {
      await assertRejects(
        () => conform(wrong as never),
        TypeError,
        "Cannot conform: the 'target.create' is ",
      );
    }
  }
  await assertRejects(
    () => conformZram(modelZram(LINUX_6_18), { profile: 5 as never }),
    TypeError,
    "the 'profile' is 5, not a Profile such as LINUX_6_18",
  );
});

Deno.test("an answer without its fields is a finding that says which, and what they would be", async () => {
  const found = {
    malloc: conformZsmalloc({
      ...modelZsmalloc(LINUX_6_18),
      malloc: () => 1 as never,
    }),
    compact: conformZsmalloc({
      ...modelZsmalloc(LINUX_6_18),
      compact: () => Promise.resolve({ pagesFreed: "1" as never }),
    }),
    get: conformZram({
      ...modelZram(LINUX_6_18),
      get: () => ({ value: 5 as never }),
    }),
    read: conformZram({
      ...modelZram(LINUX_6_18),
      read: () => ({ data: "page" as never }),
    }),
    load: conformZswap({
      ...modelZswap(LINUX_6_18),
      load: () => ({} as never),
    }),
    writeback: conformZswap({
      ...modelZswap(LINUX_6_18),
      writeback: () => ({ written: [[0, 1]] as never }),
    }),
  };
  const right = {
    malloc: "the answer is 1, not an object with 'handle'",
    compact: "the field 'pagesFreed' is '1', not a whole number from 0 on",
    get: "the field 'value' is 5, not a text",
    read: "the field 'data' is 'page', not a Uint8Array",
    load: "the field 'data' is undefined, not a Uint8Array or null",
    writeback:
      "the field 'written' is an Array, not rows [type, offset, Uint8Array]",
  };
  for (const [name, result] of Object.entries(found)) {
    const { finding } = await result;
    assertEquals(finding?.rule.id, "protocol/answers");
    assertEquals(finding?.found, {
      malformed: right[name as keyof typeof right],
    });
  }
});

Deno.test("a target may be a frozen object, and one of a class with private fields", async () => {
  class Mine {
    readonly #model = modelZsmalloc(LINUX_6_18);
    create = this.#model.create;
    free = this.#model.free;
    write = this.#model.write;
    read = this.#model.read;
    compact = this.#model.compact;
    stats = this.#model.stats;
    malloc(size: number) {
      return this.#model.malloc(size);
    }
  }
  for (const target of [new Mine(), Object.freeze(new Mine())]) {
    const { finding } = await conformZsmalloc(target, { runs: 3 });
    assertEquals(finding, undefined);
  }
});
