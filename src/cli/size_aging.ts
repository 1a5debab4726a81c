/**
 * How a pool ages that swap fills and empties: by lengths alone, on a sample of
 * bounded size.
 */
import type { Profile } from "../linux/profile.ts";
import { randomFrom, shuffle } from "../programs/random.ts";
import type { Random } from "../programs/random.ts";
import { ZsPool } from "../zsmalloc/pool.ts";
import { objectBytes } from "./filled.ts";
import type { Mix } from "./measuring.ts";
import { inProportion, largest } from "./size_mix.ts";

/** Pages that are aged at most. */
const MOST_PAGES = 1 << 15;
/** Bytes of their objects at most. */
const MOST_BYTES = 128 << 20;
/** How often a half of the pages goes and others come. */
export const ROUNDS = 8;
/** Pages that one process has behind one another in swap. */
const BURST = 128;

/** What a sample's pool takes as it ages, in units of what it takes when new. */
export interface Aged {
  /** Pages that were aged. */
  readonly pages: number;
  /** Full, after pages came and went: at least 1. */
  readonly full: number;
  /** After half the pages went. */
  readonly half: number;
  /** What is left of the objects' bytes then. */
  readonly left: number;
  /** The same, compacted. */
  readonly compacted: number;
}

/**
 * Fills a pool of at most `memory` bytes, and {@linkcode ROUNDS} times frees a half of its pages, half of
 * them by processes that exit and half one here and one there, and stores as
 * many others of the same mix; then frees a half for good, and compacts. `step`
 * is told how many rounds are done.
 */
export function agePool(
  profile: Profile,
  sample: Mix,
  memory: number,
  seed: number,
  step: (rounds: number) => void = () => {},
): Aged {
  const mean = Math.max(1, objectBytes(sample) / sample.pages);
  const most = Math.floor(Math.min(MOST_BYTES, memory) / mean);
  const pages = Math.min(MOST_PAGES, most);
  const random = randomFrom(seed);
  const draw = drawer(sample, random);
  const lengths = lengthsOf(inProportion(sample, pages));
  const pool = new AgingPool(profile, shuffle(lengths, random));
  const fresh = pool.frames;
  const bytes = pool.bytes;
  let fullest = fresh;
  for (let round = 0; round < ROUNDS; round++) {
    for (const page of pool.freeHalf(random)) pool.store(page, draw());
    fullest = Math.max(fullest, pool.frames);
    step(round + 1);
  }
  pool.freeHalf(random);
  const half = pool.frames;
  pool.compact();
  const share = (frames: number) => fresh === 0 ? 1 : frames / fresh;
  return {
    pages,
    full: share(fullest),
    half: share(half),
    left: bytes === 0 ? 1 : pool.bytes / bytes,
    compacted: share(pool.frames),
  };
}

/** Each page's length, 0 of one that takes no memory. */
function lengthsOf({ same, lengths }: Mix): number[] {
  const all = new Array<number>(same).fill(0);
  lengths.forEach((count, length) => {
    for (let nth = 0; nth < count; nth++) all.push(length);
  });
  return all;
}

/** What draws the length of a page of a mix. */
function drawer({ pages, same, lengths }: Mix, random: Random): () => number {
  const upTo = new Float64Array(lengths.length);
  let sum = same;
  upTo[0] = same;
  for (let length = 1; length < lengths.length; length++) {
    upTo[length] = sum += lengths[length];
  }
  return () => {
    const drawn = random(2 ** 32) / 2 ** 32 * pages;
    return largest(upTo.length - 1, (length) => upTo[length - 1] <= drawn);
  };
}

/** Pages whose objects are in a pool; nobody writes or reads what is in them. */
class AgingPool {
  readonly #pool: ZsPool;
  /** By page: its object's handle, or 0. */
  readonly #handles: Float64Array;
  /** By page: its object's bytes. */
  readonly #lengths: Float64Array;
  /** Bytes of all objects. */
  bytes = 0;

  constructor(profile: Profile, lengths: readonly number[]) {
    this.#pool = new ZsPool(profile);
    this.#handles = new Float64Array(lengths.length);
    this.#lengths = new Float64Array(lengths.length);
    lengths.forEach((length, page) => this.store(page, length));
  }

  /** Frames of the pool. */
  get frames(): number {
    return this.#pool.pagesAllocated;
  }

  /** Stores a page's object. */
  store(page: number, length: number): void {
    if (length === 0) return;
    const handle = this.#pool.malloc(length);
    if (typeof handle === "string") {
      throw new Error(`Cannot age page ${page}: ${handle}`);
    }
    this.#handles[page] = handle;
    this.#lengths[page] = length;
    this.bytes += length;
  }

  /** Frees a half of the pages, by bursts and by single ones; answers which. */
  freeHalf(random: Random): number[] {
    const pages = this.#handles.length;
    const gone = new Set<number>();
    while (gone.size < Math.floor(pages / 4)) {
      const first = random(pages);
      const end = Math.min(pages, first + BURST);
      for (let page = first; page < end; page++) gone.add(page);
    }
    while (gone.size < Math.floor(pages / 2)) gone.add(random(pages));
    for (const page of gone) this.#free(page);
    return [...gone];
  }

  #free(page: number): void {
    if (this.#handles[page] === 0) return;
    this.#pool.free(this.#handles[page]);
    this.#handles[page] = 0;
    this.bytes -= this.#lengths[page];
  }

  /** Compacts the pool. */
  compact(): void {
    this.#pool.compact();
  }
}
