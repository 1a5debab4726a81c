import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  acceptThresholdPages,
  checkFrontswap,
  checkZswap,
  checkZswapStore,
  FRONTSWAP_INVARIANTS,
  type FrontswapBefore,
  frontswapBefore,
  type FrontswapChange,
  InvariantError,
  LINUX_3_12,
  LINUX_4_0,
  LINUX_6_1,
  LINUX_6_18,
  maxPages,
  type Profile,
  randomFrom,
  Zswap,
  zswapCounters,
  zswapLimitsBefore,
  type ZswapOptions,
} from "../mod.ts";

const PAGE = 4096;

/** A page of `noise` random bytes, then zeros: about as many compressed. */
function noisy(noise: number, seed = 1): Uint8Array {
  const random = randomFrom(seed);
  return Uint8Array.from(
    { length: PAGE },
    (_, at) => at < noise ? random(256) : 0,
  );
}

function makeZswap(
  profile: Profile,
  options: Partial<ZswapOptions> = {},
): Zswap {
  const zswap = new Zswap(profile, { totalRamPages: 1000, ...options });
  zswap.swapon(0);
  return zswap;
}

Deno.test("the shares of memory are whole pages, divided in each kernel's order", () => {
  const found = [LINUX_6_1, LINUX_6_18].map((profile) => {
    const zswap = makeZswap(profile, { totalRamPages: 199 });
    zswap.parameters.maxPoolPercent = 30;
    zswap.parameters.acceptThresholdPercent = 77;
    checkZswap(zswap);
    return [maxPages(zswap), acceptThresholdPages(zswap)];
  });
  // 199 * 77 / 100 is 153, of which 30 % is 45; 30 % of 199 is 59, 77 % of it 45.
  assertEquals(found, [[59, 45], [59, 45]]);
  const apart = [LINUX_6_1, LINUX_6_18].map((profile) => {
    const zswap = makeZswap(profile, { totalRamPages: 133 });
    zswap.parameters.acceptThresholdPercent = 95;
    checkZswap(zswap);
    return acceptThresholdPages(zswap);
  });
  // 95 % of 133 is 126, 20 % of that 25; 20 % of 133 is 26, 95 % of that 24.
  assertEquals(apart, [25, 24]);
});

/** Stores, frees and asks again what debugfs shows of the pools. */
function sizesOf(zswap: Zswap): void {
  for (let offset = 1; offset <= 20; offset++) {
    const before = zswapLimitsBefore(zswap);
    assertEquals(zswap.store(0, offset, [noisy(2500, offset)]), "stored");
    checkZswapStore(before, zswap);
  }
  for (let offset = 1; offset <= 20; offset += 2) zswap.invalidate(0, offset);
  checkZswap(zswap);
  const { pool_pages, pool_total_size } = zswapCounters(zswap);
  const { totalPages } = zswap.pools;
  assertEquals(pool_pages ?? Number(pool_total_size) / PAGE, totalPages);
}

Deno.test("the size of the pools that is shown is theirs, over each allocator", () => {
  for (const zpool of LINUX_6_1.zswap.zpools) {
    sizesOf(makeZswap(LINUX_6_1, { zpool }));
  }
  for (const profile of [LINUX_4_0, LINUX_3_12, LINUX_6_18]) {
    sizesOf(makeZswap(profile));
  }
});

Deno.test("a store that leaves the pages uncounted is found", () => {
  for (const zpool of LINUX_6_1.zswap.zpools) {
    const zswap = makeZswap(LINUX_6_1, { zpool });
    const before = zswapLimitsBefore(zswap);
    zswap.store(0, 1, [noisy(2500)]);
    checkZswapStore(before, zswap);
    // More may have been counted before z3fold's worker freed some.
    zswap.countedPages--;
    const error = assertThrows(
      () => checkZswapStore(before, zswap),
      InvariantError,
    );
    assertEquals(error.id, "zswap/pool-total-size-stored");
  }
});

type Op = FrontswapChange["op"];

/** Does one operation at an offset and checks what frontswap made of it. */
function operate(
  zswap: Zswap,
  op: Op,
  offset: number,
  page = noisy(900, offset),
): [FrontswapBefore, FrontswapChange] {
  const before = frontswapBefore(zswap, 0, offset);
  const outcome = {
    store: () => zswap.store(0, offset, [page]),
    load: () => zswap.load(0, offset, new Uint8Array(PAGE)),
    invalidate() {
      zswap.invalidate(0, offset);
      return undefined;
    },
  }[op]();
  const change = { zswap, type: 0, offset, op, outcome };
  checkFrontswap(before, change);
  return [before, change];
}

Deno.test("frontswap counts each store, load and invalidation once, whatever comes of it", () => {
  for (const profile of [LINUX_3_12, LINUX_4_0, LINUX_6_1]) {
    const zswap = makeZswap(profile);
    operate(zswap, "store", 1);
    operate(zswap, "store", 1);
    operate(zswap, "store", 2);
    operate(zswap, "load", 1);
    operate(zswap, "load", 1);
    operate(zswap, "load", 9);
    operate(zswap, "invalidate", 2);
    operate(zswap, "invalidate", 2);
    // Too much noise for zbud: the store fails, and the page is unknown.
    operate(zswap, "store", 1, noisy(PAGE));
    operate(zswap, "load", 1);
    assertEquals(zswap.frontswap, {
      loads: 2,
      succ_stores: 3,
      failed_stores: 1,
      invalidates: 1,
    });
  }
});

Deno.test("a page that frontswap knows and zswap has written back is no load", () => {
  const zswap = makeZswap(LINUX_6_1, {
    totalRamPages: 5,
    swap: {
      // deno-lint-ignore require-yield
      *allocSwapCachePage() {
        return "new" as const;
      },
      *deleteFromSwapCache() {},
      *writePage() {},
    },
  });
  for (const offset of [1, 2, 3, 4]) operate(zswap, "store", offset);
  zswap.shrinkWork();
  assertEquals(zswapCounters(zswap).written_back_pages, 2);
  assertEquals(operate(zswap, "load", 1)[1].outcome, "ENOENT");
  assertEquals(zswap.frontswap.loads, 0);
});

Deno.test("without frontswap none of its counters moves", () => {
  const zswap = makeZswap(LINUX_6_18);
  for (const op of ["store", "load", "invalidate"] as const) {
    const [before, change] = operate(zswap, op, 1);
    zswap.frontswap.loads++;
    assertThrows(() => checkFrontswap(before, change), InvariantError);
    zswap.frontswap.loads--;
    zswap.treeOf(0).frontswapMap.add(4);
    assertThrows(() => checkFrontswap(before, change), InvariantError);
    zswap.treeOf(0).frontswapMap.clear();
  }
});

Deno.test("each rule about frontswap is broken by what it forbids", () => {
  const names = [
    "loads",
    "succ_stores",
    "failed_stores",
    "invalidates",
  ] as const;
  const broken = new Set<string>();
  for (const op of ["store", "load", "invalidate"] as const) {
    for (const offset of [1, 2]) {
      const zswap = makeZswap(LINUX_6_1);
      zswap.store(0, 1, [noisy(900)]);
      const [before, change] = operate(zswap, op, offset);
      const expectBroken = () => {
        const error = assertThrows(
          () => checkFrontswap(before, change),
          InvariantError,
        );
        broken.add(error.id);
      };
      for (const name of names) {
        for (const by of [-1, 1]) {
          zswap.frontswap[name] += by;
          expectBroken();
          zswap.frontswap[name] -= by;
        }
      }
      const { frontswapMap } = zswap.treeOf(0);
      frontswapMap.add(77);
      expectBroken();
      frontswapMap.delete(77);
      if (!frontswapMap.delete(offset)) frontswapMap.add(offset);
      expectBroken();
    }
  }
  assertEquals([...broken], FRONTSWAP_INVARIANTS.map(({ id }) => id));
});

/** A codec that makes a wanted length of a page, and knows the page again. */
function codecOf(length: number) {
  return {
    name: "lzo",
    compress(page: Uint8Array, into: Uint8Array): number {
      into.fill(0x5a, 0, length);
      into.set(page.subarray(0, 8));
      return length;
    },
    decompress(compressed: Uint8Array, page: Uint8Array): void {
      assertEquals(compressed.length, length);
      page.fill(7).set(compressed.subarray(0, 8));
    },
  };
}

Deno.test("a page that becomes no smaller than a page is kept as it is in 6.18, and reads back", () => {
  const page = new Uint8Array(PAGE).fill(7);
  page.set([1, 2, 3, 4, 5, 6, 7, 8]);
  const found = [PAGE - 1, PAGE, PAGE + 1].map((length) => {
    const zswap = makeZswap(LINUX_6_18, { codecs: [codecOf(length)] });
    assertEquals(zswap.store(0, 1, [page]), "stored");
    const into = new Uint8Array(PAGE);
    assertEquals(zswap.load(0, 1, into, false), undefined);
    assertEquals(into, page);
    checkZswap(zswap);
    return zswapCounters(zswap).stored_incompressible_pages;
  });
  assertEquals(found, [0, 1, 1]);
});

Deno.test("up to 6.1 a compressor may make a whole page of a page, and fails where it would make more", () => {
  const page = new Uint8Array(PAGE).fill(7);
  page.set([1, 2, 3, 4, 5, 6, 7, 8]);
  const found = [PAGE - 1, PAGE, PAGE + 1].map((length) => {
    const zswap = makeZswap(LINUX_6_1, {
      zpool: "zsmalloc",
      codecs: [codecOf(length)],
    });
    const outcome = zswap.store(0, 1, [page]);
    const into = new Uint8Array(PAGE);
    const loaded = zswap.load(0, 1, into);
    if (outcome === "stored") assertEquals(into, page);
    checkZswap(zswap);
    return [outcome, loaded];
  });
  assertEquals(found, [
    ["stored", undefined],
    ["stored", undefined],
    ["EINVAL", "ENOENT"],
  ]);
});

Deno.test("the limits hold to the page: above it in 6.1, at it in 6.18", () => {
  for (const profile of [LINUX_6_1, LINUX_6_18]) {
    const options = profile === LINUX_6_1 ? { zpool: "zsmalloc" as const } : {};
    // Each page takes one of zsmalloc's, and ten are allowed.
    const zswap = makeZswap(profile, { totalRamPages: 50, ...options });
    let stored = 0;
    while (zswap.store(0, stored + 1, [noisy(3900, stored)]) === "stored") {
      stored++;
    }
    assertEquals(maxPages(zswap), 10);
    assertEquals(stored, profile === LINUX_6_1 ? 11 : 10);
    assertEquals(zswapCounters(zswap).pool_limit_hit, 1);
    // 90 % of 10: accepted below 9 pages in 6.1, at 9 in 6.18.
    assertEquals(acceptThresholdPages(zswap), 9);
    const accepted = [];
    for (let offset = 1; offset <= stored; offset++) {
      zswap.invalidate(0, offset);
      const left = zswap.pools.totalPages;
      const outcome = zswap.store(0, 100, [noisy(3900, 9)]);
      if (outcome === "stored") {
        accepted.push(left);
        break;
      }
    }
    assertEquals(accepted, [profile === LINUX_6_1 ? 8 : 9]);
    assert(zswap.reachedFull === false);
  }
});
