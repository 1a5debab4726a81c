/** A kernel's tree that is untarred and built, scaled to a small machine. */
import type { Errno } from "../../linux/errno.ts";
import type { Random } from "../../programs/random.ts";
import { makePage } from "./page_lengths.ts";
import type { SmallMachine } from "./small_machine.ts";

/** Sizes of the work, in MiB of the machine of 1 GiB that is scaled down. */
export interface BuildSizes {
  /**
   * The tree's files in whole pages. A tree of 3.11 is about 550 MB untarred;
   * the test's own limit says more: it did not fit half of 1 GiB.
   */
  readonly tree: number;
  /** Object files that the build writes: several hundred MB with a common configuration. */
  readonly objects: number;
  /** What one compiler has in memory at its peak. */
  readonly compiler: number;
  /** What the linker has at its peak. */
  readonly linker: number;
}

/** What keeps the work from going on. */
export type Failure = Errno | "OOM";

/** Where files are written. */
export interface Files {
  /** Writes a new file. */
  create(name: string, pages: readonly Uint8Array[]): Failure | undefined;
  /** Reads a file, or as much as decides whether that is possible. */
  read(name: string): Failure | undefined;
}

/** MiB of the machine that is scaled down: 1 GiB. */
export const REAL_MIB = 1024;

/** Pages of a small machine that stand for `mebibytes` of the real one. */
export function scaledPages(frames: number, mebibytes: number): number {
  return Math.round(mebibytes * frames / REAL_MIB);
}

/** `make -j 4`. */
const JOBS = 4;
/** Turns of four compilers each. */
const TURNS = 16;
/** The tree is untarred in so many files. */
const TREE_FILES = 128;
/** Processes: compilers from this number on, and the linker behind them. */
const FIRST_COMPILER = 100;

/** Where the work is done. */
export interface Workplace {
  /** The machine. */
  readonly machine: SmallMachine;
  /** Where the tree and the objects are. */
  readonly files: Files;
  /** What pages are drawn from. */
  readonly random: Random;
}

/** Untars the tree: what it fails for, if it does. */
export function untar(
  { machine, files, random }: Workplace,
  { tree }: BuildSizes,
): Failure | undefined {
  const pages = scaledPages(machine.frames, tree);
  for (let nth = 0; nth < TREE_FILES; nth++) {
    const count = share(pages, TREE_FILES, nth);
    const data = Array.from(
      { length: count },
      () => makePage("source", random),
    );
    const failure = files.create(`tree/${nth}`, data);
    if (failure !== undefined) return failure;
  }
}

/** Builds it, four compilers at a time, and links: what it fails for, if it does. */
export function build(
  place: Workplace,
  sizes: BuildSizes,
): Failure | undefined {
  for (let turn = 0; turn < TURNS; turn++) {
    const failure = compile(place, sizes, turn);
    if (failure !== undefined) return failure;
  }
  const { machine } = place;
  const linker = FIRST_COMPILER + JOBS;
  const pages = scaledPages(machine.frames, sizes.linker);
  const failure = work(place, [linker], pages);
  machine.exit(linker);
  return failure;
}

/** Four compilers at once: each reads sources, fills its memory, writes objects. */
function compile(
  place: Workplace,
  { compiler, objects }: BuildSizes,
  turn: number,
): Failure | undefined {
  const { machine, files, random } = place;
  const jobs = Array.from({ length: JOBS }, (_, nth) => FIRST_COMPILER + nth);
  for (const [nth] of jobs.entries()) {
    const source = (turn * JOBS + nth) % TREE_FILES;
    const failure = files.read(`tree/${source}`);
    if (failure !== undefined) return failure;
  }
  const failure = work(place, jobs, scaledPages(machine.frames, compiler));
  if (failure !== undefined) return failure;
  const all = scaledPages(machine.frames, objects);
  for (const [nth, job] of jobs.entries()) {
    const count = share(all, TURNS * JOBS, turn * JOBS + nth);
    const data = Array.from(
      { length: count },
      () => makePage("object", random),
    );
    const failure = files.create(`objects/${turn}.${nth}`, data);
    if (failure !== undefined) return failure;
    machine.exit(job);
  }
}

/** Processes fill so many pages each, in turns, and use them all once more. */
function work(
  { machine, random }: Workplace,
  processes: readonly number[],
  pages: number,
): "OOM" | undefined {
  for (let number = 0; number < pages; number++) {
    for (const process of processes) {
      const isWritten = machine.write(
        process,
        number,
        makePage("object", random),
      );
      if (!isWritten) return "OOM";
    }
  }
  for (let number = 0; number < pages; number++) {
    for (const process of processes) {
      if (!machine.touch(process, number)) return "OOM";
    }
  }
}

/** The nth of `parts` equal parts, in whole pages. */
function share(pages: number, parts: number, nth: number): number {
  return Math.floor((nth + 1) * pages / parts) -
    Math.floor(nth * pages / parts);
}
