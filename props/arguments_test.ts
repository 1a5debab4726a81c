import { assertEquals, assertThrows } from "@std/assert";
import {
  LINUX_3_12,
  LINUX_6_1,
  LINUX_6_18,
  LINUX_6_18_FULL,
  Memory,
  pseudoSwapDevice,
  RamBackingDevice,
  Swap,
  Z3foldPool,
  ZbudPool,
  Zram,
  ZramControl,
  ZsPool,
  Zswap,
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
