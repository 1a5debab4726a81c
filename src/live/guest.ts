/** A kernel booted in QEMU, and what it is asked over a virtio port. */
import { errnoName } from "./errno_name.ts";
import { commandOutput } from "./command_output.ts";
import { concatenated } from "./cpio.ts";
import { readConfig } from "./guest_config.ts";
import {
  builtImage,
  type BuiltKernel,
  cannotBoot,
  findImage,
  type GuestImage,
} from "./guest_image.ts";
import { buildInitrd } from "./guest_initrd.ts";
import {
  type LoadedModules,
  loadedModules,
  type Module,
} from "./guest_modules.ts";
import type { Kernel } from "./kernel.ts";
import type { Refusal } from "../targets/target.ts";

const QEMU = "qemu-system-x86_64";
/** Milliseconds that a boot may take: some ten times what it does. */
const BOOT_MILLISECONDS = 120_000;
/** Milliseconds that a request may take. */
const REQUEST_MILLISECONDS = 30_000;
/** What the kernel is told; with it, its warnings are on the console. */
const COMMAND_LINE = [
  ...["console=ttyS0", "loglevel=5", "panic=-1", "mitigations=off"],
];
/** What of a console tells why a boot fails. */
const TELLING =
  /Kernel panic|BUG: |version of symbol|version magic|Unknown symbol/;
/** Lines of its console that are told of a guest that fails. */
const CONSOLE_LINES = 8;
/** Megabytes of a guest's memory where nothing else is said. */
const MEMORY_MEGABYTES = 128;
/** Modules of the port. */
const PORT_MODULES: readonly Module[] = [
  { name: "virtio_pci", option: "VIRTIO_PCI" },
  { name: "virtio_console", option: "VIRTIO_CONSOLE" },
];
/** What QEMU runs a guest by. */
export const ACCELERATORS = ["tcg", "kvm"] as const;

/** A kernel, and what of QEMU runs it. */
export interface GuestBoot {
  /** Where the kernel is: `/` for an installed one. */
  readonly image: string;
  /** A kernel that was just built, which is booted instead. */
  readonly built?: BuiltKernel;
  /** The .config to look into before the boot, in place of the image's. */
  readonly config?: string;
  /** The paths of modules that take the place of the kernel's own. */
  readonly ownModules?: readonly string[];
  /** What QEMU runs it by. Default: `tcg`, which works wherever QEMU does. */
  readonly accel?: (typeof ACCELERATORS)[number];
  /** Its processors. Default: 1, with which every answer can be repeated. */
  readonly cpus?: number;
  /** Once it is aborted, what is under way throws its reason. */
  readonly stop?: AbortSignal;
}

/**
 * A guest that does not answer any more, as where its kernel panics; the lines
 * after the first are its console's.
 */
export class GuestGone extends Error {
  /** The error's class. */
  override readonly name = "GuestGone";
}

/** What a guest is booted with. */
export interface GuestOptions extends GuestBoot {
  /** Modules beside those that zspec needs to reach the guest. */
  readonly modules: readonly Module[];
  /** Options that the kernel must have built in, without `CONFIG_`. */
  readonly needed?: readonly string[];
  /** Megabytes of its memory. Default: 128. */
  readonly memoryMegabytes?: number;
}

/** One request as the guest's program reads it. */
interface Request {
  readonly name: string;
  readonly path?: string;
  readonly a?: number;
  readonly b?: number;
  readonly data?: Uint8Array;
}

type GuestAnswer = { readonly data: Uint8Array<ArrayBuffer> } | Refusal;

/** A request as it is sent: its line, its path, its data. */
function requestParts({ name, ...request }: Request): Uint8Array[] {
  const { a = 0, b = 0, data = new Uint8Array(0) } = request;
  const path = new TextEncoder().encode(request.path ?? "");
  const line = `${name} ${a} ${b} ${path.length} ${data.length}\n`;
  return [new TextEncoder().encode(line), path, data];
}

/** The bytes that a guest sends, in the portions that are asked for. */
class Incoming {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  #rest: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#reader = stream.getReader();
  }

  /** The bytes up to the next newline, as text. */
  async line(): Promise<string> {
    let end: number;
    while ((end = this.#rest.indexOf(0x0a)) < 0) await this.#more();
    const line = new TextDecoder().decode(this.#rest.subarray(0, end));
    this.#rest = this.#rest.subarray(end + 1);
    return line;
  }

  async bytes(count: number): Promise<Uint8Array<ArrayBuffer>> {
    while (this.#rest.length < count) await this.#more();
    const bytes = this.#rest.slice(0, count);
    this.#rest = this.#rest.subarray(count);
    return bytes;
  }

  async #more(): Promise<void> {
    const { value } = await this.#reader.read();
    if (value === undefined) throw new Error("the guest is gone");
    const joined = new Uint8Array(this.#rest.length + value.length);
    joined.set(this.#rest);
    joined.set(value, this.#rest.length);
    this.#rest = joined;
  }
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
   * {@linkcode bootGuest} makes one.
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

/** Throws a `TargetMissing` where there is no QEMU that runs by `accel`. */
export async function findQemu(
  accel: GuestBoot["accel"] = "tcg",
): Promise<void> {
  if (await commandOutput(QEMU, ["--version"]) === undefined) {
    throw cannotBoot(`there is no ${QEMU}; install qemu-system-x86`);
  }
  if (accel !== "kvm") return;
  try {
    Deno.openSync("/dev/kvm", { read: true, write: true }).close();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw cannotBoot("there is no /dev/kvm for '--accel kvm'");
    }
    throw cannotBoot("/dev/kvm cannot be opened for '--accel kvm'");
  }
}

/** The kernel that is to be booted. */
export function imageOf({ image, built, config }: GuestBoot): GuestImage {
  const found = built === undefined ? findImage(image) : builtImage(built);
  return config === undefined
    ? found
    : { ...found, config: readConfig(config) };
}

/**
 * Boots a guest and waits until it answers. Throws a `TargetMissing` that says
 * in one line what is not there: QEMU, a kernel, what is to be built into it, a
 * module, a compiler.
 */
export async function bootGuest(options: GuestOptions): Promise<Guest> {
  await findQemu(options.accel);
  const image = imageOf(options);
  const folder = await Deno.makeTempDir({ prefix: "zspec-guest-" });
  const guest = await start(image, folder, options).catch(async (error) => {
    await Deno.remove(folder, { recursive: true });
    throw error;
  });
  try {
    await guest.ready();
    return guest;
  } catch (error) {
    await guest[Symbol.asyncDispose]();
    throw error;
  }
}

/** Starts a guest, whose files are in `folder`. */
async function start(
  image: GuestImage,
  folder: string,
  options: GuestOptions,
): Promise<Guest> {
  const { modules, ownModules = [], needed = [] } = options;
  const loaded = await loadedModules(
    image,
    [...PORT_MODULES, ...modules],
    ownModules,
    needed,
  );
  await buildInitrd(loaded.files, folder);
  options.stop?.throwIfAborted();
  const child = new Deno.Command(QEMU, {
    args: qemuArguments(image, loaded, folder, options),
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
    // A terminal's interrupt is for zspec, which then ends the guest.
    detached: true,
  }).spawn();
  return new Guest(image.release, child, folder, options.stop);
}

function qemuArguments(
  { kernel }: GuestImage,
  { words }: LoadedModules,
  folder: string,
  { memoryMegabytes = MEMORY_MEGABYTES, accel = "tcg", cpus = 1 }: GuestOptions,
): string[] {
  return [
    ...["-nodefaults", "-no-user-config", "-no-reboot"],
    ...["-display", "none", "-accel", accel],
    // Without KVM, QEMU's own processor is the same wherever it runs.
    ...(accel === "kvm" ? ["-cpu", "host"] : []),
    ...["-m", `${memoryMegabytes}`, "-smp", `${cpus}`],
    ...["-kernel", kernel, "-initrd", `${folder}/initrd`],
    ...["-append", [...COMMAND_LINE, ...words].join(" ")],
    ...["-serial", `file:${folder}/console`],
    ...["-device", "virtio-serial-pci"],
    ...["-chardev", "stdio,id=port,signal=off"],
    ...["-device", "virtserialport,chardev=port,name=zspec"],
  ];
}
