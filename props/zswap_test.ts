import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  checkZswap,
  type Codec,
  CorruptDataError,
  FRONTSWAP_INVARIANTS,
  InvariantError,
  KernelBug,
  LINUX_3_12,
  LINUX_4_0,
  LINUX_6_1,
  LINUX_6_18,
  type Profile,
  randomFrom,
  readZswapDebugfs,
  readZswapHeader,
  readZswapParameter,
  runToEnd,
  type Stop,
  stopText,
  type SwapLayer,
  writeZswapHeader,
  writeZswapParameter,
  Zswap,
  ZSWAP_INVARIANTS,
  ZSWAP_STORE_INVARIANTS,
  zswapCounters,
  type ZswapOptions,
  zswapParameterNames,
} from "../mod.ts";

const SWAPPED_3_12: Profile = { ...LINUX_6_1, zswap: LINUX_3_12.zswap };
const PAGE = 4096;

/** A page of `noise` random bytes, then zeros: about as many compressed. */
function noisy(noise: number, seed = 1): Uint8Array {
  const random = randomFrom(seed);
  const page = new Uint8Array(PAGE);
  for (let at = 0; at < noise; at++) page[at] = random(256);
  return page;
}

/** A swap layer that notes what is written back, and can refuse. */
class Layer implements SwapLayer {
  readonly written = new Map<string, Uint8Array>();
  readonly inCache = new Set<string>();
  deleted = 0;
  *allocSwapCachePage(
    type: number,
    offset: number,
  ): Generator<Stop, "new" | "exists"> {
    yield "alloc_page may sleep";
    return this.inCache.has(`${type}:${offset}`) ? "exists" : "new";
  }
  // deno-lint-ignore require-yield
  *deleteFromSwapCache(): Generator<Stop, void> {
    this.deleted++;
  }
  *writePage(type: number, offset: number, data: Uint8Array) {
    this.written.set(`${type}:${offset}`, data.slice());
    this.inCache.add(`${type}:${offset}`);
    yield "bio submitted";
  }
}

function zswapOf(
  profile: Profile,
  options: Partial<ZswapOptions> = {},
): { zswap: Zswap; layer: Layer } {
  const layer = new Layer();
  const zswap = new Zswap(profile, {
    totalRamPages: 100,
    swap: layer,
    ...options,
  });
  zswap.swapon(0);
  return { zswap, layer };
}

function load(zswap: Zswap, offset: number): Uint8Array | string {
  const into = new Uint8Array(PAGE);
  return zswap.load(0, offset, into, false) ?? into;
}

/** Stores pages at 1, 2, … until one is refused; returns how many were not. */
function fill(zswap: Zswap, noise: number): number {
  let stored = 0;
  while (zswap.store(0, stored + 1, [noisy(noise, stored)]) === "stored") {
    stored++;
  }
  return stored;
}

Deno.test("a page whose store fails in 3.12 leaves the older one in zswap, which writeback puts over the newer", () => {
  const { zswap, layer } = zswapOf(SWAPPED_3_12);
  const [older, newer] = [noisy(500), noisy(PAGE)];
  assertEquals(zswap.store(0, 7, [older]), "stored");
  assertEquals(zswap.store(0, 7, [newer]), "ENOSPC");
  // frontswap has forgotten it: the device, which has the newer one, is asked.
  assertEquals(load(zswap, 7), "ENOENT");
  assertEquals(zswapCounters(zswap).stored_pages, 1);
  zswap.parameters.maxPoolPercent = 0;
  zswap.store(0, 8, [noisy(10)]);
  assertEquals(layer.written.get("0:7"), older);
});

Deno.test("a page whose store fails in 6.1 or 6.18 leaves nothing in zswap", () => {
  for (const profile of [LINUX_6_1, LINUX_6_18]) {
    const { zswap } = zswapOf(profile);
    assertEquals(zswap.store(0, 7, [noisy(500)]), "stored");
    zswap.parameters.enabled = false;
    assert(zswap.store(0, 7, [noisy(600)]) !== "stored");
    assertEquals(load(zswap, 7), "ENOENT");
    assertEquals(zswapCounters(zswap).stored_pages, 0);
    checkZswap(zswap);
  }
});

Deno.test("an older entry is a duplicate in 3.12 and is gone beforehand in 6.1", () => {
  const counts = [SWAPPED_3_12, LINUX_6_1].map((profile) => {
    const { zswap } = zswapOf(profile);
    zswap.store(0, 7, [noisy(500)]);
    assertEquals(zswap.store(0, 7, [noisy(600)]), "stored");
    assertEquals(load(zswap, 7), noisy(600));
    return zswapCounters(zswap).duplicate_entry;
  });
  assertEquals(counts, [1, 0]);
});

Deno.test("3.12 has a pool for each swap type, and a store that finds zswap full evicts from its own type's", () => {
  const { zswap, layer } = zswapOf(SWAPPED_3_12, { totalRamPages: 10 });
  zswap.swapon(1);
  assertEquals(zswap.pools.list.length, 2);
  for (let nth = 1; nth <= 5; nth++) zswap.store(0, nth, [noisy(1500, nth)]);
  assertEquals(readZswapDebugfs(zswap, "pool_pages"), { text: "3\n" });
  // The limit looks at the pool that was touched last, and type 1 has nothing.
  assertEquals(zswap.store(1, 1, [noisy(100)]), "ENOMEM");
  const counters = zswapCounters(zswap);
  assertEquals(counters.pool_limit_hit, 1);
  assertEquals(counters.reject_reclaim_fail, 1);
  assertEquals(zswap.store(0, 7, [noisy(100)]), "stored");
  assertEquals([...layer.written.keys()], ["0:1", "0:2"]);
  zswap.swapoff(0);
  assertEquals(zswap.pools.list.length, 1);
});

Deno.test("a full zswap of 6.1 refuses, its worker evicts one page, and stores go on below the threshold", () => {
  const { zswap, layer } = zswapOf(LINUX_6_1);
  // The limit is 20 pages; two objects a page; the one over it was let in.
  assertEquals(fill(zswap, 1500), 41);
  assertEquals(zswapCounters(zswap).pool_limit_hit, 1);
  assertEquals(layer.written.size, 0);
  zswap.shrinkWork();
  assertEquals([...layer.written.keys()], ["0:1", "0:2"]);
  // The page's two entries were freed before the page: 21 pages were counted.
  assertEquals(zswap.countedPages, 21);
  assertEquals(zswap.pools.totalPages, 20);
  assertEquals(zswap.store(0, 50, [noisy(10)]), "ENOMEM");
  assertEquals(zswapCounters(zswap).pool_limit_hit, 2);
  zswap.invalidate(0, 3);
  zswap.invalidate(0, 4);
  // 19 pages: not above the limit, and not below the threshold of 18.
  assertEquals(zswap.store(0, 50, [noisy(10)]), "ENOMEM");
  assertEquals(zswapCounters(zswap).pool_limit_hit, 2);
  for (let offset = 5; offset <= 8; offset++) zswap.invalidate(0, offset);
  assertEquals(zswap.pools.totalPages, 17);
  assertEquals(zswap.store(0, 50, [noisy(10)]), "stored");
});

Deno.test("on zsmalloc 6.1 writes nothing back, and each failure of its worker counts", () => {
  const { zswap, layer } = zswapOf(LINUX_6_1, { zpool: "zsmalloc" });
  fill(zswap, 1500);
  zswap.shrinkWork();
  assertEquals(layer.written.size, 0);
  assertEquals(zswapCounters(zswap).reject_reclaim_fail, 1);
});

Deno.test("a second full store of 6.1 before the worker ran takes a reference that nobody drops", () => {
  const { zswap } = zswapOf(LINUX_6_1);
  const stored = fill(zswap, 1500);
  zswap.store(0, 99, [noisy(10)]);
  zswap.shrinkWork();
  const entries = stored - 2;
  assertEquals(zswap.pools.current?.kref, 1 + entries + 1);
});

Deno.test("6.18's worker gives each new entry a second chance and stops at 16 failures", () => {
  const { zswap, layer } = zswapOf(LINUX_6_18);
  const stored = fill(zswap, 1500);
  zswap.shrinkWork();
  // All were new: 16 lost their mark and went to the tail, none was written.
  assertEquals(layer.written.size, 0);
  assertEquals([...zswap.lru][0].offset, 17);
  assertEquals([...zswap.lru].filter((one) => !one.referenced).length, 16);
  while (zswap.pools.totalPages > 18) {
    zswap.queueShrink();
    zswap.shrinkWork();
  }
  assertEquals([...layer.written.keys()][0], "0:1");
  assert(layer.written.size < stored);
  assertEquals(zswap.store(0, 99, [noisy(10)]), "stored");
  checkZswap(zswap);
});

Deno.test("a folio of 6.18 is stored whole or not at all, and older pages at its offsets go", () => {
  const { zswap } = zswapOf(LINUX_6_18, { failEntry: (nth) => nth === 3 });
  assertEquals(zswap.store(0, 5, [noisy(100)]), "stored");
  const folio = [1, 2, 3, 4].map((seed) => noisy(900, seed));
  assertEquals(zswap.store(0, 4, folio), "refused");
  assertEquals(zswapCounters(zswap).stored_pages, 0);
  assertEquals(zswapCounters(zswap).reject_kmemcache_fail, 1);
  assertEquals(zswap.pools.totalPages, 0);
  assertEquals(zswap.store(0, 4, folio), "stored");
  folio.forEach((page, nth) => assertEquals(load(zswap, 4 + nth), page));
  assertEquals(zswapOf(LINUX_6_1).zswap.store(0, 4, folio), "EINVAL");
});

Deno.test("a page that does not compress: refused, the reason by allocator, or in 6.18 stored as it is", () => {
  const noise = noisy(PAGE);
  // In 6.1 without the checked encoder, lzo answers lengths beyond a page.
  const before = {
    ...LINUX_6_1,
    zswap: { ...LINUX_6_1.zswap, compressorErrnos: {} },
  };
  const reasons = (["zbud", "z3fold", "zsmalloc"] as const).map((zpool) => {
    const { zswap } = zswapOf(before, { zpool });
    const outcome = zswap.store(0, 1, [noise]);
    const { reject_compress_poor, reject_alloc_fail } = zswapCounters(zswap);
    return [outcome, reject_compress_poor, reject_alloc_fail];
  });
  assertEquals(reasons, [
    ["ENOSPC", 1, 0],
    ["ENOSPC", 1, 0],
    ["EINVAL", 0, 1],
  ]);
  // Since then every compressor itself fails there, and that counts nowhere.
  for (const compressor of ["lzo", "lzo-rle", "lz4"]) {
    const { zswap } = zswapOf(LINUX_6_1, { compressor });
    assertEquals(zswap.store(0, 1, [noise]), "EINVAL");
    assertEquals(zswapCounters(zswap).reject_compress_poor, 0);
  }

  const { zswap } = zswapOf(LINUX_6_18);
  assertEquals(zswap.store(0, 1, [noise]), "stored");
  assertEquals(zswapCounters(zswap).stored_incompressible_pages, 1);
  assertEquals(load(zswap, 1), noise);
  const { zswap: without } = zswapOf(LINUX_6_18, { writeback: false });
  assertEquals(without.store(0, 1, [noise]), "refused");
  assertEquals(zswapCounters(without).reject_compress_fail, 1);
});

Deno.test("a page of one word takes an entry and no object in 6.1, an object in 3.12 and 6.18", () => {
  const same = new Uint8Array(PAGE).fill(7);
  const pages = [SWAPPED_3_12, LINUX_6_1, LINUX_6_18].map((profile) => {
    const { zswap } = zswapOf(profile);
    zswap.store(0, 1, [same]);
    assertEquals(load(zswap, 1), same);
    return zswap.pools.totalPages > 0;
  });
  assertEquals(pages, [true, false, true]);
  const { zswap } = zswapOf(LINUX_6_1);
  writeZswapParameter(zswap, "same_filled_pages_enabled", "N");
  zswap.store(0, 1, [same]);
  assertEquals(zswapCounters(zswap).same_filled_pages, 0);
  writeZswapParameter(zswap, "non_same_filled_pages_enabled", "N");
  assertEquals(zswap.store(0, 2, [same]), "EINVAL");
});

Deno.test("6.18 frees a page that is loaded into the swap cache, and no other; 6.1 frees none", () => {
  const left = [LINUX_6_1, LINUX_6_18].map((profile) => {
    const { zswap } = zswapOf(profile);
    zswap.store(0, 1, [noisy(100)]);
    zswap.load(0, 1, new Uint8Array(PAGE), false);
    assertEquals(zswapCounters(zswap).stored_pages, 1);
    zswap.load(0, 1, new Uint8Array(PAGE), true);
    return zswapCounters(zswap).stored_pages;
  });
  assertEquals(left, [1, 0]);
});

Deno.test("entries stay readable when compressor and allocator change, and their pool goes with the last", () => {
  const { zswap } = zswapOf(LINUX_6_1);
  const page = noisy(1500);
  zswap.store(0, 1, [page]);
  assertEquals(writeZswapParameter(zswap, "compressor", " lz4 \n"), undefined);
  zswap.store(0, 2, [page]);
  assertEquals(writeZswapParameter(zswap, "zpool", "zsmalloc\n"), undefined);
  zswap.store(0, 3, [page]);
  assertEquals(zswap.pools.list.length, 3);
  for (const offset of [1, 2, 3]) assertEquals(load(zswap, offset), page);
  zswap.invalidate(0, 2);
  assertEquals(
    zswap.pools.list.map(({ zpool, codec }) => `${zpool.type} ${codec.name}`),
    ["zsmalloc lz4", "zbud lzo"],
  );
  // Back to what there still is: the pool is taken up again.
  writeZswapParameter(zswap, "compressor", "lzo");
  writeZswapParameter(zswap, "zpool", "zbud");
  assertEquals(zswap.pools.list.length, 2);
  assertEquals(zswap.pools.current?.kref, 2);
  checkZswap(zswap);
});

Deno.test("parameters have the kernel's names, texts and errnos", () => {
  const { zswap } = zswapOf(LINUX_6_1);
  assertEquals(zswapParameterNames(zswapOf(SWAPPED_3_12).zswap), [
    "max_pool_percent",
  ]);
  const cases = [
    ["enabled", "0\n", undefined, "N\n"],
    ["enabled", "maybe", "EINVAL", "N\n"],
    ["enabled", "on", undefined, "Y\n"],
    ["max_pool_percent", "0x1e\n", undefined, "30\n"],
    ["max_pool_percent", "many", "EINVAL", "30\n"],
    ["max_pool_percent", "4294967296", "ERANGE", "30\n"],
    ["accept_threshold_percent", "200", undefined, "200\n"],
    ["compressor", "snappy\n", "ENOENT", "lzo\n"],
    ["compressor", "lzo\n", undefined, "lzo\n"],
    ["zpool", "slub", "ENOENT", "zbud\n"],
  ] as const;
  for (const [name, text, errno, shown] of cases) {
    assertEquals(writeZswapParameter(zswap, name, text), errno, text);
    assertEquals(readZswapParameter(zswap, name), { text: shown });
  }
  const absent = [
    [LINUX_6_1, "shrinker_enabled"],
    [LINUX_6_18, "zpool"],
    [LINUX_6_18, "same_filled_pages_enabled"],
    [SWAPPED_3_12, "enabled"],
  ] as const;
  for (const [profile, name] of absent) {
    const { zswap } = zswapOf(profile);
    assertEquals(writeZswapParameter(zswap, name, "Y"), "ENOENT");
    assertEquals(readZswapParameter(zswap, name), { errno: "ENOENT" });
  }
  assertEquals(readZswapDebugfs(zswap, "pool_pages"), { errno: "ENOENT" });
});

Deno.test("an entry that is invalidated while it is loaded is whole until the load is done", () => {
  for (const profile of [SWAPPED_3_12, LINUX_6_1]) {
    const { zswap } = zswapOf(profile);
    zswap.store(0, 1, [noisy(1500)]);
    const into = new Uint8Array(PAGE);
    const loading = zswap.loadSteps(0, 1, into);
    runUntil(loading, "acquire acomp_ctx->mutex", "acquire zswap_dstmem");
    zswap.invalidate(0, 1);
    assertEquals(zswapCounters(zswap).stored_pages, 1);
    assertEquals(runToEnd(loading), undefined);
    assertEquals(into, noisy(1500));
    assertEquals(zswapCounters(zswap).stored_pages, 0);
    assertEquals(zswap.pools.totalPages, 0);
  }
});

/** Runs an operation until it stops at one of some places. */
function runUntil(
  steps: Generator<Stop, unknown>,
  ...places: readonly string[]
): void {
  for (let step = steps.next(); !step.done; step = steps.next()) {
    const text = stopText(step.value);
    if (places.some((place) => text.includes(place))) return;
  }
  throw new Error(`it does not stop at ${places.join(" or ")}`);
}

/** Starts an eviction and stops it once the entry is referenced. */
function stoppedEviction(profile: Profile): {
  zswap: Zswap;
  layer: Layer;
  rest: Generator<Stop, unknown>;
} {
  const { zswap, layer } = zswapOf(profile);
  zswap.store(0, 1, [noisy(1500)]);
  const pool = zswap.pools.list[0];
  const rest = pool.zpool.shrinkSteps(1);
  runUntil(rest, "alloc_page may sleep");
  return { zswap, layer, rest };
}

Deno.test("an entry that is invalidated while it is written back is written by 3.12 and not by 6.1, and freed by both", () => {
  const written = [SWAPPED_3_12, LINUX_6_1].map((profile) => {
    const { zswap, layer, rest } = stoppedEviction(profile);
    zswap.invalidate(0, 1);
    while (!rest.next().done);
    assertEquals(zswapCounters(zswap).stored_pages, 0);
    return [layer.written.size, layer.deleted];
  });
  assertEquals(written, [[1, 0], [0, 1]]);
});

Deno.test("an entry that is invalidated while a writeback of it fails is lost in 3.12 and freed in 6.1", () => {
  const left = [SWAPPED_3_12, LINUX_6_1].map((profile) => {
    const { zswap, layer, rest } = stoppedEviction(profile);
    layer.inCache.add("0:1");
    zswap.invalidate(0, 1);
    while (!rest.next().done);
    return zswapCounters(zswap).stored_pages;
  });
  assertEquals(left, [1, 0]);
});

Deno.test("an entry that is loaded while it is written back is freed by whoever is last", () => {
  for (const profile of [SWAPPED_3_12, LINUX_6_1]) {
    const { zswap, rest } = stoppedEviction(profile);
    const into = new Uint8Array(PAGE);
    const loading = zswap.loadSteps(0, 1, into);
    runUntil(loading, "acquire acomp_ctx->mutex", "acquire zswap_dstmem");
    while (!rest.next().done);
    assertEquals(zswapCounters(zswap).stored_pages, 1);
    runToEnd(loading);
    assertEquals(into, noisy(1500));
    assertEquals(zswapCounters(zswap).stored_pages, 0);
  }
});

/** Whether an operation is about to let go of a z3fold page's lock. */
function isPageUnlocked({ done, value }: IteratorResult<Stop>): boolean {
  return !done && stopText(value).includes("release zhdr->page_lock");
}

Deno.test("an entry stored anew while 6.1 evicts the older object is mistaken for it: the header names the slot alone", () => {
  const { zswap } = zswapOf(LINUX_6_1, { zpool: "z3fold" });
  zswap.store(0, 1, [noisy(1500)]);
  const rest = zswap.pools.list[0].zpool.shrinkSteps(1);
  // The page is claimed and unlocked, and its object about to be evicted.
  while (!isPageUnlocked(rest.next()));
  assertEquals(zswap.store(0, 1, [noisy(1000, 2)]), "stored");
  // The newer entry's length, and the older object's bytes: a BUG_ON.
  assertThrows(() => runToEnd(rest), KernelBug);
});

Deno.test("a damaged object makes a load of 6.18 fail with EIO and its writeback leave it; before, it is a bug", () => {
  const fragile: Codec = {
    name: "lzo",
    compress: (_page, into) => into.fill(1, 0, 100).length && 100,
    decompress() {
      throw new CorruptDataError("lzo", "it is a test");
    },
  };
  const { zswap, layer } = zswapOf(LINUX_6_18, { codecs: [fragile] });
  zswap.store(0, 1, [noisy(10)]);
  assertEquals(load(zswap, 1), "EIO");
  zswap.parameters.shrinkerEnabled = true;
  assertEquals(zswap.shrinkerScan(2), "SHRINK_STOP");
  assertEquals(zswap.shrinkerScan(1), "SHRINK_STOP");
  const counters = zswapCounters(zswap);
  assertEquals([layer.deleted, counters.stored_pages], [1, 1]);
  assertEquals(counters.decompress_fail, 2);
  const { zswap: old } = zswapOf(LINUX_6_1, { codecs: [fragile] });
  old.store(0, 1, [noisy(10)]);
  assertThrows(() => load(old, 1), KernelBug);
});

Deno.test("6.18's shrinker counts what could be freed, less what had to be read from the device, by what zswap saves", () => {
  const { zswap, layer } = zswapOf(LINUX_6_18, { memcg: false });
  for (let nth = 1; nth <= 30; nth++) zswap.store(0, nth, [noisy(400, nth)]);
  assertEquals(zswap.shrinkerCount(), 0);
  writeZswapParameter(zswap, "shrinker_enabled", "Y");
  const pages = zswap.pools.totalPages;
  assertEquals(zswap.shrinkerCount(), pages);
  zswap.nrDiskSwapins = 20;
  assertEquals(zswap.shrinkerCount(), Math.floor(10 * pages / 30));
  assertEquals(zswap.nrDiskSwapins, 0);
  // All are new: a walk over 30 of them frees none, and over 32, two.
  assertEquals(zswap.shrinkerScan(30), "SHRINK_STOP");
  layer.inCache.add("0:3");
  assertEquals(zswap.shrinkerScan(2), 2);
  assertEquals(zswap.shrinkerScan(5), "SHRINK_STOP");
  assertEquals([...layer.written.keys()], ["0:1", "0:2"]);
  assertEquals(zswapCounters(zswap).reject_reclaim_fail, 1);
});

Deno.test("no field of zswap says another size of the pools than debugfs shows", () => {
  for (const profile of [LINUX_6_18, LINUX_6_1, LINUX_4_0, SWAPPED_3_12]) {
    const { zswap } = zswapOf(profile);
    for (let offset = 1; offset <= 9; offset++) {
      zswap.store(0, offset, [noisy(3000, offset)]);
    }
    zswap.invalidate(0, 1);
    const shown = zswapCounters(zswap);
    const { totalPages } = zswap.pools;
    assert(totalPages > 0);
    // Pages up to 3.16, bytes since.
    assertEquals(
      [shown.pool_pages, shown.pool_total_size],
      profile === SWAPPED_3_12
        ? [totalPages, undefined]
        : [undefined, totalPages * PAGE],
    );
    assertEquals(
      Object.entries(zswap.counters).filter(([name, count]) =>
        name in shown && shown[name as keyof typeof shown] !== count
      ),
      [],
    );
    const asked = profile.zswap.shrink === "entries-in-worker";
    assertEquals(zswap.countedPages, asked ? 0 : totalPages);
  }
});

Deno.test("a header says which page its object is of, in every word size", () => {
  for (const profile of [LINUX_6_1, SWAPPED_3_12]) {
    for (const wordBits of [32, 64]) {
      const offsets = wordBits === 64 ? [0, 1, 2 ** 40 + 5] : [0, 1, 2 ** 24];
      for (const offset of offsets) {
        const entry = { type: 29, offset };
        const header = new Uint8Array(wordBits / 8);
        writeZswapHeader({ ...profile, wordBits }, header, entry);
        assertEquals(readZswapHeader({ ...profile, wordBits }, header), entry);
      }
    }
  }
});

Deno.test("swapoff of 6.18 throws where zswap still has pages, and an unknown allocator cannot be had", () => {
  const { zswap } = zswapOf(LINUX_6_18);
  zswap.store(0, 1, [noisy(10)]);
  assertThrows(() => zswap.swapoff(0), Error, "has 1 of its pages, not 0");
  assertThrows(() => zswap.swapon(0), Error, "'type' is 0, not a free one");
  assertThrows(() => zswap.store(3, 1, [noisy(10)]), Error, "3 is not on");
  assertThrows(
    () => zswapOf(LINUX_6_18, { zpool: "zbud" }),
    Error,
    "'zpool' is 'zbud', not one of zsmalloc",
  );
});

/** What breaks each rule about zswap's state. */
const BREAKS: Readonly<Record<string, (zswap: Zswap) => void>> = {
  "zswap/entry-slot": (zswap) => {
    const { entries } = zswap.treeOf(0);
    const [entry] = entries.values();
    entries.delete(entry.offset);
    entries.set(entry.offset + 1, entry);
  },
  "zswap/entry-object": (zswap) => {
    const [entry] = zswap.treeOf(0).entries.values();
    entry.pool?.zpool.free(entry.handle);
  },
  "zswap/entry-length": (zswap) => {
    const [entry] = zswap.treeOf(0).entries.values();
    entry.length = 0;
  },
  "zswap/header": (zswap) => {
    const [entry] = zswap.treeOf(0).entries.values();
    entry.pool?.zpool.write(entry.handle, new Uint8Array(8));
  },
  "zswap/references": (zswap) => {
    const [entry] = zswap.treeOf(0).entries.values();
    entry.refcount++;
  },
  "zswap/frontswap": (zswap) => zswap.treeOf(0).frontswapMap.clear(),
  "zswap/lru-place": (zswap) => {
    if (zswap.lru.oldest !== undefined) zswap.lru.oldest = undefined;
  },
  "zswap/own-object": (zswap) => {
    const { entries, frontswapMap } = zswap.treeOf(0);
    const [entry] = entries.values();
    entries.set(4, { ...entry, offset: 4 });
    frontswapMap.add(4);
  },
  "zswap/counters": (zswap) => {
    zswap.counters.stored_pages++;
  },
  "zswap/charged": (zswap) => {
    zswap.chargedBytes--;
  },
  "zswap/pool-total-size": (zswap) => {
    zswap.countedPages = 0;
  },
  "zswap/pool-references": (zswap) => {
    const [pool] = zswap.pools.list;
    pool.kref--;
  },
  "zswap/current-pool": (zswap) => {
    zswap.parameters.compressor = "zstd";
  },
  "zswap/limit-pages": ({ parameters }) => {
    // Who looks a second time finds another limit.
    let looks = 0;
    Object.defineProperty(parameters, "maxPoolPercent", {
      get: () => 20 + looks++,
    });
  },
  "zswap/objects": (zswap) => {
    zswap.pools.current?.zpool.malloc(100);
  },
  "zswap/lru": (zswap) => {
    const [entry] = zswap.treeOf(0).entries.values();
    zswap.lru.add(entry);
  },
};

/** zswap of the kernel in which a rule can be broken by itself. */
function breakable(id: string): Zswap {
  if (id === "zswap/lru-place") return zswapOf(LINUX_6_18).zswap;
  // A header would tell that the object is another entry's.
  const writeback = id !== "zswap/own-object";
  return zswapOf(LINUX_6_1, { writeback }).zswap;
}

Deno.test("each rule about zswap's state is broken by what it forbids", () => {
  const changes = [...ZSWAP_STORE_INVARIANTS, ...FRONTSWAP_INVARIANTS]
    .map(({ id }) => id);
  const state = ZSWAP_INVARIANTS.map(({ id }) => id)
    .filter((id) => !changes.includes(id));
  assertEquals(Object.keys(BREAKS), state);
  for (const [id, breakIt] of Object.entries(BREAKS)) {
    const zswap = breakable(id);
    zswap.store(0, 3, [noisy(1500)]);
    checkZswap(zswap);
    breakIt(zswap);
    const error = assertThrows(() => checkZswap(zswap), InvariantError);
    assertEquals(error.id, id);
  }
});
