/** Reading and writing an object, stopping where others may run. */
import { InvariantError } from "../rules/invariant.ts";
import { acquire, reads, type Stop, writes } from "../rules/stop.ts";
import {
  acquireAll,
  type Hold,
  objectState,
  type PoolLocks,
  releaseAll,
} from "./locks.ts";
import type { MappedChunk } from "./mapping.ts";
import type { Handles } from "./obj.ts";
import { ZSMALLOC_RACE_RULES } from "./race_rules.ts";
import type { Zspages } from "./zspage.ts";

/** What has objects that can be looked at. */
export interface AccessPool {
  readonly zspages: Zspages;
  readonly handles: Handles;
  readonly locks: PoolLocks;
  /** Where the chunk of a live handle lies, for something to be done with it. */
  chunkOf(handle: number, verb: string): MappedChunk;
}

const MAP = "zs_map_object, zs_obj_read_begin, mm/zsmalloc.c";
const UNMAP = "zs_unmap_object, zs_obj_read_end, mm/zsmalloc.c";

/** An object that is mapped, and what is held while it is. */
interface Mapped {
  readonly chunk: MappedChunk;
  readonly held: readonly Hold[];
}

/**
 * Finds an object and keeps it where it is. What is held to find it is dropped
 * once its zspage is locked, but for its pin. Specifies `zs_map_object` up to
 * 6.15, and since 6.16 how `zs_obj_read_begin` and `zs_obj_write` begin.
 */
function* mapSteps(
  pool: AccessPool,
  handle: number,
  verb: string,
): Generator<Stop, Mapped> {
  const { locks } = pool;
  const toFind = locks.toFind(handle);
  yield* acquireAll(toFind, MAP);
  const chunk = pool.chunkOf(handle, verb);
  const held: Hold[] = locks.pin(handle) === undefined ? [] : [...toFind];
  const zspageLock = locks.ofZspage(chunk.zspage);
  if (zspageLock !== undefined) {
    yield acquire(zspageLock, MAP, "shared");
    held.push({ lock: zspageLock, mode: "shared" });
  }
  if (locks.pin(handle) === undefined) yield* releaseAll(toFind, MAP);
  const area = locks.mapArea();
  if (area !== undefined) {
    yield acquire(area, MAP);
    held.push({ lock: area, mode: "exclusive" });
  }
  return { chunk, held };
}

/** Throws where a mapped object lies elsewhere by now. */
function assertStays({ handles }: AccessPool, { handle, pfn }: MappedChunk) {
  const found = handles.isLive(handle) ? handles.pfnOf(handle) : "nowhere";
  if (found === pfn) return;
  throw new InvariantError(ZSMALLOC_RACE_RULES.mappedStays, {
    where: `the frame of handle ${handle}`,
    expected: pfn,
    found,
  });
}

/**
 * Fills `into` with bytes from the start of an object. Specifies
 * `zs_obj_read_begin`, since 6.16; before, `zs_map_object` to read.
 */
export function* readSteps(
  pool: AccessPool,
  handle: number,
  into: Uint8Array,
): Generator<Stop, Uint8Array> {
  const { chunk, held } = yield* mapSteps(pool, handle, "read");
  yield reads(objectState(handle), MAP);
  assertStays(pool, chunk);
  const { pfn, offset, header } = chunk;
  pool.zspages.readBytes(pfn, offset + header, into);
  yield* releaseAll(held, UNMAP);
  return into;
}

/**
 * Copies `data` to the start of an object. Specifies `zs_obj_write`, since 6.16;
 * before, `zs_map_object` to write.
 */
export function* writeSteps(
  pool: AccessPool,
  handle: number,
  data: Uint8Array,
): Generator<Stop, void> {
  const { chunk, held } = yield* mapSteps(pool, handle, "write");
  yield writes(objectState(handle), MAP);
  assertStays(pool, chunk);
  const { pfn, offset, header } = chunk;
  pool.zspages.writeBytes(pfn, offset + header, data);
  yield* releaseAll(held, UNMAP);
}
