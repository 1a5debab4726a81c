/**
 * How fast a model's device is beside the running kernel's, on the same pages,
 * in turns:
 *
 *     deno run -A bench/live_zram.ts
 *
 * The kernel's device takes each page by a direct I/O of its own, the model's
 * by `Zram.write` and `Zram.read`. The pages are of the Deno executable. They
 * take turns every few pages, and what is told of each few is the median and
 * the least of many rounds: the least is what others on the machine disturb
 * the least.
 *
 * Says so, and exits with 0, where there is no idle zram device; the device is
 * reset and has its algorithm back in any case.
 */
import { Zram } from "../mod.ts";
import { type LiveDevice, takeDevice } from "../src/live/device.ts";
import { idleDevice, PAGE_SIZE, start } from "../props/live_zram.ts";
import { pagesOfCode } from "./codec_pages.ts";
import { DirectPages } from "./direct_io.ts";

const PAGES = 2048;
/** Pages of one turn. */
const TURN = 32;
const ROUNDS = 41;
/** Rounds before those that count: V8 compiles meanwhile. */
const WARM_ROUNDS = 5;
const ALGORITHMS = ["lz4", "lzo-rle"];

const pages = pagesOfCode(PAGES);

/** Something with pages from `first` up to `end`. */
type Work = (first: number, end: number) => void;

/** A device that can be told to write and to read. */
interface Worker {
  readonly write: Work;
  readonly read: Work;
}

/** Microseconds a page. */
interface Times {
  readonly median: number;
  readonly least: number;
}

/** The model's device that does as the kernel's does. */
function modelOf(zram: Zram): Worker {
  const into = new Uint8Array(PAGE_SIZE);
  return {
    write(first, end) {
      for (let nth = first; nth < end; nth++) zram.write(nth, pages[nth]);
    },
    read(first, end) {
      for (let nth = first; nth < end; nth++) zram.read(nth, into);
    },
  };
}

function timeOf(work: Work, first: number): number {
  const start = performance.now();
  work(first, first + TURN);
  return (performance.now() - start) * 1000 / TURN;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one) / numbers.length;
}

/** The times of each worker on all pages, which they take in turns. */
function timesOf(works: readonly Work[]): Times[] {
  const firsts = Array.from({ length: PAGES / TURN }, (_, nth) => nth * TURN);
  const times = works.map(() => firsts.map((): number[] => []));
  for (let round = -WARM_ROUNDS; round < ROUNDS; round++) {
    firsts.forEach((first, turn) => {
      works.forEach((work, nth) => {
        const time = timeOf(work, first);
        if (round >= 0) times[nth][turn].push(time);
      });
    });
  }
  return times.map((turns) => {
    const sorted = turns.map((all) => all.toSorted((a, b) => a - b));
    return {
      median: mean(sorted.map((all) => all[ROUNDS >>> 1])),
      least: mean(sorted.map(([least]) => least)),
    };
  });
}

/** Writes and reads in turns with the kernel, and prints the times. */
async function compare(
  device: LiveDevice,
  path: string,
  algorithm: string,
): Promise<void> {
  await start(device, algorithm, PAGES);
  const zram = new Zram(device.profile);
  zram.setAlgorithm(algorithm);
  zram.setDisksize(PAGES * PAGE_SIZE);
  const model = modelOf(zram);
  using kernel = new DirectPages(path, pages);
  for (const verb of ["write", "read"] as const) {
    const [theirs, ours] = timesOf([
      (first, end) => kernel[verb](first, end),
      model[verb],
    ]);
    for (const which of ["median", "least"] as const) {
      const ratio = ours[which] / theirs[which];
      console.log(
        `${algorithm}: ${verb} a page: kernel ${
          theirs[which].toFixed(1)
        } µs, model ${ours[which].toFixed(1)} µs (${
          ratio.toFixed(2)
        }), the ${which} of ${ROUNDS}`,
      );
    }
  }
  const [, size] = await device.target.mmStat();
  const modelSize = zram.mmStat().compr_data_size;
  if (size !== modelSize) {
    throw new Error(
      `The model's 'compr_data_size' is ${modelSize}, the kernel's ${size}`,
    );
  }
}

const idle = await idleDevice();
if ("none" in idle) {
  console.log(`Nothing compared: ${idle.none}.`);
} else {
  await using device = await takeDevice(idle.path);
  console.log(`${PAGES} pages of the Deno executable, Linux ${device.release}`);
  for (const algorithm of ALGORITHMS) {
    if (!device.profile.zram.compAlgorithms.includes(algorithm)) continue;
    await compare(device, idle.path, algorithm);
  }
}
