/**
 * The running kernel's zram device: pages written to it by direct I/O, so that
 * the kernel compresses each when it is told to, and its `mm_stat`.
 */
import { LINUX_6_18, type Profile, profileNamed } from "../mod.ts";
import { UsageError } from "../src/cli/usage.ts";

/** Bytes of a page on the device. */
export const PAGE_SIZE = 4096;

const O_WRONLY = 0o1;
const O_DIRECT = 0o40000;

const LIBC = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  pwrite: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

/** Room for a page whose address is a multiple of the page size, as O_DIRECT wants. */
export function alignedPage(): Uint8Array<ArrayBuffer> {
  const room = new Uint8Array(2 * PAGE_SIZE);
  const address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(room));
  const start = Number(-address & BigInt(PAGE_SIZE - 1));
  return room.subarray(start, start + PAGE_SIZE);
}

function sysfsRead(name: string, attribute: string): string {
  return Deno.readTextFileSync(`/sys/block/${name}/${attribute}`).trim();
}

/**
 * The name of a zram device that nobody uses, such as `zram0`; else why there
 * is none, in words that end a sentence.
 */
export function idleZram(): { name: string } | { none: string } {
  if (Deno.build.os !== "linux") return { none: "this is not Linux" };
  if (Deno.uid() !== 0) return { none: "only root can write to one" };
  const names = Array.from(Deno.readDirSync("/sys/block"), ({ name }) => name)
    .filter((name) => /^zram[0-9]+$/.test(name)).sort();
  if (names.length === 0) return { none: "the kernel has none" };
  const name = names.find((name) => sysfsRead(name, "disksize") === "0");
  return name === undefined
    ? { none: `${names.join(", ")} have a disksize, so someone uses them` }
    : { name };
}

/**
 * A device in use; leaving its scope resets it and gives it back the algorithm
 * that it had.
 */
export class LiveZram implements Disposable {
  readonly #name: string;
  readonly #libc = Deno.dlopen("libc.so.6", LIBC);
  readonly #algorithmBefore: string;
  #file = -1;

  /** Takes the idle device called `name`. */
  constructor(name: string) {
    this.#name = name;
    const listed = sysfsRead(name, "comp_algorithm");
    const chosen = /\[(.+)\]/.exec(listed);
    if (chosen === null) {
      throw new Error(
        `Cannot use ${name}: the 'comp_algorithm' is "${listed}", none chosen`,
      );
    }
    this.#algorithmBefore = chosen[1];
  }

  /** The algorithms that the kernel has. */
  get algorithms(): string[] {
    return sysfsRead(this.#name, "comp_algorithm").replace(/[[\]]/g, "")
      .split(/\s+/);
  }

  /** Initialises the device with an algorithm and a disk of `pages`. */
  start(algorithm: string, pages: number): void {
    this.#stop();
    this.#sysfsWrite("comp_algorithm", algorithm);
    this.#sysfsWrite("disksize", String(pages * PAGE_SIZE));
    const path = new TextEncoder().encode(`/dev/${this.#name}\0`);
    this.#file = this.#libc.symbols.open(path, O_WRONLY | O_DIRECT);
    if (this.#file < 0) throw new Error(`Cannot open /dev/${this.#name}`);
  }

  /** Writes a page; `data` is from {@linkcode alignedPage}. */
  write(page: number, data: Uint8Array<ArrayBuffer>): void {
    const written = this.#libc.symbols.pwrite(
      this.#file,
      data,
      BigInt(PAGE_SIZE),
      BigInt(page * PAGE_SIZE),
    );
    if (Number(written) !== PAGE_SIZE) {
      throw new Error(
        `Cannot write page ${page} of /dev/${this.#name}: pwrite returned ${written}, not ${PAGE_SIZE}`,
      );
    }
  }

  /** The numbers of `mm_stat`, in its order. */
  mmStat(): number[] {
    return sysfsRead(this.#name, "mm_stat").split(/\s+/).map(Number);
  }

  [Symbol.dispose](): void {
    this.#stop();
    this.#sysfsWrite("comp_algorithm", this.#algorithmBefore);
    this.#libc.close();
  }

  #sysfsWrite(attribute: string, value: string): void {
    Deno.writeTextFileSync(`/sys/block/${this.#name}/${attribute}`, value, {
      create: false,
    });
  }

  #stop(): void {
    if (this.#file >= 0) this.#libc.symbols.close(this.#file);
    this.#file = -1;
    this.#sysfsWrite("reset", "1");
  }
}

/** The profile of the running kernel's release, or else of the newest. */
export function runningProfile(): Profile {
  const [major, minor] = Deno.osRelease().split(".");
  return profileNamed(`linux-${major}.${minor}`) ?? LINUX_6_18;
}

/** Lets signals be heard. */
export const breathe = (): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve));

/** What is compared on a live device; it answers how many things differ. */
type Comparison = (zram: LiveZram, stop: AbortSignal) => Promise<number>;

/**
 * Runs a comparison on an idle device, which is reset and has its algorithm
 * back whatever happens, and returns the exit status: 0 where nothing differs
 * or no device is idle, which is then said; 1 where something differs; 130
 * where a signal came.
 */
async function onIdleZram(compare: Comparison): Promise<number> {
  const idle = idleZram();
  if ("none" in idle) {
    console.log(`Nothing compared: no zram device is idle, ${idle.none}.`);
    return 0;
  }
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  signals.forEach((signal) => Deno.addSignalListener(signal, interrupt));
  try {
    using zram = new LiveZram(idle.name);
    const differences = await compare(zram, interrupted.signal);
    if (interrupted.signal.aborted) return 130;
    return differences === 0 ? 0 : 1;
  } finally {
    signals.forEach((signal) => Deno.removeSignalListener(signal, interrupt));
  }
}

/** Runs a script's comparison and sets its exit status: 2 for wrong arguments. */
export async function runLive(
  name: string,
  compare: (args: readonly string[]) => Comparison,
): Promise<void> {
  try {
    Deno.exitCode = await onIdleZram(compare(Deno.args));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${name}: ${error.message}`);
    Deno.exitCode = 2;
  }
}
