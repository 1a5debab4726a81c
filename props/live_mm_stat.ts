/**
 * Compares what `zspec predict` says of files with what the live kernel shows
 * once their pages are written to it: all of `mm_stat`, for each algorithm
 * whose lengths are the kernel's own.
 *
 *     deno run -A props/live_mm_stat.ts [PATH…]
 *
 * Without a PATH it takes the running Deno executable. Says so, and exits with
 * 0, where there is no idle zram device. Exits with 1 where a number differs,
 * with 130 where it was interrupted; the device is reset and has its algorithm
 * back in any case.
 */
import { exactCodecsOf, MM_STAT_FIELDS } from "../mod.ts";
import { type Input, inputPages, readInput } from "../src/cli/pages.ts";
import { predict, type Prediction } from "../src/cli/prediction.ts";
import { progress } from "../src/cli/progress.ts";
import { parseOptions } from "../src/cli/usage.ts";
import { grouped } from "../src/report/table.ts";
import type { LiveDevice } from "../src/live/device.ts";
import { PAGE_SIZE, runLive, start, write } from "./live_zram.ts";

/** Writes every page of the files to the live device, in order. */
async function writeAll(
  device: LiveDevice,
  algorithm: string,
  input: Input,
): Promise<void> {
  const bar = progress(algorithm, input.pages);
  await start(device, algorithm, input.pages);
  let page = 0;
  for (const data of inputPages(input, PAGE_SIZE)) {
    await write(device, page++, data);
    bar.step(page);
  }
  bar.end();
}

/** Prints how the kernel's numbers compare and returns how many differ. */
function report(
  { algorithm, mmStat }: Prediction,
  live: readonly number[],
): number {
  const differing = MM_STAT_FIELDS.filter((field, nth) =>
    mmStat[field] !== live[nth]
  );
  const outcome = differing.length === 0
    ? `all ${live.length} numbers of mm_stat as predicted`
    : `${differing.length} numbers of mm_stat not as predicted`;
  console.log(`${algorithm}: ${outcome}: ${live.join(" ")}`);
  for (const field of differing) {
    console.log(
      `  ${field}: ${mmStat[field]}, the kernel's ${
        live[MM_STAT_FIELDS.indexOf(field)]
      }`,
    );
  }
  return differing.length;
}

/** Compares `mm_stat` for all codecs that the kernel has. */
function compareMmStat(args: readonly string[]) {
  const { paths } = parseOptions(args, { string: [], boolean: [] });
  return async (device: LiveDevice): Promise<number> => {
    const { profile, release, target } = device;
    const input = readInput(paths, PAGE_SIZE);
    const algorithms = exactCodecsOf(profile.zram)
      .filter(({ name }) => profile.zram.compAlgorithms.includes(name))
      .map(({ name }) => ({ name, params: {} }));
    console.log(
      `${input.title}: ${
        grouped(input.pages)
      } pages, ${profile.name} and the running ${release}`,
    );
    let differences = 0;
    for (
      const prediction of await predict(profile, input, algorithms, [
        profile.chainSize,
      ])
    ) {
      await writeAll(device, prediction.algorithm, input);
      differences += report(prediction, await target.mmStat());
    }
    return differences;
  };
}

if (import.meta.main) await runLive("live_mm_stat", compareMmStat);
