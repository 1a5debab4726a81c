/** The state machine of zsmalloc: a pool beside a map of what was put into it. */
import { Memory } from "../memory/memory.ts";
import { zsGeometry } from "../zsmalloc/geometry.ts";
import { checkPool } from "../zsmalloc/invariants.ts";
import { ZsPool } from "../zsmalloc/pool.ts";
import { agree, agreeBytes } from "./agree.ts";
import type { Arbitrary, FastCheck } from "./fast_check.ts";
import type { Machine } from "./machine.ts";
import {
  chosenProfile,
  type ProfileChoice,
  profileChoices,
} from "./profiles.ts";
import { plain, runSteps, step, type StepOf, type StepTable } from "./steps.ts";

/** The operations of {@linkcode zsmallocMachine} and their fields. */
export interface ZsmallocSteps {
  /** `count` objects of `size` bytes, each filled from a seed of its own. */
  malloc: {
    readonly size: number;
    readonly count: number;
    readonly seed: number;
  };
  /** The nth live object is freed, for each of `nths` in turn. */
  free: { readonly nths: readonly number[] };
  /** The nth live object is written. */
  write: { readonly nth: number; readonly seed: number };
  /** Every object is read. */
  read: Record<never, never>;
  /** The pool is compacted, and every object read. */
  compact: Record<never, never>;
}

/** A program of {@linkcode zsmallocMachine}: a JSON value. */
export interface ZsmallocProgram {
  /** The kernel. */
  readonly profile: ProfileChoice;
  /** The most frames there are; `null` for no limit. */
  readonly maxPages: number | null;
  /** The operations, run one after another. */
  readonly steps: readonly StepOf<ZsmallocSteps>[];
}

/** A pool, and the bytes that each live handle should have. */
interface State {
  readonly pool: ZsPool;
  readonly objects: Map<number, Uint8Array>;
  readonly maxPages: number;
}

const STEPS: StepTable<State, ZsmallocSteps> = {
  malloc(state, { size, count, seed }) {
    const { pool, objects } = state;
    for (let nth = 0; nth < count; nth++) {
      const pages = pool.pagesAllocated;
      const handle = pool.malloc(size);
      if (typeof handle === "string") {
        agree("malloc", handle, "ENOMEM");
        expectNoRoom(state, size);
        agree("pages after ENOMEM", pool.pagesAllocated, pages);
        return;
      }
      agree(`malloc gives a live handle`, objects.has(handle), false);
      const bytes = bytesFrom(seed + nth, size);
      pool.write(handle, bytes);
      objects.set(handle, bytes);
    }
  },

  free({ pool, objects }, { nths }) {
    for (const nth of nths) {
      const [handle] = pick(objects, nth);
      if (handle === undefined) return;
      pool.free(handle);
      objects.delete(handle);
    }
  },

  write({ pool, objects }, { nth, seed }) {
    const [handle, old] = pick(objects, nth);
    if (handle === undefined) return;
    const bytes = bytesFrom(seed, old.length);
    pool.write(handle, bytes);
    objects.set(handle, bytes);
  },

  read: readAll,

  compact(state) {
    const { pool } = state;
    const pages = pool.pagesAllocated;
    const promised = pool.pagesToCompact();
    const freed = pool.compact();
    agree("pages that compact frees", freed, pages - pool.pagesAllocated);
    agree("pages that compact frees, as promised", freed, promised);
    agree("pages to compact afterwards", pool.pagesToCompact(), 0);
    readAll(state);
  },
};

/** The operations of {@linkcode zsmallocMachine}. */
export const ZSMALLOC_OPS: readonly string[] = Object.keys(STEPS);

/** A pool of any kernel gives back what was put into it. */
export const zsmallocMachine: Machine<ZsmallocProgram> = {
  name: "zsmalloc",
  sentence:
    "A pool of any kernel gives back what was put in, through every malloc, free, write and compaction.",
  programs,
  run({ profile: choice, maxPages, steps }) {
    const profile = chosenProfile(choice);
    const { pageSize } = profile;
    const memory = new Memory({ pageSize, maxPages: maxPages ?? Infinity });
    const state = {
      pool: new ZsPool(profile, { memory }),
      objects: new Map(),
      maxPages: maxPages ?? Infinity,
    };
    runSteps(STEPS, state, steps, check);
  },
};

function check({ pool, objects }: State): void {
  checkPool(pool);
  agree("live handles", pool.handles.allocated, objects.size);
}

/** ENOMEM is right where fewer frames are left than a new zspage takes. */
function expectNoRoom({ pool, maxPages }: State, size: number): void {
  const { pagesPerZspage } = pool.classFor(size);
  const left = maxPages - pool.memory.allocatedPages;
  if (left < pagesPerZspage) return;
  throw new Error(
    `malloc of ${size} bytes: expected a handle, found ENOMEM with ${left} pages left for a zspage of ${pagesPerZspage}`,
  );
}

function readAll({ pool, objects }: State): void {
  for (const [handle, bytes] of objects) {
    const found = pool.read(handle, new Uint8Array(bytes.length));
    agreeBytes(`the object of handle ${handle}`, found, bytes);
  }
}

/** The `nth` live object, counted round; nothing where there is none. */
function pick(
  objects: State["objects"],
  nth: number,
): [number, Uint8Array] | [undefined] {
  return [...objects][nth % objects.size] ?? [undefined];
}

/** An object's bytes; a loop, since a callback for each takes most of a run. */
function bytesFrom(seed: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = seed + 31 * at >>> 3;
  return bytes;
}

/** Programs over few sizes, so that zspages fill, empty and compact. */
function programs(fc: FastCheck): Arbitrary<ZsmallocProgram> {
  const nth = fc.nat(1000);
  const seed = fc.nat(1000);
  const size = fc.oneof(
    plain(fc, { bytes: fc.integer({ min: 1, max: 65536 }) }),
    plain(fc, { filling: fc.nat(255) }),
  );
  const steps = fc.oneof(
    step(fc, "malloc", {
      size: fc.nat(2),
      count: fc.integer({ min: 1, max: 30 }),
      seed,
    }),
    step(fc, "free", {
      nths: fc.array(nth, { minLength: 1, maxLength: 30 }),
    }),
    step(fc, "write", { nth, seed }),
    step(fc, "read", {}),
    step(fc, "compact", {}),
  );
  return plain(fc, {
    profile: profileChoices(fc),
    maxPages: fc.constantFrom(8, 64, null),
    sizes: fc.array(size, { minLength: 1, maxLength: 3 }),
    steps: fc.array(steps, { maxLength: 40, size: "max" }),
  }).map(({ profile, maxPages, sizes, steps }) => {
    const bytes = sizes.map((one) => sizeIn(profile, one));
    return {
      profile,
      maxPages,
      steps: steps.map((one) =>
        one.op === "malloc"
          ? { ...one, size: bytes[one.size % bytes.length] }
          : one
      ),
    };
  });
}

/** Bytes of an object: any number, or as many as fill a chunk to its end. */
function sizeIn(
  choice: ProfileChoice,
  size: { bytes: number } | { filling: number },
): number {
  // The page size divides 65,536, so that the largest stays the largest.
  if ("bytes" in size) return 1 + (size.bytes - 1) % choice.pageSize;
  const { classes, handleSize } = zsGeometry(chosenProfile(choice));
  return classes[size.filling % classes.length].size - handleSize;
}
