/** A guest that runs, and what it is asked over its port. */
import { errnoName } from "./errno_name.ts";
import { concatenated } from "./cpio.ts";
import { cannotBoot } from "./guest_image.ts";
import {
  type GuestAnswer,
  Incoming,
  type Request,
  requestParts,
} from "./guest_port.ts";
import type { Kernel } from "./kernel.ts";
import type { Refusal } from "../targets/target.ts";

/** Milliseconds that a boot may take: some ten times what it does. */
const BOOT_MILLISECONDS = 120_000;
/** Milliseconds that a request may take. */
const REQUEST_MILLISECONDS = 30_000;
/** What of a console tells why a boot fails. */
const TELLING =
  /Kernel panic|BUG: |version of symbol|version magic|Unknown symbol/;
/** Lines of its console that are told of a guest that fails. */
const CONSOLE_LINES = 8;

/**
 * A guest that does not answer any more, as where its kernel panics; the lines
 * after the first are its console's.
 */
export class GuestGone extends Error {
  /** The error's class. */
  override readonly name = "GuestGone";
}

/**
 * A running guest. Leaving its scope ends it.
 *
 * Beside a {@linkcode Kernel}'s files and devices it has anonymous memory, of
 * one program that does nothing of its own, for zswap to take.
 */
export class Guest implements Kernel, AsyncDisposable {
  /** The kernel's release. */
  readonly release: string;
  readonly #child: Deno.ChildProcess;
  readonly #folder: string;
  readonly #stop: AbortSignal | undefined;
  readonly #incoming: Incoming;
  readonly #outgoing: WritableStreamDefaultWriter<Uint8Array>;
  #hasFailed = false;

  /**
   * A guest that QEMU runs, its files in `folder`, which goes with it;
   * `bootGuest` makes one.
   */
  constructor(
    release: string,
    child: Deno.ChildProcess,
    folder: string,
    stop: AbortSignal | undefined,
  ) {
    this.release = release;
    this.#child = child;
    this.#folder = folder;
    this.#stop = stop;
    this.#incoming = new Incoming(child.stdout);
    this.#outgoing = child.stdin.getWriter();
  }

  /** Whether it failed to answer once: it is gone, or out of step. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /**
   * Waits until the guest's program asks for requests. Throws a
   * `TargetMissing` where the kernel stops before, or takes no module.
   */
  async ready(): Promise<void> {
    const stop = this.#stop;
    const line = await this.#timed(BOOT_MILLISECONDS, this.#incoming.line())
      .catch((error: Error) => {
        stop?.throwIfAborted();
        return error.message;
      });
    if (line === "ready") return;
    const said = await this.#console();
    const why = said.findLast((line) => TELLING.test(line)) ?? said.at(-1);
    const reason = why === undefined ? "" : `; its console says '${why}'`;
    throw cannotBoot(`Linux ${this.release}: ${line}${reason}`);
  }

  async readFile(path: string): Promise<{ text: string } | Refusal> {
    const answer = await this.#ask({ name: "read", path });
    return "error" in answer
      ? answer
      : { text: new TextDecoder().decode(answer.data) };
  }

  /** Reads files one after another, which are all asked for at once. */
  async readFiles(paths: readonly string[]): Promise<string[]> {
    const answers = await this.#askAll(
      paths.map((path) => ({ name: "read", path })),
    );
    return answers.map((answer, nth) => {
      if (!("error" in answer)) return new TextDecoder().decode(answer.data);
      throw new Error(
        `Cannot read ${paths[nth]} in the guest: ${answer.error}`,
      );
    });
  }

  writeFile(path: string, text: string): Promise<Refusal | undefined> {
    const data = new TextEncoder().encode(text);
    return this.#tell({ name: "write", path, data });
  }

  /** Puts a file of these bytes at `path`, for as long as the guest runs. */
  putFile(path: string, data: Uint8Array): Promise<Refusal | undefined> {
    return this.#tell({ name: "put", path, data });
  }

  readBlocks(
    path: string,
    offset: number,
    bytes: number,
  ): Promise<{ data: Uint8Array } | Refusal> {
    return this.#ask({ name: "pread", path, a: offset, b: bytes });
  }

  writeBlocks(
    path: string,
    offset: number,
    data: Uint8Array,
  ): Promise<Refusal | undefined> {
    return this.#tell({ name: "pwrite", path, a: offset, data });
  }

  discardBlocks(
    path: string,
    offset: number,
    bytes: number,
  ): Promise<Refusal | undefined> {
    return this.#tell({ name: "discard", path, a: offset, b: bytes });
  }

  async closeDevice(): Promise<void> {
    await this.#tell({ name: "close" });
  }

  /** Makes another node at `path` for a device. */
  makeNode(path: string, device: string): Promise<Refusal | undefined> {
    const data = new TextEncoder().encode(device);
    return this.#tell({ name: "node", path, data });
  }

  /** Maps `pages` pages of anonymous memory, in place of those before. */
  map(pages: number): Promise<Refusal | undefined> {
    return this.#tell({ name: "map", a: pages });
  }

  /** Writes a page of that memory. */
  touch(page: number, data: Uint8Array): Promise<Refusal | undefined> {
    return this.#tell({ name: "touch", a: page, b: 1, data });
  }

  /**
   * Reads a page of that memory as one that may be written next: where it was
   * paged out it comes back, and its slot is free.
   */
  look(page: number): Promise<{ data: Uint8Array } | Refusal> {
    return this.#ask({ name: "look", a: page, b: 1 });
  }

  /** MADV_PAGEOUT of pages of that memory. */
  pageOut(page: number, pages: number): Promise<Refusal | undefined> {
    return this.#tell({ name: "pageout", a: page, b: pages });
  }

  /** MADV_DONTNEED of pages of that memory: they are zeros, and take nothing. */
  forget(page: number, pages: number): Promise<Refusal | undefined> {
    return this.#tell({ name: "forget", a: page, b: pages });
  }

  /** The entries that `/proc/self/pagemap` has for pages of that memory. */
  async pagemap(
    page: number,
    pages: number,
  ): Promise<{ entries: BigUint64Array } | Refusal> {
    const answer = await this.#ask({ name: "pagemap", a: page, b: pages });
    return "error" in answer
      ? answer
      : { entries: new BigUint64Array(answer.data.buffer) };
  }

  /** Swaps to the block device at `path`. */
  swapOn(path: string): Promise<Refusal | undefined> {
    return this.#tell({ name: "swapon", path });
  }

  /** Brings all pages back from the device at `path`, and leaves it. */
  swapOff(path: string): Promise<Refusal | undefined> {
    return this.#tell({ name: "swapoff", path });
  }

  /**
   * Waits until nothing but the guest's program is left to run: until a worker
   * of the kernel that was given work has done it.
   */
  settle(): Promise<Refusal | undefined> {
    return this.#tell({ name: "settle" });
  }

  /** Lets the guest's clock go on so far; nothing else is asked meanwhile. */
  async sleep(seconds: number): Promise<void> {
    const most = REQUEST_MILLISECONDS / 2;
    for (let left = Math.ceil(1000 * seconds); left > 0; left -= most) {
      await this.#tell({ name: "sleep", a: Math.min(left, most) });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A guest has nothing to save.
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#child.status;
    await this.#outgoing.abort().catch(() => {});
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #tell(request: Request): Promise<Refusal | undefined> {
    const answer = await this.#ask(request);
    return "error" in answer ? answer : undefined;
  }

  async #ask(request: Request): Promise<GuestAnswer> {
    const [answer] = await this.#askAll([request]);
    return answer;
  }

  async #askAll(requests: readonly Request[]): Promise<GuestAnswer[]> {
    this.#stop?.throwIfAborted();
    const [{ name, path = "" }] = requests;
    return await this.#within(
      REQUEST_MILLISECONDS,
      `answer '${name} ${path}'`,
      this.#exchange(requests),
    );
  }

  async #exchange(requests: readonly Request[]): Promise<GuestAnswer[]> {
    await this.#outgoing.write(concatenated(requests.flatMap(requestParts)));
    const answers: GuestAnswer[] = [];
    for (let nth = 0; nth < requests.length; nth++) {
      const line = await this.#incoming.line();
      const [errno, bytes] = line.split(" ").map(Number);
      const data = await this.#incoming.bytes(bytes);
      answers.push(errno === 0 ? { data } : { error: errnoName(errno) });
    }
    return answers;
  }

  /** What comes in time; else throws with the console's last words. */
  async #within<Result>(
    milliseconds: number,
    what: string,
    work: Promise<Result>,
  ): Promise<Result> {
    try {
      return await this.#timed(milliseconds, work);
    } catch (error) {
      this.#stop?.throwIfAborted();
      this.#hasFailed = true;
      const reason = error instanceof Error ? error.message : String(error);
      throw new GuestGone(
        `The guest does not ${what}: ${reason}${await this.#lastWords()}`,
        { cause: error },
      );
    }
  }

  /** What comes in time and before an interrupt. */
  async #timed<Result>(
    milliseconds: number,
    work: Promise<Result>,
  ): Promise<Result> {
    const stop = this.#stop;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const interrupt = () => reject(stop?.reason);
    stop?.addEventListener("abort", interrupt);
    const timer = setTimeout(
      () => reject(new Error(`it took more than ${milliseconds / 1000} s`)),
      milliseconds,
    );
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
      stop?.removeEventListener("abort", interrupt);
    }
  }

  /** The lines of the console. */
  async #console(): Promise<string[]> {
    const text = await Deno.readTextFile(`${this.#folder}/console`)
      .catch(() => "");
    return text.split(/\r?\n/).map((line) => line.trim()).filter(Boolean);
  }

  async #lastWords(): Promise<string> {
    const all = await this.#console();
    // The kernel says why it stops, and then what was where.
    const why = all.findLastIndex((line) => /Kernel panic|BUG: /.test(line));
    const from = why < 0 ? Math.max(0, all.length - CONSOLE_LINES) : why;
    const lines = all.slice(from, from + CONSOLE_LINES).join("\n");
    return lines === "" ? "" : `; its console says\n${lines}`;
  }
}
