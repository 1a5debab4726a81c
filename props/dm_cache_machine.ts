/** Random requests to a cache, held against a naive disk and the rules. */
import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import {
  type BackingDevice,
  type Errno,
  RamBackingDevice,
  type Reach,
} from "../mod.ts";

/** What of the model is tested: its own modules, or those of a copy of them. */
export interface DmCacheModel {
  /** Makes a cache. */
  readonly createDmCache:
    (typeof import("../src/dm_cache/create.ts"))["createDmCache"];
  /** Checks it. */
  readonly checkDmCache:
    (typeof import("../src/dm_cache/invariants.ts"))["checkDmCache"];
}

/** A request, or something that happens to the devices. */
export type DmCacheStep =
  | { readonly op: "write"; readonly page: number; readonly times: number }
  | { readonly op: "read"; readonly page: number; readonly times: number }
  | { readonly op: "discard"; readonly page: number; readonly pages: number }
  | { readonly op: "tick" }
  /** The next requests of a kind to a device fail. */
  | {
    readonly op: "fail";
    readonly device: "cache" | "origin";
    readonly kind: "read" | "write";
    readonly times: number;
  };

export const PAGES_PER_BLOCK = 8;
const [CACHE_BLOCKS, ORIGIN_BLOCKS] = [3, 8];
const PAGES = ORIGIN_BLOCKS * PAGES_PER_BLOCK;

/** What is written: a page that does not compress to nothing. */
export function pageOf(value: number): Uint8Array {
  let state = value + 1;
  return Uint8Array.from({ length: 4096 }, (_, at) => {
    if (at >= 1500) return value;
    state = Math.imul(state, 1103515245) + 12345;
    return state >>> 16;
  });
}

/** Few blocks are asked for often, so that some come into the cache and others go. */
const page = fc.tuple(
  fc.oneof(
    { weight: 3, arbitrary: fc.nat(CACHE_BLOCKS) },
    { weight: 1, arbitrary: fc.nat(ORIGIN_BLOCKS - 1) },
  ),
  fc.nat(PAGES_PER_BLOCK - 1),
).map(([block, within]) => block * PAGES_PER_BLOCK + within);
const times = fc.integer({ min: 1, max: 12 });

/** Programs of requests. */
export const dmCacheSteps: fc.Arbitrary<DmCacheStep[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ op: fc.constant("write" as const), page, times }),
    },
    {
      weight: 6,
      arbitrary: fc.record({ op: fc.constant("read" as const), page, times }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        op: fc.constant("discard" as const),
        page,
        pages: fc.nat(3 * PAGES_PER_BLOCK),
      }),
    },
    { weight: 1, arbitrary: fc.record({ op: fc.constant("tick" as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        op: fc.constant("fail" as const),
        device: fc.constantFrom("cache" as const, "origin" as const),
        kind: fc.constantFrom("read" as const, "write" as const),
        times: fc.integer({ min: 1, max: 20 }),
      }),
    },
  ),
  { minLength: 1, maxLength: 60, size: "max" },
);

/** A device some requests of which fail; those of who checks it do not. */
class Failing {
  readonly left = { read: 0, write: 0 };
  isArmed = false;
  readonly device: BackingDevice;
  constructor(pages: number) {
    this.device = new RamBackingDevice(pages, 4096, {
      failRequest: (kind) => this.isArmed && this.left[kind]-- > 0,
    });
  }
}

/** What came of a program. */
export interface DmCacheRun {
  readonly promotions: number;
  readonly demotions: number;
  readonly failedPromotions: number;
  readonly failedDemotions: number;
  readonly comparedReads: number;
  readonly failed: number;
}

/** The disk as it should be: what each page was filled with last, if that is known. */
class NaiveDisk {
  readonly #pages: (number | undefined)[] = Array(PAGES).fill(0);
  isKnown(at: number): boolean {
    return this.#pages[at] !== undefined;
  }
  write(at: number, value: number): void {
    this.#pages[at] = value;
  }
  /** Of a block that lies in the range wholly, nothing is known any more. */
  discard(first: number, pages: number): void {
    for (let block = 0; block < ORIGIN_BLOCKS; block++) {
      const start = block * PAGES_PER_BLOCK;
      const end = start + PAGES_PER_BLOCK;
      if (start >= first && end <= first + pages) {
        this.#pages.fill(undefined, start, end);
      }
    }
  }
  expected(at: number): Uint8Array {
    const value = this.#pages[at] ?? 0;
    return value === 0 ? new Uint8Array(4096) : pageOf(value);
  }
}

/**
 * Runs a program on a cache over `cacheDevice`, or over one that fails when it
 * is told to. Throws where a read is not what was written, where a counter is
 * wrong, or where a rule is broken.
 */
export function runDmCache(
  { createDmCache, checkDmCache }: DmCacheModel,
  steps: readonly DmCacheStep[],
  reach: Reach,
  cacheDevice?: BackingDevice,
): DmCacheRun {
  const devices = {
    cache: new Failing(CACHE_BLOCKS * PAGES_PER_BLOCK),
    origin: new Failing(PAGES),
  };
  const cache = createDmCache({
    metadata: new RamBackingDevice(16, 4096),
    cache: cacheDevice ?? devices.cache.device,
    origin: devices.origin.device,
    blockSectors: 64,
  });
  assert(typeof cache !== "string");
  const naive = new NaiveDisk();
  const [into, asked] = [new Uint8Array(4096), { read: 0, write: 0 }];
  let [value, comparedReads, failed] = [0, 0, 0];

  const request = (op: "read" | "write", at: number) => {
    asked[op]++;
    if (op === "write") {
      const errno = cache.writePage(at, pageOf(++value));
      if (errno === undefined) naive.write(at, value);
      else failed++;
      return errno;
    }
    const errno = cache.readPage(at, into);
    if (errno !== undefined) failed++;
    else if (naive.isKnown(at)) {
      assertEquals(into, naive.expected(at), `page ${at}`);
      comparedReads++;
    }
    return errno;
  };
  const run: { [Op in DmCacheStep["op"]]: (step: StepOf<Op>) => unknown } = {
    write: (step) => repeat(step.times, () => request("write", step.page)),
    read: (step) => repeat(step.times, () => request("read", step.page)),
    discard({ page, pages }) {
      const errno: Errno | undefined = cache.discard(page, pages);
      assertEquals(errno, page + pages > PAGES ? "EIO" : undefined);
      if (errno === undefined) naive.discard(page, pages);
    },
    tick: () => cache.tick(),
    fail({ device, kind, times }) {
      devices[device].left[kind] = times;
    },
  };
  for (const step of steps) {
    devices.cache.isArmed = devices.origin.isArmed = true;
    run[step.op](step as never);
    devices.cache.isArmed = devices.origin.isArmed = false;
    const { stats } = cache;
    assertEquals(stats.readHits + stats.readMisses, asked.read);
    assertEquals(stats.writeHits + stats.writeMisses, asked.write);
    checkDmCache(cache, reach);
  }
  // In the end all pages are read, wherever they are.
  for (let at = 0; at < PAGES; at++) request("read", at);
  const { promotions, demotions, failedPromotions, failedDemotions } =
    cache.stats;
  return {
    promotions,
    demotions,
    failedPromotions,
    failedDemotions,
    comparedReads,
    failed,
  };
}

type StepOf<Op extends DmCacheStep["op"]> = Extract<
  DmCacheStep,
  { readonly op: Op }
>;

function repeat(times: number, does: () => unknown): void {
  for (let nth = 0; nth < times; nth++) does();
}
