/** The ways of recompressing, by the name that a profile gives them. */
import type { Errno } from "../linux/errno.ts";
import type { ZramProfile } from "../linux/zram_profile.ts";
import type { Wait } from "../rules/wait.ts";
import type { Zram } from "./device.ts";
import { recompressWithOne } from "./recompress_one.ts";
import { recompressSteps } from "./recompress.ts";

/** Carries out what is written to the attribute `recompress`. */
type Recompress = (
  zram: Zram,
  text: string,
) => Generator<Wait, Errno | undefined>;

/** The ways of recompressing. */
export const RECOMPRESS: Readonly<
  Record<ZramProfile["recompressTries"], Recompress>
> = {
  "priorities": recompressSteps,
  "one-algorithm": recompressWithOne,
};
