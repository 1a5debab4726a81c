/** Which frees give frames back, and what compaction gives back after them. */
import { percent } from "../../report/table.ts";
import { LINUX_3_12, LINUX_4_0, LINUX_6_12 } from "../../linux/profile.ts";
import { holds, holdsIf, type Verdict } from "../claim.ts";
import { experiment, type Figures } from "../experiment.ts";
import {
  type Exit,
  type Frees,
  runFrees,
  type WorstFrees,
} from "../runs/worst_frees.ts";

function figures({ zbud, zsmalloc, exits }: Frees): readonly Figures[] {
  const row = (name: string, worst: WorstFrees) => [
    name,
    worst.objects,
    worst.frames,
    percent(worst.freed, worst.objects),
    worst.framesBack,
    worst.compacted,
    worst.framesNeeded,
  ];
  return [
    {
      title: "All objects but one of each zspage, or frame, are freed",
      columns: [
        "",
        "objects",
        "frames",
        "freed",
        "frames back",
        "by compaction",
        "needed by the rest",
      ],
      rows: [row("zbud", zbud), row("zsmalloc", zsmalloc)],
    },
    {
      title: "One process exits: frames given back, of those its objects fill",
      columns: ["pages went out by", "fill", "back", "share", "compacted"],
      rows: exits.map((one) => [
        one.burst,
        one.framesHeld,
        one.framesBack,
        percent(one.framesBack, one.framesHeld),
        percent(one.withCompaction, one.framesHeld),
      ]),
    },
  ];
}

const isMost = (part: number, whole: number) => 2 * part > whole;

const shares = (exits: readonly Exit[], of: "framesBack" | "withCompaction") =>
  exits.map((one) =>
    `${percent(one[of], one.framesHeld)} in bursts of ${one.burst}`
  ).join(", ");

/** Whether most of a process's memory comes back: always, or by which bursts. */
function decideMost({ exits }: Frees): Verdict {
  const evidence = `of the frames that its objects fill, ${
    shares(exits, "framesBack")
  } pages`;
  const most = exits.filter(({ framesBack, framesHeld }) =>
    isMost(framesBack, framesHeld)
  );
  if (most.length === exits.length) return holds(true, evidence);
  return holdsIf(
    most.length > 0,
    `its pages went out in bursts of ${most[0]?.burst} or more`,
    evidence,
  );
}

const worstText = ({ freed, objects, framesBack, frames }: WorstFrees) =>
  `${freed} of ${objects} objects freed, ${
    percent(freed, objects)
  }, gave ${framesBack} of ${frames} frames back`;

/** The experiment. */
export const COMPACTION_GIVES_BACK = experiment<"pages" | "processes", Frees>({
  name: "compaction-gives-back",
  theme: "compaction",
  method:
    "Objects as long as real pages compressed by lzo, of those that zbud takes, are freed in the worst order: all but one of each zspage in zsmalloc, of each frame in zbud; then zsmalloc is compacted. In another pool the pages of processes go out in bursts, and one of the processes exits.",
  sizes: {
    pages: { usual: 8192, least: 64, most: 262144, means: "pages stored" },
    processes: { usual: 8, least: 2, most: 256, means: "processes" },
  },
  kernels: [LINUX_3_12, LINUX_4_0, LINUX_6_12],
  run: runFrees,
  figures,
  claims: [
    {
      name: "zbud-half-plus-one-frees-a-page",
      says:
        "In zbud, freeing half of the compressed pages and one more is sure to free a frame.",
      who: "Mel Gorman, 2013",
      passages: [{ thread: "002", at: "lines 7964-7966" }],
      decide: ({ zbud }) =>
        holds(
          !isMost(zbud.freed, zbud.objects) && zbud.framesOfNext > 0,
          `${worstText(zbud)}; the next gives back ${zbud.framesOfNext}`,
        ),
    },
    {
      name: "zsmalloc-frees-nothing-much-longer",
      says:
        "In zsmalloc far more than half of the objects may be freed before a frame is.",
      who: "Mel Gorman, 2013",
      passages: [{ thread: "002", at: "line 7966" }],
      disputed:
        "Luigi Semenzato (002, lines 8043-8045): they have not seen this problem",
      decide: ({ zbud, zsmalloc }) =>
        holds(
          isMost(zsmalloc.freed, zsmalloc.objects) &&
            zsmalloc.framesBack === 0 &&
            zsmalloc.freed * zbud.objects > zbud.freed * zsmalloc.objects,
          `${worstText(zsmalloc)}; in zbud ${
            percent(zbud.freed, zbud.objects)
          }`,
        ),
    },
    {
      name: "killing-processes-may-free-nothing",
      says:
        "Where zram is the swap, killing a process need not free the memory of its pages.",
      who: "Mel Gorman, 2013",
      passages: [{ thread: "002", at: "lines 7961-7963" }],
      disputed:
        "Luigi Semenzato (002, lines 8048-8051): in practice most of it is reclaimed; Minchan Kim (002, lines 8149-8156): no big problem in a well-controlled limited system",
      decide({ exits }) {
        const poor = exits.filter(({ framesBack, framesHeld }) =>
          !isMost(framesBack, framesHeld)
        );
        const last = poor.at(-1)?.burst;
        return holdsIf(
          last !== undefined,
          `its pages went out mixed with others', in bursts of up to ${last}`,
          `of the frames that its objects fill, ${
            shares(exits, "framesBack")
          } pages`,
        );
      },
    },
    {
      name: "quitting-process-memory-mostly-reclaimed",
      says:
        "When a process quits, most of the memory of its swapped pages is reclaimed.",
      who: "Luigi Semenzato, 2013",
      passages: [{ thread: "002", at: "lines 8048-8051" }],
      disputed:
        "Mel Gorman (002, lines 7961-7963): no guarantee that killing processes frees memory",
      decide: decideMost,
    },
    {
      name: "compaction-mitigates-kill-and-oom",
      says:
        "Compaction helps where what is freed gives no memory back, as its frames are shared.",
      who: "Minchan Kim, 2013",
      passages: [
        { thread: "002", at: "lines 8169-8172" },
        { thread: "002", at: "lines 8199-8200" },
      ],
      decide({ zsmalloc: { frames, framesNeeded, compacted }, exits }) {
        return holds(
          isMost(compacted, frames - framesNeeded),
          `after the worst frees it gives back ${compacted} of the ${frames} frames, of which the rest needs ${framesNeeded}; after an exit ${
            shares(exits, "withCompaction")
          } pages come back with it`,
        );
      },
    },
  ],
});
