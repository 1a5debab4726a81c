/** Whether zram can use memory that is for movable pages alone. */
import { LINUX_3_12, LINUX_4_0, LINUX_7_3 } from "../../linux/profile.ts";
import { percent } from "../../report/table.ts";
import { holds } from "../claim.ts";
import { experiment, type Figures } from "../experiment.ts";
import { type OutOfMemory, runCmaSwap } from "../runs/cma_swap.ts";

function figures(found: OutOfMemory): readonly Figures[] {
  const { frames, cmaFrames, poolFrames, poolInCma, free, freeCma } = found;
  return [
    {
      title: `${frames} frames when zram takes no page more`,
      columns: ["", "all", "zram's", "free"],
      rows: [
        [
          "CMA",
          cmaFrames,
          poolInCma,
          freeCma,
        ],
        [
          "others",
          frames - cmaFrames,
          poolFrames - poolInCma,
          free - freeCma,
        ],
      ],
    },
    {
      title: "Swap then",
      columns: ["", "slots"],
      rows: [
        ["all", found.slots],
        ["free", found.freeSlots],
        ["pages that went out", found.stored],
      ],
    },
  ];
}

/** The experiment. */
export const CMA = experiment<"frames" | "cma", OutOfMemory>({
  name: "cma",
  theme: "page frames",
  method:
    "A zone has a CMA area, and zram is the swap. A process writes real pages and keeps a sixteenth of the frames, older pages going out, until zram finds no frame for one.",
  sizes: {
    frames: {
      usual: 4096,
      least: 1024,
      most: 65536,
      means: "frames of the zone",
    },
    cma: {
      usual: 50,
      least: 0,
      most: 75,
      means: "percent of them in the CMA area",
    },
  },
  kernels: [LINUX_3_12, LINUX_4_0, LINUX_7_3],
  run: runCmaSwap,
  figures,
  claims: [{
    name: "zram-cannot-use-cma",
    says:
      "zram cannot take CMA's movable pages, so that it is out of memory while CMA and swap have room.",
    who: "Minchan Kim, 2015",
    passages: [
      {
        thread: "003",
        at: "zRAM cannot use CMA's movable pages unless it doesn't support",
      },
      {
        thread: "003",
        at: "OOM happened with zram although there are lots of swap space",
      },
    ],
    decide: (found) =>
      holds(
        2 * found.freeCma > found.cmaFrames && found.poolInCma === 0 &&
          found.freeSlots > 0,
        `out of memory with ${found.freeCma} of CMA's ${found.cmaFrames} frames and ${
          percent(found.freeSlots, found.slots)
        } of swap free; zram has ${found.poolInCma} frames there`,
      ),
  }],
});
