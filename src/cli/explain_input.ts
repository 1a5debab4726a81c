/** What `zspec explain` reads: a file, a pipe, or the files of a folder. */
import { isKnownName } from "../explain/facts.ts";
import { pathError, UsageError } from "./usage.ts";

/** The most that is read: nobody pastes more. */
const MOST_BYTES = 1 << 20;

/** Files of folders that are read besides those that are known by name. */
const TABLES: readonly string[] = ["classes"];

/** A text and what it is called in refusals. */
export interface ExplainedInput {
  /** `'FILE'`, or standard input. */
  readonly name: string;
  /** What it says. */
  readonly text: string;
}

/** Reads what the paths name, of which there may be one, or standard input. */
export async function readExplained(
  paths: readonly string[],
): Promise<ExplainedInput> {
  if (paths.length > 1) {
    throw new UsageError(
      `zspec explain takes one FILE, not ${paths.length}: 'grep . FILE…' puts several into a pipe`,
    );
  }
  const [path] = paths;
  if (path === undefined) return await readStandardInput();
  const name = `'${path}'`;
  return { name, text: isFolder(path) ? readFolder(path) : readFile(path) };
}

async function readStandardInput(): Promise<ExplainedInput> {
  if (Deno.stdin.isTerminal()) {
    throw new UsageError(
      "zspec explain needs a FILE, a folder such as /sys/block/zram0, or a text from a pipe, as in 'zramctl | zspec explain'",
    );
  }
  const name = "standard input";
  const chunks = new Limited(name);
  const buffer = new Uint8Array(1 << 16);
  for (;;) {
    const length = await Deno.stdin.read(buffer);
    if (length === null) return { name, text: chunks.text() };
    chunks.add(buffer.slice(0, length));
  }
}

/** Bytes that are put together, as many as there may be. */
class Limited {
  readonly #name: string;
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  constructor(name: string) {
    this.#name = name;
  }

  add(chunk: Uint8Array): void {
    this.#length += chunk.length;
    if (this.#length > MOST_BYTES) {
      throw new UsageError(
        `Cannot explain ${this.#name}: it has more than 1 MiB`,
      );
    }
    this.#chunks.push(chunk);
  }

  /** Them as a text; `recomp_algorithm` has NUL bytes in some releases. */
  text(): string {
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    const text = textOf(bytes);
    if (text === undefined) {
      throw new UsageError(`Cannot explain ${this.#name}: it is no text`);
    }
    if (text.trim() === "") {
      throw new UsageError(`Cannot explain ${this.#name}: it is empty`);
    }
    return text;
  }
}

// deno-lint-ignore no-control-regex
const BINARY = /[\x01-\x06\x0e-\x1a]/;

/** A text in UTF-8 without bytes that no text has. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const isAlone = text.replaceAll("\0", "").trim() === "" && text !== "";
    return BINARY.test(text) || isAlone && text.includes("\0")
      ? undefined
      : text;
  } catch {
    return undefined;
  }
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    throw pathError(path, error);
  }
}

/** A file's text. What sysfs says of sizes is not so, hence piece by piece. */
function readFile(path: string): string {
  const chunks = new Limited(`'${path}'`);
  try {
    using file = Deno.openSync(path);
    const buffer = new Uint8Array(1 << 16);
    for (;;) {
      const length = file.readSync(buffer);
      if (length === null) return withPath(absolute(path), chunks.text());
      chunks.add(buffer.slice(0, length));
    }
  } catch (error) {
    throw error instanceof UsageError ? error : pathError(path, error);
  }
}

/** A file of the kernel's own is known by its name, wherever it lies. */
function withPath(path: string, text: string): string {
  return isKernelFile(path.split("/").at(-1) ?? "") ? headed(path, text) : text;
}

const isKernelFile = (name: string) =>
  isKnownName(name) || TABLES.includes(name);

/** A text under its path, as `head` puts it. */
const headed = (path: string, text: string) => `==> ${path} <==\n${text}\n`;

/** The files of a folder that are known and can be read, as `head` shows them. */
function readFolder(path: string): string {
  const folder = path.replace(/\/+$/, "");
  const names = namesIn(path).filter(isKernelFile).sort();
  const texts = names.map((name) => `${folder}/${name}`)
    .filter(isReadable)
    .map(readFile);
  if (texts.length === 0) {
    throw new UsageError(
      `Cannot explain '${path}': it has no file that zspec knows, such as mm_stat`,
    );
  }
  return texts.join("");
}

/** A path whose folder says which device it is, also where it is `.`. */
function absolute(path: string): string {
  return Deno.realPathSync(path);
}

function namesIn(path: string): string[] {
  try {
    return Array.from(Deno.readDirSync(path), ({ name }) => name);
  } catch (error) {
    throw pathError(path, error);
  }
}

/** Whether a file is one that can be read by anybody: some can only be written. */
function isReadable(path: string): boolean {
  const { isFile, mode } = Deno.statSync(path);
  return isFile && (mode === null || (mode & 0o444) !== 0);
}
