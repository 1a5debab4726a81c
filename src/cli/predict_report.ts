/** What `zspec predict` shows. */
import type { Profile } from "../linux/profile.ts";
import { stackedBar } from "../report/bars.ts";
import {
  counted,
  grouped,
  humanBytes,
  percent,
  ratio,
  table,
} from "../report/table.ts";
import { namedIn } from "./algorithms.ts";
import { mmStatText } from "../zram/stat.ts";
import type { Input } from "./pages.ts";
import type { Prediction } from "./prediction.ts";

const BAR_WIDTH = 30;

/** Marks an algorithm whose lengths are not the kernel's own. */
const NEAR = "≈";

/** The predictions for people. */
export function renderPredictions(
  profile: Profile,
  { pages, title }: Input,
  predictions: readonly Prediction[],
): string {
  const size = humanBytes(pages * profile.pageSize);
  return [
    `${title}: ${
      counted(pages, "page")
    } (${size}) as zram of ${profile.name} would store them\n`,
    renderTable(predictions),
    renderMmStats(predictions),
    renderNotes(profile, predictions),
  ].join("\n");
}

const nameOf = ({ algorithm, near }: Prediction) =>
  near === undefined ? algorithm : `${algorithm} ${NEAR}`;

/** Memory by algorithm and chain size, with a bar for all of the data. */
function renderTable(predictions: readonly Prediction[]): string {
  const most = Math.max(
    ...predictions.map(({ mmStat }) =>
      Math.max(mmStat.orig_data_size, mmStat.mem_used_total)
    ),
  );
  const rows = predictions.map((prediction) => {
    const { chainSize, classes, mmStat } = prediction;
    const { orig_data_size, compr_data_size, mem_used_total } = mmStat;
    return [
      nameOf(prediction),
      chainSize,
      humanBytes(compr_data_size),
      humanBytes(mem_used_total),
      ratio(orig_data_size, mem_used_total),
      classes.length,
      grouped(mmStat.huge_pages),
      grouped(mmStat.same_pages),
      stackedBar([
        { fill: "█", length: compr_data_size },
        { fill: "▒", length: mem_used_total - compr_data_size },
        { fill: "·", length: most - mem_used_total },
      ], most / BAR_WIDTH),
    ];
  });
  return table(
    [
      { title: "algorithm", align: "left" },
      { title: "chain" },
      { title: "compr" },
      { title: "memory" },
      { title: "ratio" },
      { title: "classes" },
      { title: "huge" },
      { title: "same" },
      { title: "█ objects  ▒ room  · saved", align: "left" },
    ],
    rows,
  );
}

/** The texts of `mm_stat`. */
function renderMmStats(predictions: readonly Prediction[]): string {
  const rows = predictions.map((prediction) => [
    `  ${nameOf(prediction)}`,
    prediction.chainSize,
    mmStatText(prediction.mmStat).trimEnd(),
  ]);
  return table(
    [
      { title: "mm_stat", align: "left" },
      { title: "chain" },
      { title: "", align: "left" },
    ],
    rows,
  );
}

/** What is best, and what to know of the figures. */
function renderNotes(
  { name, zram }: Profile,
  predictions: readonly Prediction[],
): string {
  const isThere = ({ algorithm }: Prediction) =>
    zram.compAlgorithms.includes(namedIn(algorithm));
  const there = predictions.filter(isThere);
  const best = (there.length > 0 ? there : predictions).reduce((least, one) =>
    one.mmStat.mem_used_total < least.mmStat.mem_used_total ? one : least
  );
  const { orig_data_size, mem_used_total } = best.mmStat;
  const notes = [
    `Least memory: ${best.algorithm} with chains of ${best.chainSize}, ${
      humanBytes(mem_used_total)
    }, ${percent(mem_used_total, orig_data_size)} of the data.`,
  ];
  const near = new Map(
    predictions.flatMap(({ algorithm, near }) =>
      near === undefined ? [] : [[algorithm, near]]
    ),
  );
  for (const [algorithm, why] of near) {
    notes.push(
      `${NEAR} The lengths of ${algorithm} are near the kernel's: ${why}.`,
    );
  }
  const absent = [
    ...new Set(
      predictions.filter((one) => !isThere(one))
        .map(({ algorithm }) => namedIn(algorithm)),
    ),
  ];
  if (absent.length > 0) {
    notes.push(`${name} has no ${absent.join(", ")}.`);
  }
  return notes.map((note) => `${note}\n`).join("");
}
