/** The state machine of zsmalloc: a pool beside a map of what was put into it. */
import type { Profile } from "../linux/profile.ts";
import { isBlocked } from "../rules/wait.ts";
import { Memory } from "../memory/memory.ts";
import { checkCompaction, poolBefore } from "../zsmalloc/change_invariants.ts";
import { CheckedPool } from "../zsmalloc/checked_pool.ts";
import { ZsPool } from "../zsmalloc/pool.ts";
import { agree, agreeBytes, refuses } from "./agree.ts";
import type { Machine } from "./machine.ts";
import { chosenProfile } from "../programs/kernels.ts";
import { runSteps, type StepTable } from "./steps.ts";
import { MappedModel } from "./zsmalloc_mapped.ts";
import {
  type ZsmallocProgram,
  zsmallocPrograms,
  type ZsmallocSteps,
} from "./zsmalloc_programs.ts";

/** Which allocation from now on fails: 0 is the next one. */
type Countdown = number | undefined;

/** Faults to inject, and whether one has struck. */
interface Faults {
  frame: Countdown;
  cell: Countdown;
  struck: boolean;
}

/** A pool, and the bytes that each live handle's object should have. */
interface State {
  readonly checked: CheckedPool;
  readonly pool: ZsPool;
  readonly objects: Map<number, Uint8Array>;
  readonly mapped: MappedModel;
  readonly faults: Faults;
  readonly maxPages: number;
}

const STEPS: StepTable<State, ZsmallocSteps> = {
  malloc(state, { size, count, seed }) {
    for (let nth = 0; nth < count; nth++) {
      if (!mallocOne(state, size, seed + nth)) return;
    }
  },

  free(state, { nths }) {
    const { checked, objects, mapped } = state;
    for (const nth of nths) {
      const [handle] = pick(objects, nth);
      if (handle === undefined) return;
      if (mapped.has(handle)) {
        refuses("is mapped", () => checked.free(handle));
        continue;
      }
      checked.free(handle);
      objects.delete(handle);
      refuses("names no object", () => checked.free(handle));
    }
  },

  write({ pool, objects }, { nth, seed }) {
    const [handle, old] = pick(objects, nth);
    if (handle === undefined) return;
    const bytes = bytesFrom(seed, old.length);
    pool.write(handle, bytes);
    objects.set(handle, bytes);
    refuses("holds", () => pool.write(handle, new Uint8Array(65537)));
  },

  read: readAll,

  fail({ faults }, { what, after }) {
    faults[what] = after;
  },

  map({ objects, mapped }, { nth, mode, cpu }) {
    const [handle] = pick(objects, nth);
    if (handle !== undefined) mapped.map(handle, mode, cpu);
  },

  writeMapped({ mapped }, { nth, seed }) {
    mapped.write(nth, (length) => bytesFrom(seed, length));
  },

  unmap({ mapped }, { nth }) {
    mapped.unmap(nth);
  },

  compact(state) {
    const { pool, checked } = state;
    const before = poolBefore(pool);
    const { pagesFreed, isDisturbed } = compact(state, undefined);
    checked.checkAll();
    if (!isDisturbed) checkCompaction(before, { pool, pagesFreed });
    readAll(state);
  },

  compactAround(state, { size, nth }) {
    compact(state, (turn) => {
      if (turn % 2 === 0) mallocOne(state, size, turn);
      else STEPS.free(state, { op: "free", nths: [nth + turn] });
    });
    readAll(state);
  },

  shrink(state) {
    const { pool, mapped } = state;
    if (mapped.count > 0) return;
    const promised = pool.shrinkerCount();
    const before = poolBefore(pool);
    const freed = pool.shrinkerScan();
    agree("pages that the shrinker frees", freed, promised || "stop");
    const pagesFreed = freed === "stop" ? 0 : freed;
    checkCompaction(before, { pool, pagesFreed });
    agree("pages to free afterwards", pool.shrinkerCount(), 0);
    readAll(state);
  },

  migrate(state, { nth }) {
    const { checked, pool, objects, mapped } = state;
    const [handle] = pick(objects, nth);
    if (handle === undefined) return;
    const pfn = pool.handles.pfnOf(handle);
    if (mapped.isLocked(pfn) && pool.profile.mapped === "waited-for") {
      refuses("mapped object", () => checked.migratePage(pfn));
      return;
    }
    const to = checked.migratePage(pfn);
    if (to === "ENOMEM") expectNoRoom(state, 1);
    else if (to === "EINVAL") agree("locked", mapped.isLocked(pfn), true);
    else agree("movable", typeof to === "number", pool.profile.movable);
    readAll(state);
  },
};

/** The operations of {@linkcode zsmallocMachine}. */
export const ZSMALLOC_OPS: readonly string[] = Object.keys(STEPS);

/** A pool of any kernel gives back what was put into it. */
export const zsmallocMachine: Machine<ZsmallocProgram> = {
  name: "zsmalloc",
  sentence:
    "A pool of any kernel gives back what was put in, through every malloc, free, write, mapping, compaction, migration and failed allocation.",
  programs: zsmallocPrograms,
  run(program) {
    runSteps(STEPS, startOf(program), program.steps, check);
  },
};

function startOf(
  { profile: choice, isPageTable, maxPages: limit }: ZsmallocProgram,
): State {
  const chosen = chosenProfile(choice);
  const profile: Profile = isPageTable && chosen.mapping === "copy"
    ? { ...chosen, mapping: "page-table" }
    : chosen;
  const maxPages = limit ?? Infinity;
  const faults: Faults = { frame: undefined, cell: undefined, struck: false };
  const memory = new Memory({
    pageSize: profile.pageSize,
    maxPages,
    failPageAlloc: () => strikes(faults, "frame"),
  });
  const pool = new ZsPool(profile, {
    memory,
    failslab: () => strikes(faults, "cell"),
  });
  const objects = new Map<number, Uint8Array>();
  return {
    checked: new CheckedPool(pool),
    pool,
    objects,
    mapped: new MappedModel(pool, objects),
    faults,
    maxPages,
  };
}

/** Counts an allocation, and whether it is the one to fail. */
function strikes(faults: Faults, what: "frame" | "cell"): boolean {
  const left = faults[what];
  if (left === undefined) return false;
  faults[what] = left === 0 ? undefined : left - 1;
  faults.struck ||= left === 0;
  return left === 0;
}

/** Allocates an object and fills its chunk; `false` where there is no memory. */
function mallocOne(state: State, size: number, seed: number): boolean {
  const { checked, pool, objects } = state;
  const handle = checked.malloc(size);
  if (typeof handle === "string") {
    agree("malloc", handle, "ENOMEM");
    expectNoRoom(state, pool.classFor(size).pagesPerZspage);
    return false;
  }
  agree("malloc gives a live handle", objects.has(handle), false);
  const bytes = bytesFrom(seed, state.mapped.capacityOf(size));
  pool.write(handle, bytes);
  objects.set(handle, bytes);
  return true;
}

/**
 * Compacts, with `meanwhile` run wherever the kernel drops its lock, its turn
 * counted, and an object unmapped wherever it would wait for one.
 */
function compact(
  { pool, checked, mapped }: State,
  meanwhile: ((turn: number) => void) | undefined,
): { pagesFreed: number; isDisturbed: boolean } {
  const compaction = pool.compactSteps();
  let isDisturbed = false;
  let turn = 0;
  let step = compaction.next();
  for (; !step.done; step = compaction.next()) {
    if (isBlocked(step.value)) {
      mapped.unmap(0);
      isDisturbed = true;
    } else if (meanwhile !== undefined) {
      checked.checkAll();
      meanwhile(turn++);
      isDisturbed = true;
    }
  }
  return { pagesFreed: step.value, isDisturbed };
}

function check({ checked, pool, objects, mapped }: State): void {
  checked.checkAll();
  agree("live handles", pool.handles.allocated, objects.size);
  agree("mapped objects", pool.mappings.count, mapped.count);
}

/**
 * ENOMEM is right where a fault struck, or fewer frames are left than are
 * asked for.
 */
function expectNoRoom({ pool, faults, maxPages }: State, pages: number): void {
  const left = maxPages - pool.memory.allocatedPages;
  if (!faults.struck && left >= pages) {
    throw new Error(
      `expected memory, found ENOMEM with ${left} pages left and ${pages} asked for`,
    );
  }
  faults.struck = false;
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
