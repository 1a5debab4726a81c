/** A pool of the model, and what programs call what is in it. */
import type {
  Refused,
  Unmapped,
  ZsmallocOp,
  ZsmallocResults,
  ZsmallocSteps,
} from "../../programs/zsmalloc/steps.ts";
import type { MappedObject } from "../../zsmalloc/mapping.ts";
import type { ZsPool } from "../../zsmalloc/pool.ts";
import type { Outcome } from "../step_target.ts";
import type { Faults } from "../faults.ts";

/** An object that is there. */
export interface PoolObject {
  /** Its handle. */
  readonly handle: number;
  /** Bytes that it was asked for. */
  readonly size: number;
}

/** An object that is mapped. */
export interface PoolMapping {
  /** The mapping. */
  readonly object: MappedObject;
  /** Bytes that are mapped of those that its object was asked for. */
  readonly size: number;
}

/** A pool, and what programs call what is in it. */
export interface PoolState {
  /** The pool. */
  readonly pool: ZsPool;
  /** Which of its allocations fail. */
  readonly faults: Faults<"frame" | "cell">;
  /** The objects that are there, by number. */
  readonly objects: Map<number, PoolObject>;
  /** The mappings that there are, by number, the oldest first. */
  readonly mapped: Map<number, PoolMapping>;
  /** The frames that are locked, by the number of their page, the oldest first. */
  readonly locked: Map<number, number>;
  /** The frames that are isolated, by the number of their page. */
  readonly isolated: Map<number, number>;
  /** A page to make bytes in. */
  readonly scratch: Uint8Array;
  /** Called wherever a compaction has dropped its lock. */
  readonly whenUnlocked: () => void;
  /** The object that was freed last. */
  freed: { readonly object: number; readonly handle: number } | undefined;
  /** The mapping that ended last. */
  unmapped:
    | { readonly mapping: number; readonly object: MappedObject }
    | undefined;
}

/** What each operation does to a pool. */
export type PoolSteps = {
  readonly [Op in Exclude<ZsmallocOp, "create">]: (
    state: PoolState,
    step: ZsmallocSteps[Op],
  ) => Outcome<ZsmallocResults[Op]>;
};

/** Allocates an object: its handle, or an errno. */
export function mallocOne(
  { pool, objects }: PoolState,
  size: number,
  object: number,
): number | string {
  const handle = pool.malloc(size);
  if (typeof handle === "number") objects.set(object, { handle, size });
  return handle;
}

/** Frees an object that is there; `false` where the pool refuses, as it is mapped. */
export function freeOne(state: PoolState, object: number): boolean {
  const { pool, objects } = state;
  const there = objects.get(object);
  if (there === undefined) return false;
  const { handle } = there;
  if (pool.mappings.isMapped(handle)) {
    return tried(() => pool.free(handle)) === undefined;
  }
  pool.free(handle);
  objects.delete(object);
  state.freed = { object, handle };
  return true;
}

/** Ends a mapping that there is. */
export function unmapOne(state: PoolState, mapping: number): Unmapped {
  const one = state.mapped.get(mapping);
  if (one === undefined) throw new Error(`There is no mapping ${mapping}`);
  const data = mappedBytes(one);
  state.pool.unmap(one.object);
  state.mapped.delete(mapping);
  state.unmapped = { mapping, object: one.object };
  return { mapping, data };
}

/** The bytes of an object that are mapped, as they are. */
export function mappedBytes({ object, size }: PoolMapping): Uint8Array {
  return object.read(new Uint8Array(size));
}

/** What an operation gives, or why it was not done. */
export function tried<Result>(run: () => Result): Result | Refused {
  try {
    return run();
  } catch (error) {
    return { misuse: error instanceof Error ? error.message : String(error) };
  }
}
