import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  checkDmCache,
  createDmCache,
  DM_CACHE_INVARIANTS,
  type DmCache,
  DmCacheMetadata,
  dmCacheStatus,
  KernelBug,
  LINUX_3_12,
  MAPPINGS_PER_BLOCK,
  Memory,
  metadataUse,
  RamBackingDevice,
  Reach,
  usedBlocks,
  Zram,
  zramBlockDevice,
} from "../mod.ts";
import {
  type DmCacheRun,
  dmCacheSteps,
  pageOf,
  PAGES_PER_BLOCK,
  runDmCache,
} from "./dm_cache_machine.ts";
import { fuzz, seed } from "./fuzz.ts";
import { ROOT } from "./command.ts";
import { DM_CACHE_MUTANTS } from "./mutants/dm_cache.ts";
import { type Mutant, planted } from "./mutants/mutant.ts";

const MODEL = { createDmCache, checkDmCache };

/** A cache of 8 blocks of 8 pages before 32 of them. */
function cacheOf(options: {
  readonly cachePages?: number;
  readonly originPages?: number;
  readonly blockSectors?: number;
  readonly ticksBeforeWorker?: number;
  readonly requestsInFlight?: number;
} = {}): DmCache {
  const { cachePages = 64, originPages = 256, ...others } = options;
  const cache = createDmCache({
    metadata: new RamBackingDevice(32, 4096),
    cache: new RamBackingDevice(cachePages, 4096),
    origin: new RamBackingDevice(originPages, 4096),
    blockSectors: 64,
    ...others,
  });
  assert(typeof cache !== "string", String(cache));
  return cache;
}

function write(cache: DmCache, page: number, times: number): void {
  for (let nth = 0; nth < times; nth++) {
    assertEquals(cache.writePage(page, pageOf(nth)), undefined);
  }
}

Deno.test("a cache reads what was written last, whatever moved and whatever failed", () => {
  const reach = new Reach();
  const sum: Record<keyof DmCacheRun, number> = {
    promotions: 0,
    demotions: 0,
    failedPromotions: 0,
    failedDemotions: 0,
    comparedReads: 0,
    failed: 0,
  };
  fuzz(
    fc.property(dmCacheSteps, (steps) => {
      const run = runDmCache(MODEL, steps, reach);
      for (const name of Object.keys(sum) as (keyof DmCacheRun)[]) {
        sum[name] += run[name];
      }
    }),
    80,
  );
  assert(sum.promotions > 500, `${sum.promotions} promotions`);
  assert(sum.demotions > 100, `${sum.demotions} demotions`);
  assert(
    sum.failedPromotions > 20,
    `${sum.failedPromotions} failed promotions`,
  );
  assert(sum.failedDemotions > 10, `${sum.failedDemotions} failed demotions`);
  assert(sum.comparedReads > 5000, `${sum.comparedReads} reads`);
  assert(sum.failed > 200, `${sum.failed} failed requests`);
  for (const rule of DM_CACHE_INVARIANTS) {
    assert(reach.of(rule) > 500, `${rule.id}: ${reach.of(rule)} times`);
  }
});

Deno.test("the same over a zram device that runs out of memory", () => {
  const reach = new Reach();
  let failed = 0;
  fuzz(
    fc.property(
      dmCacheSteps,
      fc.integer({ min: 1, max: 5 }),
      (steps, frames) => {
        const memory = new Memory({ maxPages: frames });
        const zram = new Zram(LINUX_3_12, { memory });
        zram.setDisksize(3 * PAGES_PER_BLOCK * 4096);
        failed += runDmCache(MODEL, steps, reach, zramBlockDevice(zram)).failed;
      },
    ),
    60,
  );
  assert(failed > 100, `${failed} failed requests`);
});

Deno.test("the README's example of a dm-cache prints what is shown", async () => {
  const readme = await Deno.readTextFile(`${ROOT}README.md`);
  const found = /```ts\n([^`]*createDmCache[^`]*)```\s+```text\n([^`]*)```/
    .exec(readme);
  assert(found !== null);
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  const printed: string[] = [];
  const { log } = console;
  try {
    const source = found[1].replace(/https:[^"]*\/mod\.ts/, `${ROOT}mod.ts`);
    await Deno.writeTextFile(file, source);
    console.log = (...words: unknown[]) => printed.push(words.join(" "));
    await import(`file://${file}`);
  } finally {
    console.log = log;
    await Deno.remove(file);
  }
  assertEquals(`${printed.join("\n")}\n`, found[2]);
});

/** The first failure of the programs on a copy of the model with a defect in it. */
async function mutantFailure(mutant: Mutant): Promise<string | undefined> {
  const folder = await Deno.makeTempDir({ prefix: "zspec-dm-cache-" });
  try {
    await copyFolder(`${ROOT}src`, `${folder}/src`);
    const path = `${folder}/${mutant.file}`;
    await Deno.writeTextFile(
      path,
      planted(await Deno.readTextFile(path), mutant),
    );
    const at = (file: string) => `file://${folder}/src/dm_cache/${file}.ts`;
    const { createDmCache } = await import(at("create"));
    const { checkDmCache } = await import(at("invariants"));
    const model = { createDmCache, checkDmCache };
    const { errorInstance } = fc.check(
      fc.property(dmCacheSteps, (steps) => {
        runDmCache(model, steps, new Reach());
      }),
      { seed: seed | 0, numRuns: 300, endOnFailure: true },
    );
    return errorInstance === null ? undefined : String(errorInstance);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}

for (const mutant of DM_CACHE_MUTANTS) {
  Deno.test(`planted defects are found: ${mutant.name}`, async () => {
    const failure = await mutantFailure(mutant);
    assert(failure !== undefined, `nobody finds: ${mutant.name}`);
  });
}

Deno.test("a write is the eighth of its block before the block moves, a read the fourth", () => {
  const written = cacheOf();
  write(written, 0, 7);
  assertEquals(written.stats.promotions, 0);
  write(written, 0, 1);
  assertEquals(written.stats.promotions, 1);
  assertEquals(written.dirty.count, 1);
  const read = cacheOf();
  const into = new Uint8Array(4096);
  for (let nth = 0; nth < 4; nth++) read.readPage(nth, into);
  assertEquals([read.stats.promotions, read.dirty.count], [1, 0]);
});

Deno.test("without a tick between its two looks, the policy moves no block", () => {
  const cache = cacheOf({ ticksBeforeWorker: 0 });
  write(cache, 0, 100);
  assertEquals([cache.stats.writeMisses, cache.stats.promotions], [100, 0]);
});

Deno.test("a discarded block moves at its first write, without a copy", () => {
  const cache = cacheOf();
  assertEquals(cache.discard(0, 8), undefined);
  write(cache, 0, 1);
  assertEquals(cache.stats.promotions, 1);
  assertEquals([cache.stats.copiesAvoided, cache.stats.writeHits], [1, 1]);
});

Deno.test("a run of 512 requests is sequential, and moves nothing until four go elsewhere", () => {
  // Few ticks, so that no block of the run is looked at twice.
  const cache = cacheOf({
    cachePages: 2048,
    originPages: 2048,
    requestsInFlight: 10_000,
  });
  for (let page = 0; page < 513; page++) write(cache, page, 1);
  // Far behind, what would move a block by itself: a discard and a write.
  assertEquals(cache.discard(1024, 8), undefined);
  write(cache, 1024, 1);
  assertEquals(cache.stats.promotions, 0);
  for (const page of [1500, 1400, 1300]) write(cache, page, 1);
  assertEquals(cache.discard(1024, 8), undefined);
  write(cache, 1024, 1);
  assertEquals(cache.stats.promotions, 1);
});

Deno.test("who was hit least makes room, and of those who was moved first", () => {
  const cache = cacheOf({ cachePages: 16 });
  for (let nth = 0; nth < 40; nth++) {
    write(cache, 0, 1);
    cache.tick();
  }
  write(cache, 8, 9);
  write(cache, 16, 9);
  assertEquals(
    [...cache.policy.mappings()].map(({ oblock }) => oblock).sort(),
    [0, 2],
  );
  assertEquals(cache.stats.demotions, 1);
});

Deno.test("once the cache is full, a block must be hit more than those in it", () => {
  const cache = cacheOf({ cachePages: 16 });
  const read = new Uint8Array(4096);
  for (const page of [0, 8]) write(cache, page, 8);
  assertEquals(cache.policy.promoteThreshold, 0);
  // Hits of blocks in the cache count once a tick.
  for (let nth = 0; nth < 1100; nth++) {
    cache.tick();
    cache.readPage(8 * (nth % 2), read);
  }
  assert(cache.policy.promoteThreshold > 400);
  write(cache, 16, 100);
  assertEquals(cache.stats.demotions, 0);
});

Deno.test("the cache device never learns that a swap slot is free", () => {
  const memory = new Memory();
  const zram = new Zram(LINUX_3_12, { memory });
  zram.setDisksize(64 * 4096);
  const cache = createDmCache({
    metadata: new RamBackingDevice(32, 4096),
    cache: zramBlockDevice(zram),
    origin: new RamBackingDevice(64, 4096),
    blockSectors: 64,
  });
  assert(typeof cache !== "string");
  write(cache, 8, 12);
  const before = zram.mmStat().orig_data_size;
  assert(before > 0);
  assertEquals(cache.discard(0, 64), undefined);
  assertEquals(zram.mmStat().orig_data_size, before);
  assertEquals(zram.ioStat.notifyFree, 0);
});

Deno.test("a block as large as the migration threshold does not move", () => {
  const cache = cacheOf({
    cachePages: 256,
    originPages: 512,
    blockSectors: 2048,
  });
  write(cache, 0, 100);
  assertEquals(cache.stats.promotions, 0);
});

Deno.test("a cache as large as its origin never writes back", () => {
  const cache = cacheOf({ cachePages: 256 });
  for (let turn = 0; turn < 40; turn++) {
    for (let page = 0; page < 256; page += 3) write(cache, page, 1);
  }
  const { blocksInCache, dirty, demotions } = dmCacheStatus(cache);
  assertEquals([blocksInCache, dirty, demotions], [32, 32, 0]);
});

Deno.test("a write to a cached block fails with its device, and goes nowhere else", () => {
  const memory = new Memory({ maxPages: 40 });
  const zram = new Zram(LINUX_3_12, { memory });
  zram.setDisksize(64 * 4096);
  const origin = new RamBackingDevice(256, 4096);
  const cache = createDmCache({
    metadata: new RamBackingDevice(32, 4096),
    cache: zramBlockDevice(zram),
    origin,
    blockSectors: 64,
  });
  assert(typeof cache !== "string");
  write(cache, 0, 9);
  assertEquals(cache.stats.writeHits, 2);
  // From now on there is no memory for zram.
  while (memory.allocPage() >= 0);
  const before = { ...cache.stats };
  let errno;
  for (let page = 0; page < 8 && errno === undefined; page++) {
    errno = cache.writePage(page, pageOf(100 + page));
  }
  assertEquals(errno, "EIO");
  assertEquals(cache.stats.writeMisses, before.writeMisses);
  assertEquals(cache.stats.demotions, 0);
  // What cannot be promoted stays on the disk, which takes the write.
  write(cache, 16, 12);
  assert(cache.stats.failedPromotions > 0);
  assertEquals(cache.stats.promotions - cache.stats.failedPromotions, 1);
  checkDmCache(cache);
});

Deno.test("a block size that is no power of two loses what was not discarded, as in 3.12", () => {
  const cache = cacheOf({
    cachePages: 240,
    originPages: 480,
    blockSectors: 192,
  });
  // Blocks of 24 pages, discard blocks of 32: the second of these ends in the
  // third block, and its bit is taken for the second block's.
  const [kept, page] = [pageOf(7), 25];
  assertEquals(cache.writePage(page, kept), undefined);
  assertEquals(cache.discard(32, 32), undefined);
  const into = new Uint8Array(4096);
  for (let nth = 0; nth < 4; nth++) cache.readPage(page, into);
  assert(into.some((byte, at) => byte !== kept[at]));
});

Deno.test("dmsetup create refuses blocks of a size that is none, and metadata without room", () => {
  const device = (pages: number) => new RamBackingDevice(pages, 4096);
  const create = (blockSectors: number, metadataPages = 32) =>
    createDmCache({
      metadata: device(metadataPages),
      cache: device(64),
      origin: device(256),
      blockSectors,
    });
  for (const sectors of [0, 8, 65, 96, 1024, 2 ** 21 + 64]) {
    assertEquals(create(sectors), "EINVAL", `${sectors} sectors`);
  }
  assertEquals(create(64, 6), "ENOSPC");
  assert(typeof create(64, 7) !== "string");
});

Deno.test("metadata takes a block for each 509 cache blocks", () => {
  assertEquals(MAPPINGS_PER_BLOCK, 509);
  const used = (blocks: number) => usedBlocks(metadataUse(blocks, 2560));
  assertEquals(used(509), 7);
  assertEquals(used(510), 8);
  // A gigabyte in blocks of 32 KiB fits ten megabytes of metadata by far.
  assertEquals(used(2 ** 30 / 32768), 71);
  assertThrows(
    () => metadataUse(128_269, 2560),
    RangeError,
    "a node has children",
  );
});

Deno.test("a change of the metadata takes blocks until it is committed", () => {
  const metadata = DmCacheMetadata.format(new RamBackingDevice(16, 4096), 600);
  assert(typeof metadata !== "string");
  assertEquals(metadata.used, 8);
  assertEquals(metadata.insert(0, 5), undefined);
  assertEquals(metadata.used, 12);
  assertEquals(metadata.insert(1, 6), undefined);
  assertEquals(metadata.used, 12);
  assertEquals(metadata.insert(599, 7), undefined);
  assertEquals(metadata.used, 13);
  // After a crash nothing of it would be there.
  const crashed = metadata.load();
  assert(typeof crashed !== "string" && crashed.every((one) => one === -1));
  assertEquals(metadata.commit(), undefined);
  assertEquals(metadata.used, 8);
  const loaded = metadata.load();
  assert(typeof loaded !== "string");
  assertEquals([loaded[0], loaded[1], loaded[599], loaded[2]], [5, 6, 7, -1]);
});

Deno.test("where the metadata has no room for a mapping, the request never ends, as in 3.12", () => {
  const cache = createDmCache({
    metadata: new RamBackingDevice(8, 4096),
    cache: new RamBackingDevice(64, 4096),
    origin: new RamBackingDevice(256, 4096),
    blockSectors: 64,
  });
  assert(typeof cache !== "string");
  assertThrows(() => write(cache, 0, 8), KernelBug, "never end a request");
});

Deno.test("where the metadata cannot be written, the worker tries for ever, as in 3.12", () => {
  let isFailing = false;
  const cache = createDmCache({
    metadata: new RamBackingDevice(32, 4096, { failRequest: () => isFailing }),
    cache: new RamBackingDevice(64, 4096),
    origin: new RamBackingDevice(256, 4096),
    blockSectors: 64,
  });
  assert(typeof cache !== "string");
  isFailing = true;
  assertThrows(
    () => write(cache, 0, 8),
    KernelBug,
    "until the metadata can be",
  );
});
