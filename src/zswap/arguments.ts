/** What zswap's operations can be asked: what they refuse as no such thing. */
import { assertLength, assertWhole, refuseType } from "../rules/argument.ts";
import type { ZswapTree } from "./entry.ts";
import type { Zswap } from "./zswap.ts";

/** Throws where a name is none of those that there are. */
export function assertAvailable(
  what: string,
  name: string,
  available: readonly string[],
): void {
  if (available.includes(name)) return;
  throw new Error(
    `Cannot make zswap: the '${what}' is '${name}', not one of ${
      available.join(", ")
    }`,
  );
}

/** Throws where an offset is none that a `swp_entry_t` has bits for. */
function assertOffset(zswap: Zswap, doing: string, offset: number): void {
  const { wordBits, zswap: { swpTypeShift } } = zswap.profile;
  assertWhole(doing, "offset", offset, 0, 2 ** swpTypeShift(wordBits) - 1);
}

/** The tree of a folio that can be stored as it is given. */
export function treeToStore(
  zswap: Zswap,
  type: number,
  offset: number,
  folio: readonly Uint8Array[],
): ZswapTree {
  if (!Array.isArray(folio)) {
    refuseType("store a page", "folio", folio, "an array of pages");
  }
  for (const page of folio) {
    assertLength("store a page", page, zswap.profile.pageSize);
  }
  const last = offset + Math.max(0, folio.length - 1);
  assertOffset(zswap, "store a page", offset);
  assertOffset(zswap, "store a page", last);
  return zswap.treeOf(type);
}

/** The tree of a page that can be loaded into `into`. */
export function treeToLoad(
  zswap: Zswap,
  type: number,
  offset: number,
  into: Uint8Array,
): ZswapTree {
  assertOffset(zswap, "load a page", offset);
  assertLength("load a page", into, zswap.profile.pageSize);
  return zswap.treeOf(type);
}

/** The tree of a page that can be invalidated. */
export function treeToInvalidate(
  zswap: Zswap,
  type: number,
  offset: number,
): ZswapTree {
  assertOffset(zswap, "invalidate a page", offset);
  return zswap.treeOf(type);
}
