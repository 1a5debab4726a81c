/** The contracts: what every implementation must keep, as lists. */
import type { Rule } from "../rules/invariant.ts";
import { ZRAM_CONTRACT } from "./zram_rules.ts";
import { ZSMALLOC_CONTRACT } from "./zsmalloc_rules.ts";
import { ZSWAP_CONTRACT } from "./zswap_rules.ts";

/**
 * The rules of each contract, by the kind of target: what the level `contract`
 * judges by, whatever an implementation's policy.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { CONTRACTS } from "zspec";
 *
 * const rule = CONTRACTS.zram.find(({ id }) => id === "contract/stored");
 * assertEquals(
 *   rule?.sentence,
 *   "A page of one word repeated takes 0 bytes, any other 1 to a whole page.",
 * );
 * ```
 */
export const CONTRACTS: Readonly<
  Record<"zsmalloc" | "zram" | "zswap", readonly Rule[]>
> = {
  zsmalloc: Object.values(ZSMALLOC_CONTRACT),
  zram: Object.values(ZRAM_CONTRACT),
  zswap: Object.values(ZSWAP_CONTRACT),
};
