/** How the second model compacts a class, in each kernel's way. */
import type { KernelFacts } from "./kernels.ts";
import type { NaiveZspage, Placement } from "./placement.ts";

/** What a compaction needs of the pool around it. */
export interface Compacting {
  /** An object moves to the first free chunk of a zspage. */
  move(object: number, to: NaiveZspage): void;
  /** Whether an object is mapped that stays where it is. */
  stays(object: number): boolean;
  /** Whether nothing moves from or to a zspage, as one of its objects is mapped. */
  isLocked(zspage: NaiveZspage): boolean;
  /** Whether such a zspage ends the class's compaction, and is not waited for. */
  readonly passesOver: boolean;
  /** Whether somebody else wants the lock, as far as the kernel looks. */
  isContended(): boolean;
  /** It waits until the oldest mapping ends. */
  wait(): void;
  /** It drops the lock for a moment. */
  unlocked(): void;
}

/** Compacts one class; answers the pages that it frees. */
type Compact = (of: Placement, pool: Compacting) => number;

const WAYS: Readonly<Record<KernelFacts["compaction"], Compact>> = {
  "none": () => 0,

  "almost-empty"(of, pool) {
    for (let freed = 0;;) {
      const source = of.takeHead(1, 1);
      if (source === undefined) return freed;
      const destination = emptyInto(of, pool, source);
      if (destination !== undefined) of.putOn(destination);
      freed += of.putOn(source);
      if (destination === undefined) return freed;
      if (source.inuse === 0) pool.unlocked();
      else pool.wait();
    }
  },

  "by-source"(of, pool) {
    let [freed, inVain] = [0, 0];
    for (;;) {
      const source = of.takeEmptiest();
      if (source === undefined) return freed;
      while (pool.isLocked(source)) pool.wait();
      const destination = of.freeable > 0
        ? emptyInto(of, pool, source)
        : undefined;
      if (destination !== undefined) of.putOn(destination);
      freed += of.putOn(source);
      if (destination === undefined) return freed;
      inVain = source.inuse > 0 ? inVain + 1 : 0;
      if (inVain < of.zspages || inVain === 0) pool.unlocked();
      else {
        inVain = 0;
        pool.wait();
      }
    }
  },

  "by-destination"(of, pool) {
    let freed = 0;
    let destination: NaiveZspage | undefined;
    while (of.freeable > 0) {
      destination ??= of.takeFullest();
      if (destination === undefined) break;
      const source = of.takeEmptiest();
      if (source === undefined) break;
      const isLeft = pool.isLocked(source) && pool.passesOver;
      while (!isLeft && pool.isLocked(source)) pool.wait();
      if (!isLeft) moveObjects(of, pool, source, 0, destination);
      freed += of.putOn(source);
      if (isLeft) break;
      if (!of.isFull(destination) && !pool.isContended()) continue;
      of.putOn(destination);
      destination = undefined;
      pool.unlocked();
    }
    if (destination !== undefined) of.putOn(destination);
    return freed;
  },
};

/** Compacts a class as a kernel does; answers the pages that it frees. */
export function compactPlacement(
  { compaction }: KernelFacts,
  of: Placement,
  pool: Compacting,
): number {
  return WAYS[compaction](of, pool);
}

/**
 * Fills one zspage after another with what can move of a source: the last of
 * them, off its list, or none where they ran out.
 */
function emptyInto(
  of: Placement,
  pool: Compacting,
  source: NaiveZspage,
): NaiveZspage | undefined {
  let chunk = 0;
  for (;;) {
    const destination = of.takeFullest();
    if (destination === undefined) return undefined;
    while (pool.isLocked(destination)) pool.wait();
    chunk = moveObjects(of, pool, source, chunk, destination);
    if (chunk === source.chunks.length) return destination;
    of.putOn(destination);
    if (pool.isContended()) return undefined;
  }
}

/**
 * Moves the objects of a source, from a chunk on, until there is none left or
 * no room: the chunk of the first that had none, or how many there are.
 */
function moveObjects(
  of: Placement,
  pool: Compacting,
  source: NaiveZspage,
  from: number,
  destination: NaiveZspage,
): number {
  const { chunks } = source;
  for (let chunk = from; chunk < chunks.length; chunk++) {
    const object = chunks[chunk] - 1;
    if (object < 0 || pool.stays(object)) continue;
    if (of.isFull(destination)) return chunk;
    pool.move(object, destination);
  }
  return chunks.length;
}
