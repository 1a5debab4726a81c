/** The rules of the buddy allocator, and their check on all of a memory. */
import { MIGRATE_TYPES } from "../linux/gfp.ts";
import { assertInvariants } from "../rules/invariant.ts";
import type { Reach } from "../rules/reach.ts";
import type { Rule } from "../rules/rule.ts";
import { FREE_BLOCK_INVARIANTS, listedBlocks } from "./block_invariants.ts";
import type { Memory } from "./memory.ts";
import { ZONE_INVARIANTS } from "./zone_invariants.ts";

/** Every rule that holds of a memory of zones after each operation. */
export const PAGE_ALLOC_INVARIANTS: readonly Rule[] = [
  ...ZONE_INVARIANTS,
  ...FREE_BLOCK_INVARIANTS,
];

/**
 * Checks every rule on every zone and free block of a memory; one without zones
 * has none. Throws an `InvariantError` at the first that is broken.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { assertPageAlloc, LINUX_6_18, Memory } from "zspec";
 *
 * const { release } = LINUX_6_18;
 * const zones = [{ name: "Normal" as const, pages: 100 }];
 * const memory = new Memory({ buddy: { release: release.pageAlloc, zones } });
 * memory.allocPage();
 * assertPageAlloc(memory);
 * memory.buddy?.orders.fill(-1);
 * assertThrows(() => assertPageAlloc(memory), Error, "page_alloc/one-place");
 * ```
 */
export function assertPageAlloc(memory: Memory, reach?: Reach): void {
  const { buddy } = memory;
  if (buddy === undefined) return;
  for (const zone of buddy.zones) {
    assertInvariants(ZONE_INVARIANTS, memory, { buddy, zone }, reach);
    for (let order = 0; order <= buddy.maxOrder; order++) {
      for (const type of MIGRATE_TYPES.keys()) {
        for (const block of listedBlocks(buddy, zone, order, type)) {
          assertInvariants(FREE_BLOCK_INVARIANTS, memory, block, reach);
        }
      }
    }
  }
}
