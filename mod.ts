/**
 * zspec: an executable specification of Linux's compressed memory.
 *
 * @example The same pages through two kernels
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LINUX_6_1, LINUX_6_18, randomFrom, Zram } from "zspec";
 *
 * // 3,400 bytes of noise: too much for 6.1 to compress, not for 6.18.
 * const random = randomFrom(1);
 * const page = new Uint8Array(4096);
 * for (let at = 0; at < 3400; at++) page[at] = random(256);
 * const used = [LINUX_6_18, LINUX_6_1].map((profile) => {
 *   const zram = new Zram(profile);
 *   zram.setAlgorithm("lz4");
 *   zram.setDisksize(1 << 20);
 *   for (let nth = 0; nth < 100; nth++) zram.write(nth, page);
 *   return [profile.name, zram.mmStat().mem_used_total];
 * });
 * assertEquals(used, [["linux-6.18", 368640], ["linux-6.1", 409600]]);
 * ```
 *
 * @module
 */
export * from "./src/linux/chain.ts";
export * from "./src/linux/errno.ts";
export * from "./src/linux/fullness.ts";
export * from "./src/linux/kstrtox.ts";
export * from "./src/linux/objects.ts";
export * from "./src/linux/profile.ts";
export * from "./src/linux/swap_profile.ts";
export * from "./src/linux/zram_profile.ts";
export * from "./src/linux/zswap_profile.ts";
export * from "./src/rules/invariant.ts";
export * from "./src/rules/reach.ts";
export * from "./src/rules/wait.ts";
export * from "./src/codec/codec.ts";
export * from "./src/codec/lz4.ts";
export { lz4Wasm } from "./src/codec/lz4_wasm.ts";
export * from "./src/codec/lzo.ts";
export * from "./src/codec/zlib.ts";
export * from "./src/codec/recorded.ts";
export * from "./src/codec/codecs.ts";
export * from "./src/memory/memory.ts";
export * from "./src/zsmalloc/geometry.ts";
export * from "./src/zsmalloc/define_profile.ts";
export * from "./src/zsmalloc/location.ts";
export * from "./src/zsmalloc/obj_index.ts";
export * from "./src/zsmalloc/free_link.ts";
export * from "./src/zsmalloc/obj.ts";
export * from "./src/zsmalloc/location_handles.ts";
export * from "./src/zsmalloc/size_class.ts";
export * from "./src/zsmalloc/zspage.ts";
export * from "./src/zsmalloc/mapping.ts";
export * from "./src/zsmalloc/pool.ts";
export * from "./src/zsmalloc/debugfs.ts";
export * from "./src/zsmalloc/walk.ts";
export * from "./src/zsmalloc/view.ts";
export * from "./src/zsmalloc/tally.ts";
export * from "./src/zsmalloc/zspage_invariants.ts";
export * from "./src/zsmalloc/pool_invariants.ts";
export * from "./src/zsmalloc/object_invariants.ts";
export * from "./src/zsmalloc/pool_before.ts";
export * from "./src/zsmalloc/change_invariants.ts";
export * from "./src/zsmalloc/invariants.ts";
export * from "./src/zsmalloc/touched_check.ts";
export * from "./src/zsmalloc/checked_pool.ts";
export * from "./src/zbud/driver.ts";
export * from "./src/zbud/header_lists.ts";
export * from "./src/zbud/zbud_page.ts";
export * from "./src/zbud/pool.ts";
export * from "./src/zbud/walk.ts";
export * from "./src/zbud/invariants.ts";
export * from "./src/z3fold/slots.ts";
export {
  Z3FOLD_BUDDIES,
  Z3FOLD_BUDDY_NAMES,
  type Z3foldHeaderLayout,
  z3foldHeaderLayout,
  Z3foldPages,
} from "./src/z3fold/z3fold_page.ts";
export * from "./src/z3fold/handles.ts";
export * from "./src/z3fold/page_lists.ts";
export * from "./src/z3fold/pool.ts";
export * from "./src/z3fold/invariants.ts";
export * from "./src/zswap/allocator.ts";
export * from "./src/zswap/swp_entry.ts";
export * from "./src/zswap/swap_layer.ts";
export * from "./src/zswap/entry.ts";
export * from "./src/zswap/pools.ts";
export * from "./src/zswap/buffers.ts";
export * from "./src/zswap/stats.ts";
export * from "./src/zswap/limits.ts";
export * from "./src/zswap/parameters.ts";
export * from "./src/zswap/zswap.ts";
export * from "./src/zswap/entry_invariants.ts";
export * from "./src/zswap/invariants.ts";
export * from "./src/zram/slots.ts";
export {
  BD_STAT_FIELDS,
  type BdStat,
  bdStatText,
  MM_STAT_FIELDS,
  type MmStat,
  mmStatText,
  type ZramStats,
} from "./src/zram/stat.ts";
export * from "./src/zram/zcomp.ts";
export * from "./src/zram/backing.ts";
export { type Bio, LOGICAL_BLOCK_SIZE, SECTOR_SIZE } from "./src/zram/bio.ts";
export * from "./src/zram/device.ts";
export * from "./src/zram/control.ts";
export * from "./src/zram/sysfs.ts";
export * from "./src/zram/debugfs.ts";
export * from "./src/zram/slot_invariants.ts";
export * from "./src/zram/limit_invariants.ts";
export * from "./src/zram/invariants.ts";
export * from "./src/swap/device.ts";
export * from "./src/swap/swap_type.ts";
export { type SwapOutOutcome } from "./src/swap/swap_out.ts";
export * from "./src/swap/swap.ts";
export * from "./src/swap/invariants.ts";
export {
  type Random,
  randomFrom,
  shuffle,
  xorshift32,
} from "./src/programs/random.ts";
export * from "./src/programs/faults.ts";
export * from "./src/programs/fast_check.ts";
export { type Machine } from "./src/explore/machine.ts";
export { StepError, type StepOf } from "./src/explore/steps.ts";
export * from "./src/programs/kernels.ts";
export { type Contents, expandContents } from "./src/programs/contents.ts";
export * from "./src/explore/zsmalloc_programs.ts";
export * from "./src/explore/zsmalloc_machine.ts";
export * from "./src/explore/zram_machine.ts";
export { type ZramSetup } from "./src/explore/zram_model.ts";
export {
  ZRAM_OPS,
  type ZramRange,
  type ZramSteps,
} from "./src/explore/zram_steps.ts";
export * from "./src/explore/machines.ts";
export {
  type FuzzFailure,
  fuzzMachine,
  type FuzzOptions,
  type FuzzResult,
  repeatProgram,
} from "./src/explore/fuzz.ts";
export * from "./src/explore/counterexample.ts";
export * from "./src/explore/swap_kernels.ts";
export * from "./src/explore/zswap_machine.ts";
export {
  type SlotChoice,
  type ZswapProgram,
  type ZswapSteps,
} from "./src/explore/zswap_programs.ts";
export * from "./src/explore/swap_machine.ts";
export {
  type PageChoice,
  type SwapBelow,
  type SwapProgram,
  type SwapSteps,
} from "./src/explore/swap_programs.ts";
export {
  BUDDY_OPS,
  type BuddyProgram,
  type BuddySteps,
} from "./src/explore/buddy_machine.ts";
export { zbudMachine } from "./src/explore/zbud_machine.ts";
export { z3foldMachine } from "./src/explore/z3fold_machine.ts";
export * from "./src/programs/age.ts";
export * from "./src/programs/page_data.ts";
export * from "./src/programs/transcript.ts";
export {
  type HeaderFields,
  type ObservedFields,
} from "./src/programs/transcript_fields.ts";
export {
  BACKING_PATH,
  type ZramHeader,
  type ZramObserved,
  type ZramOperation,
  type ZramTranscript,
} from "./src/programs/transcript_zram.ts";
export {
  type NamedCounters,
  type ZswapHeader,
  type ZswapObserved,
  type ZswapOperation,
  type ZswapTranscript,
} from "./src/programs/transcript_zswap.ts";
export { type SwapSetup } from "./src/targets/swap_target.ts";
export * from "./src/oracle/replay.ts";
export * from "./src/programs/transcript_text.ts";
export { type Bytes, expandBytes, type Weyl } from "./src/programs/bytes.ts";
export * from "./src/targets/target.ts";
export {
  type Level,
  LEVELS,
  type Plan,
  type Step,
} from "./src/oracle/judge.ts";
export { type Finding } from "./src/oracle/finding.ts";
export {
  CONFORM_RUNS,
  type ConformOptions,
  type ConformResult,
  conformZram,
  conformZsmalloc,
  conformZswap,
} from "./src/oracle/conform.ts";
export { findingTranscript } from "./src/oracle/conform_transcript.ts";
export {
  ZSMALLOC_CONTRACT,
  type ZsmallocContractRule,
} from "./src/oracle/zsmalloc_rules.ts";
export {
  ZRAM_CONTRACT,
  type ZramContractRule,
} from "./src/oracle/zram_rules.ts";
export {
  ZSWAP_CONTRACT,
  type ZswapContractRule,
} from "./src/oracle/zswap_rules.ts";
export { modelZsmalloc } from "./src/oracle/zsmalloc_model.ts";
export { modelZram } from "./src/oracle/zram_model.ts";
export { modelZswap } from "./src/oracle/zswap_model.ts";
export { type ZsmallocStep } from "./src/oracle/zsmalloc_steps.ts";
export { type ZramStep } from "./src/oracle/zram_steps.ts";
export { type ZswapSlot, type ZswapStep } from "./src/oracle/zswap_steps.ts";
