/** How objects of a z3fold pool are mapped, read and written. */
import { InvariantError } from "../rules/invariant.ts";
import { reads, type Stop, writes } from "../rules/stop.ts";
import type { Z3foldObject } from "./handles.ts";
import { objectsState } from "./locks.ts";
import { lockPageOfSteps, unlockPageSteps } from "./page_steps.ts";
import type { Z3foldParts } from "./parts.ts";
import { Z3FOLD_RACE_RULES } from "./race_rules.ts";
import { HEADLESS, LAST, MIDDLE, MIDDLE_CHUNK_MAPPED } from "./z3fold_page.ts";

const MAP = "z3fold_map, mm/z3fold.c";
const UNMAP = "z3fold_unmap, mm/z3fold.c";

/** Maps an object of a locked page: it does not move until it is unmapped. */
export function beginMapping(
  parts: Z3foldParts,
  handle: number,
  pfn: number,
  verb: string,
): Z3foldObject {
  const { pages } = parts.lists;
  const object = parts.handles.locateToRead(handle, verb);
  assertInPage(parts, object);
  if (object.buddy === MIDDLE) pages.testAndSet(pfn, MIDDLE_CHUNK_MAPPED);
  if (object.buddy !== HEADLESS) pages.addMappedCount(pfn, 1);
  return object;
}

/** Ends a mapping. Throws where none of the locked page's objects is mapped. */
export function endMapping(
  { lists: { pages }, handles }: Z3foldParts,
  handle: number,
  pfn: number,
): void {
  const { buddy } = handles.locateToRead(handle, "unmap");
  if (buddy === HEADLESS) return;
  if (pages.mappedCount(pfn) === 0) {
    throw new Error(
      `Cannot unmap: no object of page ${pfn}, handle ${handle}'s, is mapped`,
    );
  }
  if (buddy === MIDDLE) pages.clear(pfn, MIDDLE_CHUNK_MAPPED);
  pages.addMappedCount(pfn, -1);
}

/** Copies `data` to the start of a mapped object, if it holds as much. */
export function copyTo(
  { lists }: Z3foldParts,
  { address, length }: Z3foldObject,
  data: Uint8Array,
): void {
  if (data.length <= length) lists.pages.memory.bytes.set(data, address);
}

/** Fills `into` from the start of a mapped object, if it has as much. */
export function copyFrom(
  { lists }: Z3foldParts,
  { address, length }: Z3foldObject,
  into: Uint8Array,
): void {
  if (into.length > length) return;
  const { bytes } = lists.pages.memory;
  into.set(bytes.subarray(address, address + into.length));
}

/** Throws where more bytes were asked of an object, unmapped again, than it has. */
export function assertFits(
  verb: string,
  { length: bytes }: Uint8Array,
  handle: number,
  { length }: Z3foldObject,
): void {
  if (bytes <= length) return;
  throw new RangeError(
    `Cannot ${verb} ${bytes} bytes: the object of handle ${handle} holds ${length}`,
  );
}

/** Maps an object, with its stops (`z3fold_map`). */
export function* mapObjectSteps(
  parts: Z3foldParts,
  handle: number,
  verb: string,
): Generator<Stop, Z3foldObject> {
  const pfn = yield* lockPageOfSteps(parts, handle, verb);
  const object = beginMapping(parts, handle, pfn, verb);
  yield* unlockPageSteps(parts, pfn, MAP);
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

/** Ends a mapping, with its stops (`z3fold_unmap`). */
export function* unmapObjectSteps(
  parts: Z3foldParts,
  handle: number,
): Generator<Stop, void> {
  const pfn = yield* lockPageOfSteps(parts, handle, "unmap");
  endMapping(parts, handle, pfn);
  yield* unlockPageSteps(parts, pfn, UNMAP);
}

/** Writes to an object, which has to hold as much, with its stops. */
export function* writeObjectSteps(
  parts: Z3foldParts,
  handle: number,
  data: Uint8Array,
): Generator<Stop, void> {
  const object = yield* mapObjectSteps(parts, handle, "write");
  yield writes(objectsState(object.pfn), MAP);
  copyTo(parts, object, data);
  yield* unmapObjectSteps(parts, handle);
  assertFits("write", data, handle, object);
}

/** Reads an object, which has to have as much, with its stops. */
export function* readObjectSteps(
  parts: Z3foldParts,
  handle: number,
  into: Uint8Array,
): Generator<Stop, Uint8Array> {
  const object = yield* mapObjectSteps(parts, handle, "read");
  yield reads(objectsState(object.pfn), MAP);
  copyFrom(parts, object, into);
  yield* unmapObjectSteps(parts, handle);
  assertFits("read", into, handle, object);
  return into;
}
