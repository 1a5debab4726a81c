/** What `zspec predict` shows. */
import type { Profile } from "../linux/profile.ts";
import { fittedTable } from "../report/fitted_table.ts";
import { memoryBar } from "../report/memory.ts";
import {
  counted,
  grouped,
  humanBytes,
  percent,
  ratio,
} from "../report/table.ts";
import { wrap } from "../report/wrap.ts";
import { absentText, hasAlgorithm, namedIn } from "./algorithms.ts";
import { mmStatText } from "../zram/stat.ts";
import type { Input } from "./pages.ts";
import type { Prediction } from "./prediction.ts";

/** Columns of the bars. */
const BARS = { least: 8, most: 30 };

/** Marks an algorithm whose lengths are not the kernel's own. */
const NEAR = "≈";

/** The predictions for people, in lines of at most `width` characters. */
export function renderPredictions(
  profile: Profile,
  { pages, title }: Input,
  predictions: readonly Prediction[],
  width: number = Infinity,
): string {
  const size = humanBytes(pages * profile.pageSize);
  return [
    wrap(
      `${title}: ${
        counted(pages, "page")
      } (${size}) as zram of ${profile.name} would store them`,
      width,
    ),
    renderTable(predictions, width),
    renderMmStats(predictions, width),
    renderNotes(profile, predictions)
      .map((note) => wrap(note, width)).join(""),
  ].join("\n");
}

const nameOf = ({ algorithm, near }: Prediction) =>
  near === undefined ? algorithm : `${algorithm} ${NEAR}`;

/** Memory by algorithm and chain size, with a bar for all of the data. */
function renderTable(
  predictions: readonly Prediction[],
  width: number,
): string {
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
      (columns: number) =>
        memoryBar(
          { objectBytes: compr_data_size, bytesUsed: mem_used_total, most },
          columns,
        ),
    ];
  });
  return fittedTable(
    [
      { title: "algorithm", align: "left" },
      { title: "chain" },
      { title: "compr", importance: 5 },
      { title: "memory" },
      { title: "ratio", importance: 6 },
      { title: "classes", importance: 1 },
      { title: "huge", importance: 3 },
      { title: "same", importance: 2 },
      {
        title: "█ objects  ▒ room  · saved",
        align: "left",
        bars: BARS,
        importance: 4,
      },
    ],
    rows,
    width,
  );
}

/** The texts of `mm_stat`. */
function renderMmStats(
  predictions: readonly Prediction[],
  width: number,
): string {
  const rows = predictions.map((prediction) => [
    `  ${nameOf(prediction)}`,
    prediction.chainSize,
    mmStatText(prediction.mmStat).trimEnd(),
  ]);
  return fittedTable(
    [
      { title: "mm_stat", align: "left" },
      { title: "chain" },
      { title: "", align: "left", importance: 1 },
    ],
    rows,
    width,
  );
}

/** What is best of what the kernel has, and what to know of the figures. */
function renderNotes(
  profile: Profile,
  predictions: readonly Prediction[],
): string[] {
  const there = predictions.filter(({ algorithm }) =>
    hasAlgorithm(profile, algorithm)
  );
  const absent = predictions.filter((one) => !there.includes(one));
  const notes = there.length === 0
    ? [
      `Least memory: ${profile.name} has none of these; it has ${
        profile.zram.compAlgorithms.join(", ")
      }.`,
    ]
    : [`Least memory: ${leastText(there)}.`];
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
  const byName = Map.groupBy(absent, ({ algorithm }) => namedIn(algorithm));
  for (const [name, all] of byName) {
    notes.push(`Elsewhere: ${leastText(all)}. ${absentText(profile, name)}`);
  }
  return notes;
}

/** The prediction with the least memory, in words. */
function leastText(predictions: readonly Prediction[]): string {
  const { algorithm, chainSize, mmStat } = predictions.reduce((least, one) =>
    one.mmStat.mem_used_total < least.mmStat.mem_used_total ? one : least
  );
  const { orig_data_size, mem_used_total } = mmStat;
  return `${algorithm} with chains of ${chainSize}, ${
    humanBytes(mem_used_total)
  }, ${percent(mem_used_total, orig_data_size)} of the data`;
}
