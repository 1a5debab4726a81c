/** Conformance of an object of the user's: one function for each kind. */
import type { ZramStep } from "../programs/zram/steps.ts";
import type { ZsmallocStep } from "../programs/zsmalloc/steps.ts";
import type { ZswapStep } from "../programs/zswap/steps.ts";
import {
  checkedObject,
  ZRAM_ANSWERS,
  ZSMALLOC_ANSWERS,
  ZSWAP_ANSWERS,
} from "../targets/checked_object.ts";
import type {
  ZramTarget,
  ZsmallocTarget,
  ZswapTarget,
} from "../targets/target.ts";
import { conform, type ConformOptions, type ConformResult } from "./conform.ts";
import { ZRAM_SUITE } from "./suites/zram.ts";
import { ZSMALLOC_SUITE } from "./suites/zsmalloc.ts";
import { ZSWAP_SUITE } from "./suites/zswap.ts";

/**
 * Runs random programs on an allocator and judges every answer. The same seed
 * gives the same programs. Rejects with a TypeError where the target lacks a
 * method.
 *
 * @example An implementation of one's own, in a `deno test`
 * ```ts ignore
 * import { assertEquals } from "@std/assert";
 * import { conformZsmalloc, findingTranscript } from "zspec";
 * import { mine } from "./mine.ts"; // A ZsmallocTarget: seven methods.
 *
 * Deno.test("my allocator keeps the contract of zsmalloc", async () => {
 *   const { plan, finding } = await conformZsmalloc(mine, { runs: 300 });
 *   const said = findingTranscript("zsmalloc", plan, finding);
 *   assertEquals(finding, undefined, said);
 * });
 * ```
 *
 * @example The least that keeps the contract
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { conformZsmalloc, type ZsmallocTarget } from "zspec";
 *
 * const objects = new Map<string, Uint8Array>();
 * let [next, pageSize, bytes] = [1, 0, 0];
 * const mine: ZsmallocTarget = {
 *   create(setup) {
 *     objects.clear();
 *     [pageSize, bytes] = [setup.pageSize, 0];
 *   },
 *   malloc(size) {
 *     if (size === 0 || size > pageSize) return { error: "EINVAL" };
 *     bytes += size;
 *     const handle = String(next++);
 *     objects.set(handle, new Uint8Array(size));
 *     return { handle };
 *   },
 *   free(handle) {
 *     bytes -= objects.get(handle)?.length ?? 0;
 *     objects.delete(handle);
 *   },
 *   write: (handle, data) => objects.get(handle)?.set(data),
 *   read(handle, length) {
 *     const object = objects.get(handle);
 *     if (object === undefined) return { error: "ENOENT" };
 *     return { data: object.slice(0, length) };
 *   },
 *   compact: () => ({ pagesFreed: 0 }),
 *   stats: () => ({
 *     totalPages: Math.ceil(bytes / pageSize),
 *     pagesCompacted: 0,
 *   }),
 * };
 * const contract = await conformZsmalloc(mine);
 * assertEquals(contract.finding, undefined);
 *
 * // Policies of its own are sound, but not Linux's.
 * const exact = await conformZsmalloc(mine, { level: "exact" });
 * assertEquals(exact.finding?.rule.id, "exact/same-answer");
 * ```
 */
export async function conformZsmalloc(
  target: ZsmallocTarget,
  options?: ConformOptions,
): Promise<ConformResult<ZsmallocStep>> {
  return await conform(
    ZSMALLOC_SUITE,
    checkedObject(target, ZSMALLOC_ANSWERS),
    options,
  );
}

/**
 * Runs random programs on a compressed block device and judges every answer,
 * likewise. Its algorithms are those that `comp_algorithm` shows.
 *
 * @example A device that answers zeros for what it does not have
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { conformZram, isRefusal, LINUX_6_18, modelZram } from "zspec";
 *
 * const target = modelZram(LINUX_6_18);
 * const { finding } = await conformZram({
 *   ...target,
 *   async read(page) {
 *     const answer = await target.read(page);
 *     return isRefusal(answer) ? { data: new Uint8Array(4096) } : answer;
 *   },
 * });
 * assertEquals(finding?.rule.id, "contract/outside-the-disk");
 * assertEquals(finding?.steps.map(({ op }) => op), ["create", "read"]);
 * ```
 */
export async function conformZram(
  target: ZramTarget,
  options?: ConformOptions,
): Promise<ConformResult<ZramStep>> {
  return await conform(
    ZRAM_SUITE,
    checkedObject(target, ZRAM_ANSWERS),
    options,
  );
}

/**
 * Runs random programs on a compressed swap cache and judges every answer,
 * likewise. At level `exact` it has the kernel's default compressor, its worker
 * runs right after the store that queues it, and `writeback` is what
 * {@linkcode modelZswap} does.
 *
 * @example A swap cache that does not count what it writes back
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { conformZswap, LINUX_6_18, modelZswap } from "zspec";
 *
 * const target = modelZswap(LINUX_6_18);
 * const { finding } = await conformZswap({
 *   ...target,
 *   async stats() {
 *     return { ...await target.stats(), writtenBackPages: 0 };
 *   },
 * });
 * assertEquals(finding?.rule.id, "contract/written-back-pages");
 * ```
 */
export async function conformZswap(
  target: ZswapTarget,
  options?: ConformOptions,
): Promise<ConformResult<ZswapStep>> {
  return await conform(
    ZSWAP_SUITE,
    checkedObject(target, ZSWAP_ANSWERS),
    options,
  );
}
