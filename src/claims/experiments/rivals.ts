/** zcache beside zram and zswap: the same pages, as many frames for each. */
import { LINUX_3_12 } from "../../linux/profile.ts";
import { holds } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { type ZcacheRivals, zcacheRivals } from "../runs/zcache_rivals.ts";

const run = ({ seed, sizes }: Given<"pages">): ZcacheRivals =>
  zcacheRivals({ seed, pages: sizes.pages });

function figures({ rivals, pages, maxFrames }: ZcacheRivals): Figures[] {
  return [{
    title: `What became of ${pages} pages, with ${maxFrames} frames for each`,
    columns: ["", "kept", "as a mark", "dropped", "refused", "a frame"],
    rows: rivals.map((one) => [
      one.name,
      ...[one.kept, one.keptAsMark, one.dropped, one.refused],
      one.density.toFixed(2),
    ]),
  }];
}

/** The experiment. */
export const RIVALS = experiment<"pages", ZcacheRivals>({
  name: "rivals",
  theme: "zswap and zram",
  method:
    "The same pages are sent to zcache as pages of swap and as clean pages of a file, to zram, and to zswap on zbud; each has frames for a fifth of them. Then all are asked for again.",
  sizes: {
    pages: {
      usual: 2000,
      least: 100,
      most: 65536,
      means: "pages sent to each",
    },
  },
  kernels: [LINUX_3_12],
  run,
  figures,
  claims: [
    {
      name: "compressed-file-cache-impossible-on-zram",
      says:
        "A compressed cache of files can be built on zswap and not on zram, which does not write back.",
      who: "Mel Gorman, 2013",
      passages: [{ thread: "002", at: "lines 8300-8302" }],
      disputed:
        "Clean pages are dropped, not written back: what is needed is an order, and a way to free them.",
      decide({ rivals }) {
        const files = rivals.find(({ name }) => name === "zcache, cleancache");
        if (files === undefined) throw new Error("no rival has clean pages");
        const { kept, dropped } = files;
        // Nothing is behind a cache of clean pages that could be written to.
        return holds(
          kept === 0 || dropped === 0,
          `zcache keeps ${kept} clean pages and dropped ${dropped} older ones, and has nothing to write to`,
        );
      },
    },
  ],
});
