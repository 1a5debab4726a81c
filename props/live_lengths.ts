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
import {
  type Codec,
  KERNEL_CODECS,
  LINUX_6_18,
  type Profile,
  profileNamed,
  zsGeometry,
} from "../mod.ts";
import { findFiles, type PageFile } from "../src/cli/pages.ts";
import { progress } from "../src/cli/progress.ts";
import { parseOptions, UsageError, wholeOption } from "../src/cli/usage.ts";
import { isSameFilled } from "../src/zram/same_filled.ts";
import { alignedPage, idleZram, LiveZram, PAGE_SIZE } from "./live_zram.ts";

const DEFAULT_PAGES = 50_000;
const DEFAULT_PATHS = ["/usr"];
/** Pages between two times at which signals are heard. */
const PAGES_BETWEEN_BREATHS = 256;
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

/** The profile of the running kernel's release, or else of the newest. */
function runningProfile(): Profile {
  const [major, minor] = Deno.osRelease().split(".");
  return profileNamed(`linux-${major}.${minor}`) ?? LINUX_6_18;
}

/** The bytes by which a page is to count in `compr_data_size`. */
function lengthCounter(codec: Codec, profile: Profile) {
  const { hugeClassSize } = zsGeometry(profile);
  const into = new Uint8Array(2 * PAGE_SIZE);
  return (page: Uint8Array): number => {
    if (isSameFilled(page, profile.wordBits / 8)) return 0;
    const length = codec.compress(page, into);
    return length >= hugeClassSize ? PAGE_SIZE : length;
  };
}

/** Lets signals be heard. */
const breathe = () => new Promise((resolve) => setTimeout(resolve));

/**
 * Compares one codec on all pages: each is the only one on the disk, so that
 * `compr_data_size` is its length. Prints and returns how many differ.
 */
async function compareCodec(
  zram: LiveZram,
  codec: Codec,
  sources: readonly Source[],
  stop: AbortSignal,
): Promise<number> {
  const count = lengthCounter(codec, runningProfile());
  const page = alignedPage();
  const bar = progress(codec.name, sources.length);
  const differences: string[] = [];
  let compared = 0;
  let bytes = 0;
  zram.start(codec.name, 1);
  for (const source of sources) {
    if (compared % PAGES_BETWEEN_BREATHS === 0) await breathe();
    if (stop.aborted) break;
    readPage(source, page);
    zram.write(0, page);
    const live = zram.comprDataSize();
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

/** Compares all codecs on an idle device and returns the exit status. */
async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, { string: ["pages"], boolean: [] });
  const count = wholeOption(options, "pages", 1, 1e9) ?? DEFAULT_PAGES;
  const paths = options.paths.length > 0 ? options.paths : DEFAULT_PATHS;
  const idle = idleZram();
  if ("none" in idle) {
    console.log(`No lengths compared: no zram device is idle, ${idle.none}.`);
    return 0;
  }
  const sources = [...spread(findFiles(paths, PAGE_SIZE), count)];
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  signals.forEach((signal) => Deno.addSignalListener(signal, interrupt));
  try {
    using zram = new LiveZram(idle.name);
    let differences = 0;
    for (const codec of KERNEL_CODECS) {
      if (!zram.algorithms.includes(codec.name)) {
        console.log(`${codec.name}: left out, as the kernel does not have it`);
        continue;
      }
      differences += await compareCodec(
        zram,
        codec,
        sources,
        interrupted.signal,
      );
      if (interrupted.signal.aborted) return 130;
    }
    return differences === 0 ? 0 : 1;
  } finally {
    signals.forEach((signal) => Deno.removeSignalListener(signal, interrupt));
  }
}

if (import.meta.main) {
  try {
    Deno.exitCode = await main(Deno.args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`live_lengths: ${error.message}`);
    Deno.exitCode = 2;
  }
}
