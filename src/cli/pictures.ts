/** What there is to draw of what commands show. */
import type { MemoryStage } from "../report/memory.ts";
import {
  type Bar,
  type BarPicture,
  byteUnit,
  type LinePicture,
} from "../report/picture.ts";
import { counted, grouped, humanBytes, percent } from "../report/table.ts";
import type { Compared } from "./compare.ts";
import type { Prediction } from "./prediction.ts";
import type { Sized } from "./size_report.ts";
import { algorithmText } from "./algorithms.ts";
import { PLACES } from "../claims/runs/swap_places.ts";
import type { SwapRun } from "../claims/runs/swap_run.ts";

/** Bars of bytes, in the unit that fits the longest. */
function byteBars(
  caption: { readonly title: string; readonly description: string },
  kinds: readonly string[],
  bars: readonly Bar[],
): BarPicture {
  const most = Math.max(
    ...bars.map(({ parts }) => parts.reduce((sum, part) => sum + part, 0)),
  );
  const { unit, bytes } = byteUnit(most);
  return {
    ...caption,
    type: "bars",
    unit,
    kinds,
    bars: bars.map((bar) => ({
      ...bar,
      parts: bar.parts.map((part) => part / bytes),
    })),
  };
}

/** A pool's memory from stage to stage. */
export function memoryBars(
  title: string,
  stages: readonly MemoryStage[],
): BarPicture {
  const sentences = stages.map(({ name, objectBytes, bytesUsed }) =>
    `${name}: ${humanBytes(bytesUsed)}, of which ${
      percent(objectBytes, bytesUsed)
    } are objects.`
  );
  return byteBars(
    { title, description: `Memory of the pool. ${sentences.join(" ")}` },
    ["objects", "room around them"],
    stages.map(({ name, objectBytes, bytesUsed }) => ({
      name,
      parts: [objectBytes, bytesUsed - objectBytes],
      note: humanBytes(bytesUsed),
    })),
  );
}

/** The memory of each algorithm and chain size. */
export function predictionBars(
  title: string,
  predictions: readonly Prediction[],
): BarPicture {
  const chains = new Set(predictions.map(({ chainSize }) => chainSize));
  const bars = predictions.map(({ algorithm, chainSize, mmStat }) => {
    const { compr_data_size, mem_used_total, orig_data_size } = mmStat;
    const saved = Math.max(0, orig_data_size - mem_used_total);
    return {
      name: chains.size > 1 ? `${algorithm}, chain ${chainSize}` : algorithm,
      parts: [compr_data_size, mem_used_total - compr_data_size, saved],
      note: humanBytes(mem_used_total),
    };
  });
  const sentences = bars.map(({ name, note }) => `${name}: ${note}.`);
  return byteBars(
    { title, description: `Memory by algorithm. ${sentences.join(" ")}` },
    ["objects", "room around them", "saved"],
    bars,
  );
}

/** What each algorithm's disk takes when it is full. */
export function sizeBars(title: string, sized: readonly Sized[]): BarPicture {
  const bars = sized.map(({ algorithm, plan }) => {
    const { objectBytes, poolBytes, aged, tableBytes, disksize } = plan;
    const room = poolBytes * aged.full - objectBytes;
    const saved = disksize - objectBytes - room - tableBytes;
    return {
      name: algorithmText(algorithm),
      parts: [objectBytes, room, tableBytes, Math.max(0, saved)],
      note: humanBytes(disksize),
    };
  });
  const sentences = bars.map(({ name, note }) => `${name}: a disk of ${note}.`);
  return byteBars(
    {
      title,
      description: `What a full disk takes, the pool aged. ${
        sentences.join(" ")
      }`,
    },
    ["objects", "room around them", "table of slots", "saved"],
    bars,
  );
}

const QUARTERS = ["oldest quarter", "older", "newer", "newest quarter"];

/** Where pages are, by their age. */
export function placeBars(title: string, runs: readonly SwapRun[]): BarPicture {
  const sentences = runs.map(({ name, held, inMemory }) =>
    `${name}: ${counted(held, "page")} compressed in memory, ${
      grouped(inMemory)
    } left as they are.`
  );
  return {
    type: "bars",
    title,
    description: `Where pages are, by when they were used. ${
      sentences.join(" ")
    }`,
    unit: "pages",
    kinds: PLACES,
    bars: runs.flatMap(({ name, places }) =>
      places.map((quarter, nth) => ({
        name,
        column: QUARTERS[nth],
        parts: PLACES.map((place) => quarter[place]),
      }))
    ),
  };
}

/** Bytes between the sizes that are looked at. */
const STEP = 16;

/** What an object of each size loses in two kernels. */
export function wasteLines(
  title: string,
  kernels: readonly Compared[],
): LinePicture {
  const most = Math.max(...kernels.map(({ pageSize }) => pageSize));
  const lines = kernels.map(({ name, classes, pageSize, wordBits }) => {
    const points: [number, number][] = [];
    for (let length = STEP; length <= pageSize; length += STEP * most / 4096) {
      const needed = Math.min(length + wordBits / 8, pageSize);
      const one = classes.find(({ size }) => size >= needed);
      if (one === undefined) continue;
      const { size, waste, objectsPerZspage } = one;
      points.push([length, size - length + waste / objectsPerZspage]);
    }
    return { name, points };
  });
  const sentences = kernels.map(({ name, chunkWaste, endWaste }) =>
    `${name}: ${(chunkWaste + endWaste).toFixed(1)} in the mean.`
  );
  return {
    type: "lines",
    title,
    description:
      `Bytes that an object of each size loses, in its chunk and at its zspage's end. ${
        sentences.join(" ")
      }`,
    across: "bytes of an object",
    up: "bytes lost",
    lines,
  };
}
