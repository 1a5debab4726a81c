/** Every experiment, by what the threads argue over. */
import type { Experiment } from "./experiment.ts";
import { CHAINS } from "./experiments/chains.ts";
import { DENSITY } from "./experiments/density.ts";
import { DISK_SIZE } from "./experiments/disk_size.ts";
import { ENTRY_REFERENCE } from "./experiments/entry_reference.ts";
import { FILE_SYSTEM } from "./experiments/file_system.ts";
import { MINCHAN } from "./experiments/minchan.ts";
import { RIVALS } from "./experiments/rivals.ts";
import { LRU_INVERSION } from "./experiments/lru_inversion.ts";
import { WRITEBACK_MEMORY } from "./experiments/writeback_memory.ts";
import { PSEUDO_DEVICE } from "./experiments/pseudo_device.ts";
import { SWAP_THROUGH } from "./experiments/swap_through.ts";
import { AGING } from "./experiments/aging.ts";
import { COMPACTION_GIVES_BACK } from "./experiments/compaction_gives_back.ts";
import { LIMIT_WITH_HOLES } from "./experiments/limit_with_holes.ts";
import { MAPPING_METHODS } from "./experiments/mapping_methods.ts";
import { HANDLE_ZERO } from "./experiments/handle_zero.ts";
import { SIZE_CLASSES } from "./experiments/size_classes.ts";
import { PAGE_FRAMES } from "./experiments/page_frames.ts";

/** The experiments, in the order in which they are told of. */
export const EXPERIMENTS: readonly Experiment[] = [
  DENSITY,
  CHAINS,
  SIZE_CLASSES,
  HANDLE_ZERO,
  AGING,
  COMPACTION_GIVES_BACK,
  PAGE_FRAMES,
  MAPPING_METHODS,
  LIMIT_WITH_HOLES,
  DISK_SIZE,
  FILE_SYSTEM,
  MINCHAN,
  LRU_INVERSION,
  WRITEBACK_MEMORY,
  PSEUDO_DEVICE,
  SWAP_THROUGH,
  RIVALS,
  ENTRY_REFERENCE,
];
