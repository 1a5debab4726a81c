/**
 * How fast a model's device is beside the running kernel's, on the same pages,
 * in turns:
 *
 *     deno run -A bench/live_zram.ts
 *
 * The kernel's device takes each page by a direct I/O of its own, the model's
 * by `Zram.write` and `Zram.read`. The pages are of the Deno executable. Says
 * so, and exits with 0, where there is no idle zram device; the device is reset
 * and has its algorithm back in any case.
 */
import { Zram } from "../mod.ts";
import { type LiveDevice, takeDevice } from "../src/live/device.ts";
import { idleDevice, PAGE_SIZE, start } from "../props/live_zram.ts";
import { pagesOfCode } from "./codec_pages.ts";
import { DirectPages } from "./direct_io.ts";

const PAGES = 2048;
/** Rounds, of whose times the median is told. */
const ROUNDS = 31;
/** Rounds before those, in which V8 compiles. */
const WARM_ROUNDS = 5;
const ALGORITHMS = ["lz4", "lzo-rle"];

const pages = pagesOfCode(PAGES);

/** The model's device, to do what the kernel's does. */
function modelOf({ profile }: LiveDevice, algorithm: string) {
  const zram = new Zram(profile);
  zram.setAlgorithm(algorithm);
  zram.setDisksize(PAGES * PAGE_SIZE);
  const into = new Uint8Array(PAGE_SIZE);
  return {
    write: () => pages.forEach((page, nth) => zram.write(nth, page)),
    read: () => pages.forEach((_, nth) => zram.read(nth, into)),
    comprDataSize: () => zram.mmStat().compr_data_size,
  };
}

/** Microseconds a page that `work` on all pages takes. */
function measured(work: () => void): number {
  const start = performance.now();
  work();
  return (performance.now() - start) * 1000 / PAGES;
}

function median(times: readonly number[]): number {
  return times.toSorted((one, other) => one - other)[times.length >>> 1];
}

/** Writes and reads in turns with the kernel, and prints the medians. */
async function compare(
  device: LiveDevice,
  path: string,
  algorithm: string,
): Promise<void> {
  await start(device, algorithm, PAGES);
  const model = modelOf(device, algorithm);
  using kernel = new DirectPages(path, pages);
  for (const verb of ["write", "read"] as const) {
    const kernels: number[] = [];
    const models: number[] = [];
    for (let round = -WARM_ROUNDS; round < ROUNDS; round++) {
      const times = [
        measured(() => kernel[verb]()),
        measured(() => model[verb]()),
      ];
      if (round < 0) continue;
      kernels.push(times[0]);
      models.push(times[1]);
    }
    const [theirs, ours] = [median(kernels), median(models)];
    console.log(
      `${algorithm}: ${verb} a page: kernel ${theirs.toFixed(1)} µs, model ${
        ours.toFixed(1)
      } µs, ratio ${(ours / theirs).toFixed(2)}`,
    );
  }
  const [, size] = await device.target.mmStat();
  if (size !== model.comprDataSize()) {
    throw new Error(
      `The model's 'compr_data_size' is ${model.comprDataSize()}, the kernel's ${size}`,
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
