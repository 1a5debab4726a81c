/** The ways of recompressing. */
import type { Errno } from "../linux/errno.ts";
import type { ZramProfile } from "../linux/zram_profile.ts";
import type { Stop } from "../rules/stop.ts";
import type { Zram } from "./device.ts";
import { recompressBySize } from "./recompress.ts";
import { recompressByIndex } from "./recompress_by_index.ts";
import { recompressWithOne } from "./recompress_one.ts";

/** Carries out what is written to the attribute `recompress`. */
type Recompress = (
  zram: Zram,
  text: string,
) => Generator<Stop, Errno | undefined>;

/** The ways of recompressing, by the name that a profile gives them. */
export const RECOMPRESS: Readonly<
  Record<ZramProfile["recompressOrder"], Recompress>
> = {
  "by-index": recompressByIndex,
  "by-size": recompressBySize,
  "one-by-size": recompressWithOne,
};
