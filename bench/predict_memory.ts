/**
 * What `zspec predict` takes of a gigabyte and of a sixteenth of it, each in a
 * process of its own:
 *
 *     deno run -A bench/predict_memory.ts [--algorithm A[,A…]]
 *
 * Seconds, pages a second of all cores, and the most memory that the process
 * had. The files are made of the Deno executable's pages, each with a word of
 * its own, and are gone afterwards.
 */
import { parseArgs } from "@std/cli/parse-args";

const PAGE_SIZE = 4096;
const GIGABYTE = 1 << 30;
const SIZES = [GIGABYTE / 16, GIGABYTE];
const MAIN = new URL("../src/cli/main.ts", import.meta.url).href;

/** A file of so many bytes: the executable over and over, no two pages alike. */
async function makeFile(path: string, bytes: number): Promise<void> {
  const executable = await Deno.readFile(Deno.execPath());
  using file = await Deno.open(path, { write: true, create: true });
  const writer = file.writable.getWriter();
  const pages = Math.floor(executable.length / PAGE_SIZE);
  const chunk = new Uint8Array(256 * PAGE_SIZE);
  const words = new Uint32Array(chunk.buffer);
  for (let page = 0; page < bytes / PAGE_SIZE;) {
    for (let nth = 0; nth < 256; nth++, page++) {
      const from = page % pages * PAGE_SIZE;
      chunk.set(executable.subarray(from, from + PAGE_SIZE), nth * PAGE_SIZE);
      words[nth * PAGE_SIZE / 4] = page;
    }
    await writer.write(chunk.slice());
  }
  writer.releaseLock();
}

/** The most memory that a process has had, in bytes, as long as it runs. */
function peakOf(pid: number): number {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Runs the command on a file. */
async function measure(path: string, algorithms: string) {
  const started = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-check", MAIN, "predict", path],
      ...["--json", "--algorithm", algorithms],
    ],
    stdout: "piped",
  }).spawn();
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, peakOf(child.pid));
  }, 50);
  const { success } = await child.output();
  clearInterval(timer);
  if (!success) Deno.exit(1);
  return { seconds: (performance.now() - started) / 1000, peak };
}

const { algorithm = "lz4,zstd" } = parseArgs(Deno.args, {
  string: ["algorithm"],
});
const folder = await Deno.makeTempDir();
try {
  for (const bytes of SIZES) {
    const path = `${folder}/pages`;
    await makeFile(path, bytes);
    const { seconds, peak } = await measure(path, algorithm);
    const rate = Math.round(bytes / PAGE_SIZE / seconds);
    console.log(
      `${algorithm}: ${bytes >>> 20} MiB in ${seconds.toFixed(1)} s, ` +
        `${
          rate.toLocaleString("en")
        } pages/s on ${navigator.hardwareConcurrency} cores, ` +
        `at most ${Math.round(peak / 2 ** 20)} MiB of memory`,
    );
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
