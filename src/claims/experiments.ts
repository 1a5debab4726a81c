/** Every experiment, by what the threads argue over. */
import type { Experiment } from "./experiment.ts";
import { AGING } from "./experiments/aging.ts";
import { CHAIN_FORMULAS } from "./experiments/chain_formulas.ts";
import { CHAINS } from "./experiments/chains.ts";
import { CLASS_COUNTS } from "./experiments/class_counts.ts";
import { CMA } from "./experiments/cma.ts";
import { COMPACTION_GIVES_BACK } from "./experiments/compaction_gives_back.ts";
import { COMPACTION_ORDERS } from "./experiments/compaction_orders.ts";
import { DENSITY } from "./experiments/density.ts";
import { DISK_SIZE } from "./experiments/disk_size.ts";
import { ENTRY_REFERENCE } from "./experiments/entry_reference.ts";
import { FILE_SYSTEM } from "./experiments/file_system.ts";
import { FRAMES_APART } from "./experiments/frames_apart.ts";
import { FRAMES_CROSSED } from "./experiments/frames_crossed.ts";
import { FULLNESS_GROUPS } from "./experiments/fullness_groups.ts";
import { HANDLE_ZERO } from "./experiments/handle_zero.ts";
import { LIMIT_WITH_HOLES } from "./experiments/limit_with_holes.ts";
import { LRU_INVERSION } from "./experiments/lru_inversion.ts";
import { MAPPING_METHODS } from "./experiments/mapping_methods.ts";
import { MINCHAN } from "./experiments/minchan.ts";
import { MOVED_OBJECTS } from "./experiments/moved_objects.ts";
import { NESTED_MAPPINGS } from "./experiments/nested_mappings.ts";
import { PAGE_FRAMES } from "./experiments/page_frames.ts";
import { PAGE_ORDERS } from "./experiments/page_orders.ts";
import { POOL_GROWTH } from "./experiments/pool_growth.ts";
import { PSEUDO_DEVICE } from "./experiments/pseudo_device.ts";
import { RIVALS } from "./experiments/rivals.ts";
import { SIZE_CLASSES } from "./experiments/size_classes.ts";
import { SLOT_FREE_NOTIFY } from "./experiments/slot_free_notify.ts";
import { STRUCT_PAGE } from "./experiments/struct_page.ts";
import { SWAP_THROUGH } from "./experiments/swap_through.ts";
import { V2P_LAYER } from "./experiments/v2p_layer.ts";
import { WRITEBACK_MEMORY } from "./experiments/writeback_memory.ts";
import { ZRAM_ATTRIBUTES } from "./experiments/zram_attributes.ts";
import { ZRAM_FAILURES } from "./experiments/zram_failures.ts";
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
  COMPACTION_GIVES_BACK,
  COMPACTION_ORDERS,
  FILE_SYSTEM,
  PAGE_ORDERS,
  PAGE_FRAMES,
  CMA,
  LIMIT_WITH_HOLES,
  DISK_SIZE,
  MINCHAN,
  LRU_INVERSION,
  WRITEBACK_MEMORY,
  V2P_LAYER,
  PSEUDO_DEVICE,
  SWAP_THROUGH,
  RIVALS,
  ZSWAP_COMPACTION,
  ENTRY_REFERENCE,
  ZRAM_MEMORY,
  ZRAM_WHOLE,
  ZRAM_REQUESTS,
  ZRAM_PARTS,
  ZRAM_FAILURES,
  ZRAM_ATTRIBUTES,
  SLOT_FREE_NOTIFY,
];
