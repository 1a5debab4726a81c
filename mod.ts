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
export * from "./src/linux/configuration.ts";
export * from "./src/linux/description.ts";
export * from "./src/linux/errno.ts";
export * from "./src/linux/fullness.ts";
export * from "./src/linux/kernel_config.ts";
export * from "./src/linux/buddy_profile.ts";
export * from "./src/linux/kstrtox.ts";
export * from "./src/linux/objects.ts";
export * from "./src/linux/profile.ts";
export * from "./src/linux/release.ts";
export * from "./src/linux/releases/linux_3_12.ts";
export * from "./src/linux/releases/linux_4_0.ts";
export * from "./src/linux/releases/linux_5_10.ts";
export * from "./src/linux/releases/linux_6_1.ts";
export * from "./src/linux/releases/linux_6_12.ts";
export * from "./src/linux/releases/linux_6_16.ts";
export * from "./src/linux/releases/linux_6_17.ts";
export * from "./src/linux/releases/linux_6_18.ts";
export * from "./src/linux/releases/linux_6_19.ts";
export * from "./src/linux/releases/linux_7_0.ts";
export * from "./src/linux/releases/linux_7_1.ts";
export * from "./src/linux/releases/linux_7_2.ts";
export * from "./src/linux/releases/linux_7_3.ts";
export * from "./src/linux/gfp.ts";
export * from "./src/linux/page_alloc_profile.ts";
export * from "./src/linux/swap_profile.ts";
export * from "./src/linux/vmalloc.ts";
export * from "./src/linux/zcomp_params.ts";
export * from "./src/linux/zcache_profile.ts";
export * from "./src/linux/zstd_encoder.ts";
export * from "./src/linux/zram_profile.ts";
export * from "./src/linux/zsmalloc_profile.ts";
export * from "./src/linux/zswap_profile.ts";
export * from "./src/rules/kernel_bug.ts";
export * from "./src/rules/invariant.ts";
export * from "./src/rules/kernel_bug.ts";
export * from "./src/rules/reach.ts";
export * from "./src/rules/lock.ts";
export * from "./src/rules/lockdep.ts";
export * from "./src/rules/stop.ts";
export * from "./src/rules/unlocked.ts";
export * from "./src/codec/codec.ts";
export * from "./src/codec/lz4.ts";
export * from "./src/codec/lz4_dictionary.ts";
export * from "./src/codec/lz4hc.ts";
export { lz4Wasm } from "./src/codec/lz4_wasm.ts";
export * from "./src/codec/lzo.ts";
export * from "./src/codec/deflate.ts";
export * from "./src/codec/zstd.ts";
export * from "./src/codec/sw842.ts";
export * from "./src/codec/recorded.ts";
export * from "./src/codec/stated.ts";
export * from "./src/codec/codecs.ts";
export * from "./src/memory/memory_options.ts";
export * from "./src/memory/memory.ts";
export * from "./src/memory/zone.ts";
export * from "./src/memory/page_allocator.ts";
export * from "./src/memory/buddyinfo.ts";
export * from "./src/memory/extfrag.ts";
export * from "./src/memory/block_invariants.ts";
export * from "./src/memory/zone_invariants.ts";
export * from "./src/memory/page_alloc_invariants.ts";
export * from "./src/memory/movable_operations.ts";
export * from "./src/memory/memory_compaction.ts";
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
export * from "./src/zsmalloc/page_holds.ts";
export { type Hold, PoolLocks } from "./src/zsmalloc/locks.ts";
export * from "./src/zsmalloc/pool.ts";
export type { LeakedObjects } from "./src/zsmalloc/destroy.ts";
export { HANDLE_CLASS_INVARIANT } from "./src/zsmalloc/free.ts";
export * from "./src/zsmalloc/debugfs.ts";
export * from "./src/zsmalloc/walk.ts";
export * from "./src/zsmalloc/view.ts";
export * from "./src/zsmalloc/tally.ts";
export * from "./src/zsmalloc/zspage_invariants.ts";
export * from "./src/zsmalloc/pool_invariants.ts";
export * from "./src/zsmalloc/object_invariants.ts";
export * from "./src/zsmalloc/pool_before.ts";
export * from "./src/zsmalloc/change_invariants.ts";
export * from "./src/zsmalloc/destroy_invariants.ts";
export * from "./src/zsmalloc/invariants.ts";
export * from "./src/zsmalloc/touched_check.ts";
export * from "./src/zsmalloc/checked_pool.ts";
export * from "./src/zsmalloc/touched_zspages.ts";
export * from "./src/zbud/driver.ts";
export * from "./src/zbud/header_lists.ts";
export * from "./src/zbud/zbud_page.ts";
export type { ZbudLocks } from "./src/zbud/locks.ts";
export * from "./src/zbud/pool.ts";
export * from "./src/zbud/walk.ts";
export * from "./src/zbud/invariants.ts";
export * from "./src/zbud/touched_pages.ts";
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
export type { Z3foldLocks } from "./src/z3fold/locks.ts";
export type { Z3foldWork } from "./src/z3fold/parts.ts";
export * from "./src/z3fold/pool.ts";
export * from "./src/z3fold/invariants.ts";
export * from "./src/z3fold/touched_pages.ts";
export * from "./src/zswap/allocator.ts";
export * from "./src/zswap/swp_entry.ts";
export * from "./src/zswap/swap_layer.ts";
export * from "./src/zswap/entry.ts";
export * from "./src/zswap/pools.ts";
export * from "./src/zswap/buffers.ts";
export * from "./src/zswap/stats.ts";
export * from "./src/zswap/limits.ts";
export * from "./src/zswap/parameters.ts";
export { ZswapLocks } from "./src/zswap/locks.ts";
export * from "./src/zswap/options.ts";
export * from "./src/zswap/zswap.ts";
export * from "./src/zswap/entry_invariants.ts";
export * from "./src/zswap/count_invariants.ts";
export * from "./src/zswap/frontswap_invariants.ts";
export * from "./src/zswap/invariants.ts";
export * from "./src/zswap/tally.ts";
export * from "./src/zswap/checked_zswap.ts";
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
export { tableEntryBytes, zramTableBytes } from "./src/zram/table.ts";
export * from "./src/zram/backing.ts";
export * from "./src/zram/block_device.ts";
export {
  type Bio,
  LOGICAL_BLOCK_SIZE,
  SECTOR_SIZE,
} from "./src/zram/bio_request.ts";
export * from "./src/zram/device.ts";
export type { ZramOptions } from "./src/zram/options.ts";
export * from "./src/zram/control.ts";
export * from "./src/zram/sysfs.ts";
export type { Stream, ZramLocks } from "./src/zram/locks.ts";
export { waitsOf } from "./src/zram/waits.ts";
export * from "./src/zram/debugfs.ts";
export * from "./src/zram/slot_invariants.ts";
export * from "./src/zram/count_invariants.ts";
export {
  type LimitInvariant,
  type LimitsBefore,
  limitsBefore,
} from "./src/zram/limits_before.ts";
export * from "./src/zram/limit_invariants.ts";
export * from "./src/zram/recompress_invariants.ts";
export * from "./src/zram/slots_tally.ts";
export * from "./src/zram/invariants.ts";
export * from "./src/zram/checked_zram.ts";
export {
  type GetAndFree,
  type TmemHandle,
  type TmemKind,
  type TmemObject,
  type TmemOid,
  type TmemPamops,
  TmemPool,
} from "./src/zcache/tmem.ts";
export {
  type Budnum,
  type FreedZpages,
  ZcacheZbud,
} from "./src/zcache/zbud.ts";
export {
  type ZcacheCounters,
  zcacheDebugfs,
  zcacheZbudDebugfs,
} from "./src/zcache/stats.ts";
export {
  type FilePages,
  Zcache,
  type ZcacheOptions,
} from "./src/zcache/zcache.ts";
export * from "./src/zcache/cleancache.ts";
export {
  ZcacheFrontswap,
  type ZcacheFrontswapOptions,
} from "./src/zcache/frontswap.ts";
export {
  ZCACHE_FRAME_INVARIANTS,
  type ZcacheFrameInvariant,
  type ZcacheFrames,
} from "./src/zcache/frame_invariants.ts";
export * from "./src/zcache/change_invariants.ts";
export * from "./src/zcache/promises.ts";
export * from "./src/zcache/invariants.ts";
export * from "./src/dm_cache/cblock_bits.ts";
export * from "./src/dm_cache/dirty_bits.ts";
export * from "./src/dm_cache/discard_bits.ts";
export * from "./src/dm_cache/io_tracker.ts";
export * from "./src/dm_cache/mq_queue.ts";
export * from "./src/dm_cache/policy.ts";
export * from "./src/dm_cache/mq.ts";
export * from "./src/dm_cache/metadata_layout.ts";
export * from "./src/dm_cache/metadata.ts";
export {
  DEFAULT_MIGRATION_THRESHOLD,
  MAX_BLOCK_SECTORS,
  MIN_BLOCK_SECTORS,
} from "./src/dm_cache/sizes.ts";
export * from "./src/dm_cache/dm_cache.ts";
export * from "./src/dm_cache/create.ts";
export * from "./src/dm_cache/status.ts";
export * from "./src/dm_cache/invariants.ts";
export * from "./src/swap/device.ts";
export { type KeptSlot, type SlotCache } from "./src/swap/slot_cache.ts";
export * from "./src/swap/swap_type.ts";
export { type SwapOutOutcome } from "./src/swap/swap_out.ts";
export { SwapLocks } from "./src/swap/locks.ts";
export * from "./src/swap/anon_page.ts";
export * from "./src/swap/swap.ts";
export * from "./src/swap/writeback.ts";
export * from "./src/swap/invariants.ts";
export {
  type Random,
  randomFrom,
  shuffle,
  xorshift32,
} from "./src/programs/random.ts";
export * from "./src/programs/faults.ts";
export * from "./src/programs/fast_check.ts";
export { type Contents, expandContents } from "./src/programs/contents.ts";
export { randomStated } from "./src/programs/random_page.ts";
export {
  type Bytes,
  bytes,
  expandBytes,
  type Weyl,
} from "./src/programs/bytes.ts";
export { type Files } from "./src/programs/files.ts";
export * from "./src/programs/page_data.ts";
export { type Check, Fields, type Json } from "./src/programs/fields.ts";
export * from "./src/programs/program.ts";
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
export * from "./src/programs/transcript_text.ts";
export * from "./src/programs/age.ts";
export * from "./src/programs/zsmalloc/steps.ts";
export * from "./src/programs/zram/steps.ts";
export * from "./src/programs/zswap/steps.ts";
export * from "./src/programs/swap/steps.ts";
export * from "./src/programs/buddy/steps.ts";
export * from "./src/programs/page_alloc/steps.ts";
export * from "./src/programs/codec/steps.ts";
export type { AskedZones } from "./src/programs/zones.ts";
export { type SwapSetup } from "./src/targets/swap_target.ts";
export * from "./src/targets/target.ts";
export * from "./src/targets/step_target.ts";
export { modelZsmalloc } from "./src/targets/zsmalloc/model.ts";
export { modelZram } from "./src/targets/zram/model.ts";
export { modelZswap } from "./src/targets/zswap/model.ts";
export {
  ANSWERS,
  Disagreement,
  EXACT,
  type Judge,
  type JudgeTable,
  judging,
  type Level,
  LEVELS,
} from "./src/judges/judge.ts";
export {
  ZSMALLOC_CONTRACT,
  type ZsmallocContractRule,
} from "./src/judges/zsmalloc/contract_rules.ts";
export {
  ZRAM_CONTRACT,
  type ZramContractRule,
} from "./src/judges/zram/contract_rules.ts";
export {
  ZSWAP_CONTRACT,
  type ZswapContractRule,
} from "./src/judges/zswap/rules.ts";
export { describeFinding, type Finding } from "./src/search/finding.ts";
export * from "./src/search/races/explore.ts";
export {
  BEGIN,
  type Completed,
  type Transition,
} from "./src/search/races/execution.ts";
export { ANYTHING } from "./src/search/races/linearizable.ts";
export { RACE_RULES } from "./src/search/races/rules.ts";
export { raceText, type RaceTextOptions } from "./src/search/races/report.ts";
export * from "./src/search/races/room.ts";
export { RACE_ROOMS } from "./src/search/races/rooms.ts";
export {
  type FoundRace,
  shrinkRace,
  type ShrunkRace,
} from "./src/search/races/shrink.ts";
export * from "./src/search/races/trial.ts";
export * from "./src/search/trial.ts";
export * from "./src/search/batches.ts";
export * from "./src/search/search.ts";
export * from "./src/search/machine.ts";
export * from "./src/search/machines.ts";
export { zsmallocMachine } from "./src/search/machines/zsmalloc.ts";
export { zramMachine } from "./src/search/machines/zram.ts";
export { z3foldMachine, zbudMachine } from "./src/search/machines/buddy.ts";
export { zswapMachine } from "./src/search/machines/zswap.ts";
export { swapMachine } from "./src/search/machines/swap.ts";
export { codecMachine } from "./src/search/machines/codec.ts";
export { pageAllocMachine } from "./src/search/machines/page_alloc.ts";
export * from "./src/search/arbitrary.ts";
export {
  type FindingHeader,
  type FindingTranscript,
  findingTranscript,
  parseFindingTranscript,
} from "./src/search/finding_transcript.ts";
export { assertTranscript } from "./src/search/counterexample.ts";
export { type Plan } from "./src/search/suite.ts";
export {
  CONFORM_RUNS,
  type ConformOptions,
  type ConformResult,
} from "./src/search/conform.ts";
export * from "./src/search/conform_targets.ts";
export * from "./src/search/replay.ts";
export { explainPaste, type PasteExplanation } from "./src/explain/explain.ts";
export type {
  BrokenRule,
  ExplainContext,
  ExplainedKind,
  Explanation,
  NumberMeaning,
  UnreadLine,
} from "./src/explain/explanation.ts";
export { type ReleaseSpan } from "./src/explain/release_span.ts";
