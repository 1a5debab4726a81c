/** How objects of a z3fold pool are mapped, read and written. */
import { InvariantError } from "../rules/invariant.ts";
import { reads, type Stop, writes } from "../rules/stop.ts";
import type { Z3foldObject } from "./handles.ts";
import { objectsState } from "./locks.ts";
import { lockPageOf, unlockPage } from "./page_steps.ts";
import type { Z3foldParts } from "./parts.ts";
import { Z3FOLD_RACE_RULES } from "./race_rules.ts";
import { HEADLESS, LAST, MIDDLE, MIDDLE_CHUNK_MAPPED } from "./z3fold_page.ts";

const MAP = "z3fold_map, mm/z3fold.c";
const UNMAP = "z3fold_unmap, mm/z3fold.c";

/** Maps an object, which does not move until it is unmapped (`z3fold_map`). */
export function* mapObject(
  parts: Z3foldParts,
  handle: number,
  verb = "map",
): Generator<Stop, Z3foldObject> {
  const { lists: { pages }, handles } = parts;
  const pfn = yield* lockPageOf(parts, handle, verb);
  const object = handles.locateToRead(handle, verb);
  assertInPage(parts, object);
  if (object.buddy === MIDDLE) pages.testAndSet(pfn, MIDDLE_CHUNK_MAPPED);
  if (object.buddy !== HEADLESS) pages.addMappedCount(pfn, 1);
  yield* unlockPage(parts, pfn, MAP);
  return object;
}

/** An object may be freed while it is evicted: the header then has no length. */
function assertInPage(
  { lists: { pages }, release: kernel }: Z3foldParts,
  { pfn, buddy }: Z3foldObject,
): void {
  if (kernel.lastLength === "in-slot" || buddy !== LAST) return;
  if (pages.chunks(pfn, LAST) > 0) return;
  throw new InvariantError(Z3FOLD_RACE_RULES.mappedInPage, {
    where: `the last object of page ${pfn}`,
    expected: "an address in the page",
    found: "the page's end",
  });
}

/**
 * Ends a mapping. Throws where none of the page's objects is mapped
 * (`z3fold_unmap`).
 */
export function* unmapObject(
  parts: Z3foldParts,
  handle: number,
): Generator<Stop, void> {
  const { lists: { pages }, handles } = parts;
  const pfn = yield* lockPageOf(parts, handle, "unmap");
  const { buddy } = handles.locateToRead(handle, "unmap");
  if (buddy !== HEADLESS) {
    if (pages.mappedCount(pfn) === 0) {
      throw new Error(
        `Cannot unmap: no object of page ${pfn}, handle ${handle}'s, is mapped`,
      );
    }
    if (buddy === MIDDLE) pages.clear(pfn, MIDDLE_CHUNK_MAPPED);
    pages.addMappedCount(pfn, -1);
  }
  yield* unlockPage(parts, pfn, UNMAP);
}

/** Copies `data` to the start of an object, which has to hold as much. */
export function* writeObject(
  parts: Z3foldParts,
  handle: number,
  data: Uint8Array,
): Generator<Stop, void> {
  const object = yield* mapObject(parts, handle, "write");
  yield writes(objectsState(object.pfn), MAP);
  const isFitting = data.length <= object.length;
  if (isFitting) parts.lists.pages.memory.bytes.set(data, object.address);
  yield* unmapObject(parts, handle);
  if (!isFitting) throw tooLong("write", data.length, handle, object);
}

/** Fills `into` from the start of an object, which has to have as much. */
export function* readObject(
  parts: Z3foldParts,
  handle: number,
  into: Uint8Array,
): Generator<Stop, Uint8Array> {
  const object = yield* mapObject(parts, handle, "read");
  yield reads(objectsState(object.pfn), MAP);
  const isFitting = into.length <= object.length;
  const { bytes } = parts.lists.pages.memory;
  const { address } = object;
  if (isFitting) into.set(bytes.subarray(address, address + into.length));
  yield* unmapObject(parts, handle);
  if (!isFitting) throw tooLong("read", into.length, handle, object);
  return into;
}

function tooLong(
  verb: string,
  length: number,
  handle: number,
  object: Z3foldObject,
): RangeError {
  return new RangeError(
    `Cannot ${verb} ${length} bytes: the object of handle ${handle} holds ${object.length}`,
  );
}
