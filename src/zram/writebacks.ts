/** The ways of writing back, by the name that a profile gives them. */
import type { Errno } from "../linux/errno.ts";
import type { ZramProfile } from "../linux/zram_profile.ts";
import type { Stop } from "../rules/stop.ts";
import type { Zram } from "./device.ts";
import { writebackInBatches } from "./writeback_batches.ts";
import { writebackByIndex, writebackBySize } from "./writeback.ts";

/** Carries out what is written to the attribute `writeback`. */
type Writeback = (
  zram: Zram,
  text: string,
) => Generator<Stop, Errno | undefined>;

/** The ways of writing back. */
export const WRITEBACK: Readonly<
  Record<ZramProfile["writebackOrder"], Writeback>
> = {
  "by-index": writebackByIndex,
  "by-size": writebackBySize,
  "in-batches": writebackInBatches,
};
