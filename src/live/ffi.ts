/** The kernel that this process runs on, by libc's system calls. */
import { constants as fs } from "node:fs";
import { errnoName } from "./errno_name.ts";
import type { Kernel } from "./kernel.ts";
import type { Refusal } from "../targets/target.ts";

const LIBC = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  pread: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
  pwrite: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
  ioctl: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  flock: { parameters: ["i32", "i32"], result: "i32" },
  posix_memalign: { parameters: ["buffer", "usize", "usize"], result: "i32" },
  free: { parameters: ["pointer"], result: "void" },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

/** `_IO(0x12, 119)`, `include/uapi/linux/fs.h`. */
const BLKDISCARD = 0x1277n;
const LOCK_EX = 2;
const LOCK_NB = 4;
/** What O_DIRECT wants addresses to be a multiple of, on any device. */
const ALIGNMENT = 4096;
/** Bytes of the largest request: 64 KiB, the largest page. */
const BUFFER_BYTES = 65536;
/** Calls between two times at which signals are heard. */
const CALLS_BETWEEN_BREATHS = 64;
/** A request that the disk's end cut short. */
const BEYOND_DISK: Refusal = { error: "EIO" };

const cString = (text: string) => new TextEncoder().encode(`${text}\0`);

/**
 * This machine's kernel. Needs Linux and the permission to call libc
 * (`--allow-ffi`), and what its files need, which mostly is to be root.
 *
 * A call blocks. Between some of them signals are heard, and once `stop` is
 * aborted every further call throws its reason.
 */
export class LocalKernel implements Kernel, Disposable {
  readonly #libc = Deno.dlopen("libc.so.6", LIBC);
  readonly #errno: Deno.UnsafePointerView;
  readonly #memory: Deno.PointerObject;
  /** The aligned buffer through which every block goes. */
  readonly #buffer: Uint8Array<ArrayBuffer>;
  readonly #stop: AbortSignal | undefined;
  #open: { readonly device: string; readonly fd: number } | undefined;
  readonly #locked: number[] = [];
  #calls = 0;

  /** Loads libc. Throws where there is none or no memory. */
  constructor(stop?: AbortSignal) {
    this.#stop = stop;
    const { symbols } = this.#libc;
    // The address is this thread's own, and there is only this one.
    const errno = symbols.__errno_location();
    const cell = new BigUint64Array(1);
    const failed = symbols.posix_memalign(
      cell,
      BigInt(ALIGNMENT),
      BigInt(BUFFER_BYTES),
    );
    const memory = Deno.UnsafePointer.create(cell[0]);
    if (errno === null || failed !== 0 || memory === null) {
      throw new Error(
        `Cannot do direct I/O: posix_memalign returned ${failed}, not 0`,
      );
    }
    this.#errno = new Deno.UnsafePointerView(errno);
    this.#memory = memory;
    this.#buffer = new Uint8Array(
      Deno.UnsafePointerView.getArrayBuffer(memory, BUFFER_BYTES),
    );
  }

  async readFile(path: string): Promise<{ text: string } | Refusal> {
    await this.#breathe();
    return this.#withFile(path, fs.O_RDONLY, (fd) => {
      const parts: Uint8Array[] = [];
      for (;;) {
        const part = new Uint8Array(BUFFER_BYTES);
        const bytes = this.#libc.symbols.read(
          fd,
          part,
          BigInt(part.length),
        );
        if (bytes < 0) return this.#refusal();
        if (bytes === 0n) break;
        parts.push(part.subarray(0, Number(bytes)));
      }
      return {
        text: parts.map((one) => new TextDecoder().decode(one)).join(""),
      };
    });
  }

  async writeFile(path: string, text: string): Promise<Refusal | undefined> {
    await this.#breathe();
    return this.#withFile(path, fs.O_WRONLY, (fd) => {
      const data = new TextEncoder().encode(text);
      const written = this.#libc.symbols.write(fd, data, BigInt(data.length));
      return written < 0 ? this.#refusal() : undefined;
    });
  }

  async readBlocks(
    device: string,
    offset: number,
    bytes: number,
  ): Promise<{ data: Uint8Array } | Refusal> {
    await this.#breathe();
    return this.#withDevice(device, (fd) => {
      this.#checkRoom(bytes);
      const read = this.#libc.symbols.pread(
        fd,
        this.#buffer,
        BigInt(bytes),
        BigInt(offset),
      );
      if (read < 0) return this.#refusal();
      return Number(read) < bytes
        ? BEYOND_DISK
        : { data: this.#buffer.slice(0, bytes) };
    });
  }

  async writeBlocks(
    device: string,
    offset: number,
    data: Uint8Array,
  ): Promise<Refusal | undefined> {
    await this.#breathe();
    return this.#withDevice(device, (fd) => {
      this.#checkRoom(data.length);
      this.#buffer.set(data);
      const written = this.#libc.symbols.pwrite(
        fd,
        this.#buffer,
        BigInt(data.length),
        BigInt(offset),
      );
      if (written < 0) return this.#refusal();
      return Number(written) < data.length ? BEYOND_DISK : undefined;
    });
  }

  async discardBlocks(
    device: string,
    offset: number,
    bytes: number,
  ): Promise<Refusal | undefined> {
    await this.#breathe();
    return this.#withDevice(device, (fd) => {
      const range = BigUint64Array.of(BigInt(offset), BigInt(bytes));
      const failed = this.#libc.symbols.ioctl(fd, BLKDISCARD, range);
      return failed < 0 ? this.#refusal() : undefined;
    });
  }

  /** Waits so long by this machine's clock. */
  sleep(seconds: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  }

  closeDevice(): Promise<void> {
    if (this.#open !== undefined) this.#libc.symbols.close(this.#open.fd);
    this.#open = undefined;
    return Promise.resolve();
  }

  /**
   * Takes the advisory lock on a file until this is disposed of, or this
   * process and all that it starts from now on have ended: those inherit the
   * open file. EAGAIN where another has it.
   */
  lock(path: string): Refusal | undefined {
    const fd = this.#libc.symbols.open(cString(path), fs.O_RDONLY);
    if (fd < 0) return this.#refusal();
    this.#locked.push(fd);
    const failed = this.#libc.symbols.flock(fd, LOCK_EX | LOCK_NB);
    return failed === 0 ? undefined : this.#refusal();
  }

  [Symbol.dispose](): void {
    this.closeDevice();
    this.#locked.forEach((fd) => this.#libc.symbols.close(fd));
    this.#libc.symbols.free(this.#memory);
    this.#libc.close();
  }

  async #breathe(): Promise<void> {
    if (this.#calls++ % CALLS_BETWEEN_BREATHS === 0) {
      await new Promise((resolve) => setTimeout(resolve));
    }
    this.#stop?.throwIfAborted();
  }

  /** To be called first after what failed, before anything else sets it. */
  #refusal(): Refusal {
    return { error: errnoName(this.#errno.getInt32()) };
  }

  #withFile<Result>(
    path: string,
    flags: number,
    use: (fd: number) => Result,
  ): Result | Refusal {
    const fd = this.#libc.symbols.open(cString(path), flags);
    if (fd < 0) return this.#refusal();
    try {
      return use(fd);
    } finally {
      this.#libc.symbols.close(fd);
    }
  }

  #withDevice<Result>(
    device: string,
    use: (fd: number) => Result,
  ): Result | Refusal {
    if (this.#open?.device !== device) {
      this.closeDevice();
      const flags = fs.O_RDWR | (fs.O_DIRECT ?? 0);
      const fd = this.#libc.symbols.open(cString(device), flags);
      if (fd < 0) return this.#refusal();
      this.#open = { device, fd };
    }
    return use(this.#open.fd);
  }

  #checkRoom(bytes: number): void {
    if (bytes > BUFFER_BYTES) {
      throw new RangeError(
        `Cannot move blocks: the request is of ${bytes} bytes, not up to ${BUFFER_BYTES}`,
      );
    }
  }
}
