/**
 * Compares the length of every page that a codec compresses with the live
 * kernel's, on pages of the machine's own files:
 *
 *     deno run -A props/live_lengths.ts [--pages N] [PATH…]
 *
 * Says so, and exits with 0, where there is no idle zram device. Exits with 1
 * where a length differs, with 130 where it was interrupted; the device is
 * reset and has its algorithm back in any case.
 */
import { type Codec, exactCodecsOf, type Profile, zsGeometry } from "../mod.ts";
import { type PageFile, pageFiles } from "../src/cli/pages.ts";
import { progress } from "../src/cli/progress.ts";
import { parseOptions, wholeOption } from "../src/cli/usage.ts";
import { takesNoMemory } from "../src/zram/write.ts";
import type { LiveDevice } from "../src/live/device.ts";
import { PAGE_SIZE, runLive, start, write } from "./live_zram.ts";

const DEFAULT_PAGES = 50_000;
const DEFAULT_PATHS = ["/usr"];
/** Differences that are shown, of those that are found. */
const SHOWN = 10;

/** Where a page of the run comes from. */
interface Source {
  readonly path: string;
  /** Number of the page in its file. */
  readonly page: number;
}

/** `count` pages at equal distances among all pages of `files`. */
function* spread(files: readonly PageFile[], count: number): Generator<Source> {
  const total = files.reduce((sum, { pages }) => sum + pages, 0);
  const taken = Math.min(count, total);
  let before = 0;
  let nth = 0;
  for (const { path, pages } of files) {
    const at = () => Math.floor(nth * total / taken);
    for (; nth < taken && at() < before + pages; nth++) {
      yield { path, page: at() - before };
    }
    before += pages;
  }
}

/** Fills `into` with a page of a file, zeros after its end. */
function readPage({ path, page }: Source, into: Uint8Array): void {
  using file = Deno.openSync(path);
  file.seekSync(page * PAGE_SIZE, Deno.SeekMode.Start);
  let filled = 0;
  while (filled < PAGE_SIZE) {
    const read = file.readSync(into.subarray(filled));
    if (read === null) break;
    filled += read;
  }
  into.fill(0, filled);
}

/** The bytes by which a page is to count in `compr_data_size`. */
function lengthCounter(codec: Codec, profile: Profile) {
  const { hugeClassSize } = zsGeometry(profile);
  const into = new Uint8Array(2 * PAGE_SIZE);
  return (page: Uint8Array): number => {
    if (takesNoMemory(profile, page)) return 0;
    const length = codec.compress(page, into);
    return length >= hugeClassSize ? PAGE_SIZE : length;
  };
}

/** Compares one codec on all pages. Prints and returns how many differ. */
async function compareCodec(
  device: LiveDevice,
  codec: Codec,
  sources: readonly Source[],
): Promise<number> {
  const count = lengthCounter(codec, device.profile);
  const page = new Uint8Array(PAGE_SIZE);
  const bar = progress(codec.name, sources.length);
  const differences: string[] = [];
  let compared = 0;
  let bytes = 0;
  await start(device, codec.name, 1);
  for (const source of sources) {
    readPage(source, page);
    const live = await write(device, 0, page);
    const expected = count(page);
    if (live !== expected) {
      differences.push(
        `page ${source.page} of ${source.path}: ${expected} bytes, the kernel's ${live}`,
      );
    }
    bytes += live;
    bar.step(++compared);
  }
  bar.end();
  console.log(
    `${codec.name}: ${compared} pages, ${bytes} bytes in the kernel, ${differences.length} pages of another length`,
  );
  differences.slice(0, SHOWN).forEach((line) => console.log(`  ${line}`));
  return differences.length;
}

/** Compares all codecs that the kernel has. */
function compareLengths(args: readonly string[]) {
  const options = parseOptions(args, { string: ["pages"], boolean: [] });
  const count = wholeOption(options, "pages", 1, 1e9) ?? DEFAULT_PAGES;
  const paths = options.paths.length > 0 ? options.paths : DEFAULT_PATHS;
  return async (device: LiveDevice): Promise<number> => {
    const sources = [...spread([...pageFiles(paths, PAGE_SIZE)], count)];
    let differences = 0;
    for (const codec of exactCodecsOf(device.profile.zram)) {
      if (device.profile.zram.compAlgorithms.includes(codec.name)) {
        differences += await compareCodec(device, codec, sources);
      } else {
        console.log(`${codec.name}: left out, as the kernel does not have it`);
      }
    }
    return differences;
  };
}

if (import.meta.main) await runLive("live_lengths", compareLengths);
