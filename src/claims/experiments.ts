/** Every experiment, by what the threads argue over. */
import type { Experiment } from "./experiment.ts";
import { AGING } from "./experiments/aging.ts";
import { BUSY_OBJECTS } from "./experiments/busy_objects.ts";
import { CHAIN_FORMULAS } from "./experiments/chain_formulas.ts";
import { CHAINS } from "./experiments/chains.ts";
import { CLASS_COUNTS } from "./experiments/class_counts.ts";
import { CMA } from "./experiments/cma.ts";
import { COMPACTION_ORDERS } from "./experiments/compaction_orders.ts";
import { COMPRESSION_AT_ONCE } from "./experiments/compression_at_once.ts";
import { CPU_BUFFERS } from "./experiments/cpu_buffers.ts";
import { CROSSING_RACES } from "./experiments/crossing_races.ts";
import { DENSITY } from "./experiments/density.ts";
import { DISK_LIMIT } from "./experiments/disk_limit.ts";
import { DISK_SIZE } from "./experiments/disk_size.ts";
import { ENTRY_COUNT } from "./experiments/entry_count.ts";
import { ENTRY_REFERENCE } from "./experiments/entry_reference.ts";
import { FILE_SYSTEM } from "./experiments/file_system.ts";
import { FRAME_RACES } from "./experiments/frame_races.ts";
import { FRAMES_APART } from "./experiments/frames_apart.ts";
import { FRAMES_CROSSED } from "./experiments/frames_crossed.ts";
import { FREEING } from "./experiments/freeing.ts";
import { FULLNESS_GROUPS } from "./experiments/fullness_groups.ts";
import { HANDLE_ZERO } from "./experiments/handle_zero.ts";
import { LIMIT_WITH_HOLES } from "./experiments/limit_with_holes.ts";
import { LOAD_BESIDE_INVALIDATE } from "./experiments/load_beside_invalidate.ts";
import { LRU_INVERSION } from "./experiments/lru_inversion.ts";
import { LRU_ORDER } from "./experiments/lru_order.ts";
import { MAPPING_METHODS } from "./experiments/mapping_methods.ts";
import { MINCHAN } from "./experiments/minchan.ts";
import { MOVED_OBJECTS } from "./experiments/moved_objects.ts";
import { NESTED_MAPPINGS } from "./experiments/nested_mappings.ts";
import { OBJECT_AND_ENTRY } from "./experiments/object_and_entry.ts";
import { PAGE_FRAMES } from "./experiments/page_frames.ts";
import { PAGE_ORDERS } from "./experiments/page_orders.ts";
import { POOL_GROWTH } from "./experiments/pool_growth.ts";
import { PSEUDO_DEVICE } from "./experiments/pseudo_device.ts";
import { QUITTING } from "./experiments/quitting.ts";
import { RECLAIM_PAGE } from "./experiments/reclaim_page.ts";
import { RECLAIM_ZSPAGE } from "./experiments/reclaim_zspage.ts";
import { RIVALS } from "./experiments/rivals.ts";
import { SIZE_CLASSES } from "./experiments/size_classes.ts";
import { SLOT_FREE_NOTIFY } from "./experiments/slot_free_notify.ts";
import { SMALL_MEMORY } from "./experiments/small_memory.ts";
import { SPARE_FRAMES } from "./experiments/spare_frames.ts";
import { STRUCT_PAGE } from "./experiments/struct_page.ts";
import { SWAP_THROUGH } from "./experiments/swap_through.ts";
import { TEMPORARY_FILE } from "./experiments/temporary_file.ts";
import { TREE_WALK } from "./experiments/tree_walk.ts";
import { V2P_LAYER } from "./experiments/v2p_layer.ts";
import { WRITEBACK_MEMORY } from "./experiments/writeback_memory.ts";
import { ZRAM_ATTRIBUTES } from "./experiments/zram_attributes.ts";
import { ZRAM_FAILURES } from "./experiments/zram_failures.ts";
import { ZRAM_LOCKS } from "./experiments/zram_locks.ts";
import { ZRAM_MEMORY } from "./experiments/zram_memory.ts";
import { ZRAM_PARTS } from "./experiments/zram_parts.ts";
import { ZRAM_REQUESTS } from "./experiments/zram_requests.ts";
import { ZRAM_WHOLE } from "./experiments/zram_whole.ts";
import { ZSPAGE_LAYOUT } from "./experiments/zspage_layout.ts";
import { ZSWAP_COMPACTION } from "./experiments/zswap_compaction.ts";

/** The experiments, in the order in which they are told of. */
export const EXPERIMENTS: readonly Experiment[] = [
  DENSITY,
  CHAINS,
  SIZE_CLASSES,
  CLASS_COUNTS,
  CHAIN_FORMULAS,
  ZSPAGE_LAYOUT,
  FRAMES_CROSSED,
  FULLNESS_GROUPS,
  POOL_GROWTH,
  STRUCT_PAGE,
  HANDLE_ZERO,
  MOVED_OBJECTS,
  MAPPING_METHODS,
  FRAMES_APART,
  NESTED_MAPPINGS,
  AGING,
  FREEING,
  QUITTING,
  FILE_SYSTEM,
  SMALL_MEMORY,
  TEMPORARY_FILE,
  COMPACTION_ORDERS,
  PAGE_ORDERS,
  PAGE_FRAMES,
  CMA,
  LIMIT_WITH_HOLES,
  DISK_SIZE,
  DISK_LIMIT,
  MINCHAN,
  RECLAIM_PAGE,
  RECLAIM_ZSPAGE,
  SPARE_FRAMES,
  LRU_ORDER,
  LRU_INVERSION,
  WRITEBACK_MEMORY,
  V2P_LAYER,
  PSEUDO_DEVICE,
  SWAP_THROUGH,
  RIVALS,
  ZSWAP_COMPACTION,
  ENTRY_REFERENCE,
  ENTRY_COUNT,
  LOAD_BESIDE_INVALIDATE,
  TREE_WALK,
  OBJECT_AND_ENTRY,
  FRAME_RACES,
  BUSY_OBJECTS,
  CROSSING_RACES,
  ZRAM_LOCKS,
  CPU_BUFFERS,
  COMPRESSION_AT_ONCE,
  ZRAM_MEMORY,
  ZRAM_WHOLE,
  ZRAM_REQUESTS,
  ZRAM_PARTS,
  ZRAM_FAILURES,
  ZRAM_ATTRIBUTES,
  SLOT_FREE_NOTIFY,
];
