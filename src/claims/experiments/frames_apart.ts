/** Why an object is mapped to be used. */
import { LINUX_3_12, LINUX_7_3 } from "../../linux/profile.ts";
import { percent } from "../../report/table.ts";
import { holds, holdsIf, type Verdict } from "../claim.ts";
import { experiment, type Figures } from "../experiment.ts";
import {
  type FramesApart,
  type PoolSize,
  runFramesApart,
} from "../runs/frames_apart.ts";
import { SOURCE_COMMENT } from "../runs/who.ts";

function figures(found: FramesApart): readonly Figures[] {
  const { objects, crossing, apart, pools } = found;
  const yesNo = (isSo: boolean) => isSo ? "yes" : "no";
  return [
    {
      title: "Objects, in memory whose free frames are scattered",
      columns: ["", "objects", "share"],
      rows: [
        ["in one frame", objects - crossing],
        ["in two neighbours", crossing - apart],
        ["in two frames apart", apart],
      ].map(([name, count]) => [name, count, percent(Number(count), objects)]),
    },
    {
      title: "Pools that the kernel's addresses for vmalloc can hold",
      columns: ["", "MiB of the pool", "32 bits", "64 bits"],
      rows: pools.map((one) => [
        `${one.swapMib} MiB swapped out`,
        one.poolMib.toFixed(0),
        yesNo(one.fits32),
        yesNo(one.fits64),
      ]),
    },
  ];
}

const mib = ({ poolMib }: PoolSize) => `${poolMib.toFixed(0)} MiB`;

function decideForEver({ pools }: FramesApart): Verdict {
  const tooLarge = pools.filter(({ fits32 }) => !fits32);
  const fit64 = pools.filter(({ fits64 }) => fits64);
  const largest = pools[pools.length - 1];
  const [first] = tooLarge;
  if (first === undefined) {
    return holds(false, `a pool of ${mib(largest)} fits 32 bits too`);
  }
  return holdsIf(
    fit64.length === pools.length,
    `words have 32 bits, and the pool has ${mib(first)} or more`,
    `of pools of ${mib(pools[0])} to ${mib(largest)}, ${
      pools.length - tooLarge.length
    } of ${pools.length} fit what 32 bits have, ${fit64.length} what 64 have`,
  );
}

/** The experiment. */
export const FRAMES_APART = experiment<"pages", FramesApart>({
  name: "frames-apart",
  theme: "handles and mapping",
  method:
    "Real pages are stored in memory whose free frames are scattered, and for each object that lies in two frames it is asked whether these are neighbours. Then pools as large as these pages make them of more and more swap are held against the addresses that x86 has for vmalloc.",
  sizes: {
    pages: { usual: 1024, least: 256, most: 16384, means: "pages stored" },
  },
  kernels: [LINUX_3_12, LINUX_7_3],
  run: runFramesApart,
  figures,
  claims: [
    {
      name: "mapping-needed-for-two-pages",
      says:
        "A handle must be mapped and cannot be dereferenced, as an object may lie in two pages that are no neighbours.",
      who: "Seth Jennings, 2013",
      passages: [
        { thread: "002", at: "lines 5107-5113" },
        { thread: "002", at: "lines 6351-6356" },
      ],
      decide: ({ objects, crossing, apart }) =>
        holdsIf(
          apart > 0,
          "it lies in two frames and is read in one piece",
          `${apart} of ${objects} objects, ${
            percent(apart, objects)
          }, lie in two frames apart, ${crossing - apart} in neighbours, ${
            objects - crossing
          } in one`,
        ),
    },
    {
      name: "not-mapped-for-ever-because-of-32-bit",
      says:
        "Zspages are not kept mapped, as 32 bits have not the addresses for it.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "lines 1476-1479" }],
      decide: decideForEver,
    },
  ],
});
