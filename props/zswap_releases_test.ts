/** What zswap does otherwise from one release of Linux to the next. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  checkZswap,
  type Codec,
  CorruptDataError,
  KernelBug,
  LINUX_5_10,
  LINUX_6_1,
  LINUX_6_12,
  LINUX_6_16,
  LINUX_6_17,
  LINUX_6_18,
  LINUX_6_18_FULL,
  LINUX_6_19,
  LINUX_7_0,
  LINUX_7_1,
  LINUX_7_2,
  LINUX_7_3,
  type Profile,
  randomFrom,
  readZswapParameter,
  runToEnd,
  type Stop,
  stopText,
  type SwapCacheOutcome,
  type SwapLayer,
  writeZswapParameter,
  Zswap,
  zswapCounters,
  type ZswapOptions,
} from "../mod.ts";

const PAGE = 4096;

/** Kernels in which zswap chooses itself what it writes back. */
const WITH_LIST = [
  LINUX_6_12,
  LINUX_6_16,
  LINUX_6_17,
  LINUX_6_18,
  LINUX_6_19,
  LINUX_7_0,
  LINUX_7_1,
  LINUX_7_2,
  LINUX_7_3,
];

/** A page of `noise` random bytes, then zeros: about as many compressed. */
function noisy(noise: number, seed = 1): Uint8Array {
  const random = randomFrom(seed);
  const page = new Uint8Array(PAGE);
  for (let at = 0; at < noise; at++) page[at] = random(256);
  return page;
}

/** A swap layer that notes what is written back, and may have no page for it. */
class Layer implements SwapLayer {
  readonly written: [offset: number, page: Uint8Array][] = [];
  answer: SwapCacheOutcome = "new";
  *allocSwapCachePage(): Generator<Stop, SwapCacheOutcome> {
    yield "alloc_page may sleep";
    return this.answer;
  }
  *deleteFromSwapCache(): Generator<Stop, void> {}
  *writePage(_type: number, offset: number, data: Uint8Array) {
    this.written.push([offset, data.slice()]);
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

/** Stores pages at 1, 2, … until one is refused; answers how many were not. */
function fill(zswap: Zswap, noise: number): number {
  let stored = 0;
  while (zswap.store(0, stored + 1, [noisy(noise, stored)]) === "stored") {
    stored++;
  }
  return stored;
}

/** Makes every entry one that the next look writes back. */
function age(zswap: Zswap): void {
  for (const entry of zswap.lru) entry.referenced = false;
}

/** A compressor whose every page has that length. */
const ofLength = (name: string, length: number): Codec => ({
  name,
  compress: (_page, into) => into.fill(1, 0, length).length && length,
  decompress: (_compressed, page) => void page.fill(7),
});

/** A compressor whose pages are all damaged. */
const damaging = (name: string): Codec => ({
  ...ofLength(name, 100),
  decompress() {
    throw new CorruptDataError(name, "it is a test");
  },
});

// mem_cgroup_zswap_writeback_enabled, mm/memcontrol.c, 6.12.118 and 7.3.4.
Deno.test("a zswap that is disabled writes back what is left in it, whatever memory.zswap.writeback says", () => {
  for (const profile of WITH_LIST) {
    const { zswap, layer } = zswapOf(profile, { writeback: false });
    zswap.parameters.shrinkerEnabled = true;
    zswap.store(0, 1, [noisy(100)]);
    age(zswap);
    assertEquals([zswap.mayWriteBack, zswap.shrinkerCount()], [false, 0]);
    assertEquals(zswap.shrinkerScan(1), "SHRINK_STOP");
    assertEquals(layer.written.length, 0);
    writeZswapParameter(zswap, "enabled", "N");
    assertEquals(zswap.mayWriteBack, true);
    assertEquals(zswap.shrinkerScan(1), 1);
    assertEquals(layer.written, [[1, noisy(100)]]);
  }
  // Nobody asks it in 6.1: there are no such cgroups yet.
  const { zswap } = zswapOf(LINUX_6_1, { writeback: false });
  writeZswapParameter(zswap, "enabled", "N");
  assertEquals(zswap.mayWriteBack, false);
});

// zswap_compress, mm/zswap.c, 6.12.118, 6.17, 7.3.4; deflate_compress_one,
// crypto/deflate.c, 7.2.12; sw842_compress, lib/842, 6.12.118.
Deno.test("a compressor that says that there is no room is counted as too poor, one that fails as failed", () => {
  const counted = (profile: Profile, compressor: string) => {
    const { zswap } = zswapOf(profile, {
      compressor,
      writeback: false,
      codecs: [ofLength(compressor, PAGE + 1)],
    });
    assert(zswap.store(0, 1, [noisy(10)]) !== "stored");
    const { counters } = zswap;
    return [counters.reject_compress_fail, counters.reject_compress_poor];
  };
  const [failed, poor, uncounted] = [[1, 0], [0, 1], [0, 0]];
  for (const name of ["lzo", "lzo-rle", "lz4", "lz4hc", "zstd"]) {
    for (const profile of WITH_LIST) {
      assertEquals(counted(profile, name), failed);
    }
    assertEquals(counted(LINUX_6_1, name), uncounted);
  }
  assertEquals(counted(LINUX_6_12, "deflate"), failed);
  for (const profile of [LINUX_6_16, LINUX_6_17, LINUX_6_18, LINUX_7_3]) {
    assertEquals(counted(profile, "deflate"), poor);
  }
  assertEquals(counted(LINUX_6_18_FULL, "842"), poor);
});

// zswap_compress, mm/zswap.c, 6.12.118 and 6.18.15.
Deno.test("a page that compresses to just a page is stored compressed up to 6.17; since 6.18 as it is, or refused as failed", () => {
  const codecs = [ofLength("lzo", PAGE)];
  for (const profile of [LINUX_6_12, LINUX_6_16, LINUX_6_17]) {
    const { zswap } = zswapOf(profile, { codecs });
    assertEquals(zswap.store(0, 1, [noisy(10)]), "stored");
    const into = new Uint8Array(PAGE);
    zswap.load(0, 1, into);
    // It was decompressed.
    assertEquals(into, new Uint8Array(PAGE).fill(7));
  }
  const { zswap } = zswapOf(LINUX_6_18, { codecs });
  assertEquals(zswap.store(0, 1, [noisy(10)]), "stored");
  assertEquals(zswap.counters.stored_incompressible_pages, 1);
  const into = new Uint8Array(PAGE);
  zswap.load(0, 1, into);
  assertEquals(into, noisy(10));
  const { zswap: kept } = zswapOf(LINUX_6_18, { codecs, writeback: false });
  assertEquals(kept.store(0, 1, [noisy(10)]), "refused");
  assertEquals(kept.counters.reject_compress_fail, 1);
});

// zswap_frontswap_store, mm/zswap.c, crypto/lzo.c, zs_zpool_malloc, 5.10.262.
Deno.test("in 5.10 lzo has room for two pages: the allocator refuses the page, zbud and z3fold as too large", () => {
  const counted = (
    zpool: "zbud" | "z3fold" | "zsmalloc",
    compressor: string,
  ) => {
    const { zswap } = zswapOf(LINUX_5_10, { zpool, compressor });
    assert(zswap.store(0, 1, [noisy(PAGE)]) !== "stored");
    const { reject_compress_poor, reject_alloc_fail } = zswap.counters;
    return [reject_compress_poor, reject_alloc_fail];
  };
  for (const compressor of ["lzo", "lzo-rle"]) {
    assertEquals(counted("zbud", compressor), [1, 0]);
    assertEquals(counted("z3fold", compressor), [1, 0]);
    // zs_malloc answers no handle, whatever is wrong.
    assertEquals(counted("zsmalloc", compressor), [0, 1]);
  }
  assertEquals(counted("zbud", "lz4"), [0, 0]);
});

// param_set_bool, kernel/params.c, with kstrtobool, lib/kstrtox.c: 5.10.262,
// 6.12.118, 7.2.12.
Deno.test("which words say yes and no to a parameter differs between releases", () => {
  const taken = (profile: Profile, text: string) => {
    const { zswap } = zswapOf(profile);
    writeZswapParameter(zswap, "enabled", "N");
    return writeZswapParameter(zswap, "enabled", text) ??
      readZswapParameter(zswap, "enabled");
  };
  const yes = { text: "Y\n" };
  const no = { text: "N\n" };
  for (
    const [text, expected] of [["yes", yes], ["on", yes], ["0", no]] as const
  ) {
    for (const profile of [LINUX_5_10, LINUX_6_1, LINUX_6_17]) {
      assertEquals(taken(profile, text), expected);
    }
  }
  assertEquals(taken(LINUX_5_10, "true"), "EINVAL");
  assertEquals(taken(LINUX_6_1, "true"), yes);
  assertEquals(taken(LINUX_6_12, "False"), no);
  for (const profile of [LINUX_6_1, LINUX_6_12, LINUX_6_16]) {
    assertEquals(taken(profile, "enable"), "EINVAL");
    assertEquals(taken(profile, "disable"), "EINVAL");
  }
  for (const profile of [LINUX_6_17, LINUX_6_18, LINUX_7_3]) {
    assertEquals(taken(profile, "enable"), yes);
    assertEquals(taken(profile, "Disable"), no);
  }
});

// cra_driver_name in crypto/, 5.10.262, 6.12.118, 7.2.12, in modules of 6.16.12
// and 6.17.13; crypto_has_comp, crypto_has_acomp.
Deno.test("a compressor can be chosen by its driver's name, which is shown then and makes a pool of its own", () => {
  const names: readonly [Profile, string, string][] = [
    [LINUX_5_10, "lzo-generic", "lzo-scomp"],
    [LINUX_6_1, "lzo-scomp", "lzo-generic"],
    [LINUX_6_12, "deflate-scomp", "deflate-generic"],
    [LINUX_6_16, "deflate-generic", "deflate-scomp"],
    [LINUX_6_16, "zstd-scomp", "zstd-generic"],
    [LINUX_6_17, "zstd-generic", "zstd-scomp"],
    [LINUX_7_3, "lzo-rle-scomp", "lzo-rle-generic"],
  ];
  for (const [profile, driver, other] of names) {
    const { zswap } = zswapOf(profile);
    zswap.store(0, 1, [noisy(100)]);
    assertEquals(writeZswapParameter(zswap, "compressor", other), "ENOENT");
    assertEquals(writeZswapParameter(zswap, "compressor", driver), undefined);
    const shown = readZswapParameter(zswap, "compressor");
    assertEquals(shown, { text: `${driver}\n` });
    assertEquals(zswap.store(0, 2, [noisy(200)]), "stored");
    assertEquals(
      zswap.pools.list.map(({ tfmName }) => tfmName),
      [driver, "lzo"],
    );
    const into = new Uint8Array(PAGE);
    assertEquals(zswap.load(0, 2, into), undefined);
    assertEquals(into, noisy(200));
    checkZswap(zswap);
  }
});

// zswap_writeback_entry, mm/zswap.c, 5.10.262 and 6.1.192.
Deno.test("5.10 writes an entry back over what its slot was stored anew with; 6.1 looks again and does not", () => {
  const outcomes = [LINUX_5_10, LINUX_6_1].map((profile) => {
    const { zswap, layer } = zswapOf(profile);
    const [older, newer] = [noisy(500), noisy(700, 2)];
    zswap.store(0, 7, [older]);
    zswap.parameters.maxPoolPercent = 0;
    zswap.store(0, 8, [noisy(10)]);
    zswap.parameters.maxPoolPercent = 20;
    zswap.reachedFull = false;
    const worker = zswap.shrinkWorkSteps();
    while (worker.next().value !== "alloc_page may sleep");
    assertEquals(zswap.store(0, 7, [newer]), "stored");
    runToEnd(worker);
    const into = new Uint8Array(PAGE);
    assertEquals(zswap.load(0, 7, into), undefined);
    assertEquals(into, newer);
    const isOlder = layer.written.some(([offset, page]) =>
      offset === 7 && page.every((byte, at) => byte === older[at])
    );
    return [isOlder, zswap.staleWritebacks];
  });
  assertEquals(outcomes, [[true, 1], [false, 0]]);
});

// BUG_ON in zswap_frontswap_load, 5.10.262 and 6.1.192, and in
// zswap_decompress, 6.12.118; zswap_load, 6.17.
Deno.test("a page that is damaged stops the kernel up to 6.12, and is EIO since 6.16", () => {
  const loaded = (profile: Profile) => {
    const { zswap } = zswapOf(profile, { codecs: [damaging("lzo")] });
    zswap.store(0, 1, [noisy(10)]);
    return () => zswap.load(0, 1, new Uint8Array(PAGE));
  };
  for (const profile of [LINUX_5_10, LINUX_6_1, LINUX_6_12]) {
    const { message } = assertThrows(loaded(profile), KernelBug);
    assert(message.includes("the kernel would stop at BUG_ON"), message);
  }
  for (const profile of WITH_LIST.slice(1)) {
    assertEquals(loaded(profile)(), "EIO");
  }
});

// zswap_load, mm/zswap.c, 6.12.118: xa_erase before zswap_decompress.
Deno.test("6.12 erases the entry of a page before it decompresses it, later kernels after that", () => {
  const isThere = (profile: Profile) => {
    const { zswap } = zswapOf(profile);
    zswap.store(0, 1, [noisy(10)]);
    const loading = zswap.loadSteps(0, 1, new Uint8Array(PAGE));
    let step = loading.next();
    while (
      !step.done && !stopText(step.value).includes("acquire acomp_ctx->mutex")
    ) step = loading.next();
    const isThere = zswap.treeOf(0).entries.has(1);
    checkZswap(zswap);
    runToEnd(loading);
    assertEquals(zswap.counters.stored_pages, 0);
    return isThere;
  };
  assertEquals(WITH_LIST.filter(isThere), WITH_LIST.slice(1));
});

// zswap_load, mm/zswap.c, 6.18.15 and 7.1.13.
Deno.test("since 7.1 a page that is loaded leaves zswap, whatever it is loaded for", () => {
  const stays = (profile: Profile) => {
    const { zswap } = zswapOf(profile);
    zswap.store(0, 1, [noisy(10)]);
    zswap.load(0, 1, new Uint8Array(PAGE), false);
    return zswap.counters.stored_pages === 1;
  };
  const leaving = [LINUX_7_1, LINUX_7_2, LINUX_7_3];
  assertEquals(WITH_LIST.filter((one) => !stays(one)), leaving);
});

// zswap_store, mm/zswap.c, 6.12.118 and 6.17.
Deno.test("6.12 refuses a folio of several pages and leaves older ones at its offsets; later kernels store it whole", () => {
  const folio = [noisy(200, 1), noisy(300, 2)];
  const stored = (profile: Profile) => {
    const { zswap } = zswapOf(profile);
    zswap.store(0, 5, [noisy(100)]);
    const outcome = zswap.store(0, 4, folio);
    const into = new Uint8Array(PAGE);
    zswap.load(0, 5, into);
    return [outcome, into];
  };
  assertEquals(stored(LINUX_6_12), ["refused", noisy(100)]);
  for (const profile of WITH_LIST.slice(1)) {
    assertEquals(stored(profile), ["stored", folio[1]]);
  }
  // Neither the limit nor the worker hears of it.
  const { zswap } = zswapOf(LINUX_6_12, { totalRamPages: 0 });
  zswap.store(0, 4, folio);
  assertEquals([zswap.counters.pool_limit_hit, zswap.shrinkQueued], [0, false]);
});

// zswap_store, mm/zswap.c, 6.12.118: the label reject.
Deno.test("every refusal while the limit was reached starts the worker, in 6.12 as since", () => {
  for (const profile of WITH_LIST) {
    const { zswap } = zswapOf(profile, {
      failEntry: (nth) => nth === 1,
    });
    zswap.store(0, 1, [noisy(10)]);
    zswap.reachedFull = true;
    zswap.parameters.acceptThresholdPercent = 0;
    assertEquals(zswap.store(0, 2, [noisy(10)]), "refused");
    assertEquals(zswap.shrinkQueued, true);
  }
});

// shrink_memcg, shrink_worker, mm/zswap.c, 7.2.12 and 7.3.4.
Deno.test("7.3's worker looks at the threshold after each 32 entries, earlier kernels after each one", () => {
  const written = [LINUX_6_12, LINUX_7_2, LINUX_7_3].map((profile) => {
    const { zswap, layer } = zswapOf(profile, { totalRamPages: 400 });
    const stored = fill(zswap, 500);
    assert(stored > 100);
    age(zswap);
    zswap.shrinkWork();
    assert(zswap.pools.totalPages <= 72);
    return layer.written.length;
  });
  const [before, , since] = written;
  assertEquals(written, [before, before, 64]);
  assert(before < since, String(written));
});

Deno.test("a step of 7.3's worker in which one entry was written is no failure", () => {
  const { zswap, layer } = zswapOf(LINUX_7_3);
  fill(zswap, 250);
  // Of the first 32, one is not new: the others are rotated.
  [...zswap.lru].forEach((entry, nth) => entry.referenced = nth !== 31);
  zswap.parameters.acceptThresholdPercent = 99;
  zswap.shrinkWork();
  assert(layer.written.length >= 1);
  assertEquals(zswap.counters.reject_reclaim_fail, 0);
});

// shrink_worker, mm/zswap.c, 6.12.118, 6.17, 7.2.12.
Deno.test("without memory cgroups the worker writes nothing back from 6.16 to 7.1, as much as with them before and after", () => {
  for (const profile of WITH_LIST) {
    const written = [true, false].map((memcg) => {
      const { zswap, layer } = zswapOf(profile, { memcg });
      fill(zswap, 1000);
      age(zswap);
      zswap.shrinkWork();
      return layer.written.length;
    });
    const isMended = [LINUX_6_12, LINUX_7_2, LINUX_7_3].includes(profile);
    assert(written[0] > 0);
    assertEquals(written[1], isMended ? written[0] : 0);
  }
});

// obj_cgroup_may_zswap, mm/memcontrol.c, and zswap_frontswap_store, 6.1.192;
// zswap_store, 6.12.118 and 7.3.4.
Deno.test("a cgroup at memory.zswap.max is refused in 6.1; since 6.12 it writes back a step's entries for one more page, or is refused", () => {
  const atLimit = (profile: Profile, isOld: boolean) => {
    const { zswap, layer } = zswapOf(profile, { cgroupMax: 10 });
    for (let nth = 1; zswap.chargedBytes < 10 * PAGE; nth++) {
      assertEquals(zswap.store(0, nth, [noisy(1100, nth)]), "stored");
    }
    assert(zswap.counters.stored_pages > 32);
    if (isOld) age(zswap);
    const outcome = zswap.store(0, 99, [noisy(1100)]);
    checkZswap(zswap);
    // The limit of all zswap is far away.
    assertEquals(zswap.counters.pool_limit_hit, 0);
    return [outcome, layer.written.length];
  };
  assertEquals(atLimit(LINUX_5_10, true), ["stored", 0]);
  assertEquals(atLimit(LINUX_6_1, true), ["ENOMEM", 0]);
  for (const profile of WITH_LIST) {
    const entries = profile === LINUX_7_3 ? 32 : 1;
    assertEquals(atLimit(profile, true), ["stored", entries]);
    // All are new to the list: none goes.
    assertEquals(atLimit(profile, false), ["refused", 0]);
  }
});

// obj_cgroup_may_zswap: the cgroup's bytes in whole pages are below the limit.
Deno.test("a cgroup has its limit in whole pages of compressed bytes, and none where memory cgroups are disabled", () => {
  for (const profile of [LINUX_6_1, ...WITH_LIST]) {
    const outcomes = [0, 1].map((cgroupMax) =>
      zswapOf(profile, { cgroupMax }).zswap.store(0, 1, [noisy(100)])
    );
    assertEquals(outcomes[1], "stored");
    assert(outcomes[0] !== "stored");
    const { zswap } = zswapOf(profile, { cgroupMax: 0, memcg: false });
    assertEquals(zswap.store(0, 1, [noisy(100)]), "stored");
  }
});

// zswap_shrinker_count, mm/zswap.c, 6.12.118 and 7.3.4: MEMCG_ZSWAP_B.
Deno.test("the shrinker scales by a cgroup's bytes in whole pages; without memory cgroups by the pages of the pools", () => {
  for (const profile of WITH_LIST) {
    const [ofCgroup, ofPools] = [true, false].map((memcg) => {
      const { zswap } = zswapOf(profile, { memcg });
      zswap.parameters.shrinkerEnabled = true;
      for (let nth = 1; nth <= 10; nth++) {
        zswap.store(0, nth, [noisy(1000, nth)]);
      }
      const backing = memcg
        ? Math.floor(zswap.chargedBytes / PAGE)
        : zswap.pools.totalPages;
      assertEquals(zswap.shrinkerCount(), backing);
      return backing;
    });
    assert(ofCgroup < ofPools);
  }
});

// zswap_writeback_entry, shrink_memcg_cb, mm/zswap.c, 6.12.118 and 7.2.12. What
// the swap cache says of a swap type that is off, or a free slot, is the swap
// path's: `deviceOff` and `slotFree` of a release.
Deno.test("what is in the swap cache, or said to be, ends the shrinker's walk; what cannot be had does not", () => {
  const scanned = (profile: Profile, answer: SwapCacheOutcome) => {
    const { zswap, layer } = zswapOf(profile);
    zswap.parameters.shrinkerEnabled = true;
    for (let nth = 1; nth <= 4; nth++) zswap.store(0, nth, [noisy(nth)]);
    age(zswap);
    layer.answer = answer;
    assertEquals(zswap.shrinkerScan(4), "SHRINK_STOP");
    return zswapCounters(zswap).reject_reclaim_fail;
  };
  for (const profile of WITH_LIST) {
    assertEquals(scanned(profile, "exists"), 1);
    assertEquals(scanned(profile, "no-memory"), 4);
    assertEquals(scanned(profile, "no-slot"), 4);
    const isEnd = profile !== LINUX_6_12;
    assertEquals(scanned(profile, profile.swap.deviceOff), isEnd ? 1 : 4);
  }
});
