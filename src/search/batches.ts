/**
 * Batches: programs by number. A run's seed gives its batches, a batch's seed
 * its programs, so that the same programs are run however many threads or
 * machines share them.
 */
import { type Random, randomFrom } from "../programs/random.ts";

/** Programs of a batch: few, so that every machine has its turn soon. */
export const BATCH_PROGRAMS = 16;

/** Some programs, one after another. */
export interface Batch {
  /** Which batch of the run it is, from 0. */
  readonly nth: number;
  /** What its programs are made from: an unsigned 32-bit number. */
  readonly seed: number;
  /** How many there are. */
  readonly programs: number;
}

/** The part of a run that one of several machines does. */
export interface Shard {
  /** Which part, from 1. */
  readonly index: number;
  /** How many parts there are. */
  readonly count: number;
}

/** The whole run. */
export const WHOLE_RUN: Shard = { index: 1, count: 1 };

/**
 * The batches of a run of `programs` programs from `seed`, a whole number from
 * 0 to 2^32 - 1, that are a shard's: every `count`th. The run's first batch has
 * the run's seed.
 */
export function* batchesOf(
  seed: number,
  programs: number,
  { index, count }: Shard = WHOLE_RUN,
): Generator<Batch> {
  for (let nth = index - 1; nth * BATCH_PROGRAMS < programs; nth += count) {
    yield {
      nth,
      // An odd step: no two of the first 2^32 batches have the same seed.
      seed: (seed + Math.imul(nth, 0x9e3779b1)) >>> 0,
      programs: Math.min(programs - nth * BATCH_PROGRAMS, BATCH_PROGRAMS),
    };
  }
}

/** How many batches of a run of `programs` programs a shard has. */
export function countBatches(
  programs: number,
  { index, count }: Shard,
): number {
  return Math.max(
    0,
    Math.ceil((Math.ceil(programs / BATCH_PROGRAMS) - index + 1) / count),
  );
}

/** Whether a run is too short for a shard to have programs. */
export function isEmptyShard(programs: number, { index }: Shard): boolean {
  return (index - 1) * BATCH_PROGRAMS >= programs;
}

/** The programs of the shortest run of which a shard has `programs`, 1 or more. */
export function shortestRun(programs: number, { index, count }: Shard): number {
  const last = programs - 1;
  const batch = Math.floor(last / BATCH_PROGRAMS) * count + index - 1;
  return batch * BATCH_PROGRAMS + last % BATCH_PROGRAMS + 1;
}

/** Where a program stands. */
export interface Place {
  /** The seed of its batch. */
  readonly seed: number;
  /** Which program of the batch it is, from 0. */
  readonly nth: number;
}

/** The places of all programs of batches. */
export function* placesOf(batches: Iterable<Batch>): Generator<Place> {
  for (const { seed, programs } of batches) {
    for (let nth = 0; nth < programs; nth++) yield { seed, nth };
  }
}

/** What the program at a place is drawn from. */
export function randomAt({ seed, nth }: Place): Random {
  return randomFrom(mixed(seed ^ Math.imul(nth + 1, 0x85ebca6b)));
}

/** Seeds that are near each other, far apart: the finalizer of MurmurHash3. */
function mixed(seed: number): number {
  let hash = seed >>> 0;
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  return (hash ^ hash >>> 16) >>> 0;
}
