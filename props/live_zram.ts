/**
 * The running kernel's zram device: pages written to it by direct I/O, so that
 * the kernel compresses each when it is told to, and its `mm_stat`.
 */

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

  /** `compr_data_size` in bytes, of `mm_stat`. */
  comprDataSize(): number {
    return Number(sysfsRead(this.#name, "mm_stat").split(/\s+/)[1]);
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
