/** What `zspec explain` reads: a file, a pipe, or the files of a folder. */
import { Buffer } from "node:buffer";
import { isKnownName } from "../explain/facts.ts";
import { piecesOf } from "./read_pieces.ts";
import { onPath, UsageError } from "./usage_error.ts";

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
export function readExplained(paths: readonly string[]): ExplainedInput {
  if (paths.length > 1) {
    throw new UsageError(
      `zspec explain takes one FILE, not ${paths.length}: 'grep . FILE…' puts several into a pipe`,
    );
  }
  const [path] = paths;
  if (path === undefined) return readStandardInput();
  const { isDirectory } = onPath(path, () => Deno.statSync(path));
  const text = isDirectory ? readFolder(path) : readFile(path);
  return { name: `'${path}'`, text };
}

function readStandardInput(): ExplainedInput {
  if (Deno.stdin.isTerminal()) {
    throw new UsageError(
      "zspec explain needs a FILE, a folder such as /sys/block/zram0, or a text from a pipe, as in 'zramctl | zspec explain'",
    );
  }
  const name = "standard input";
  return { name, text: allText(name, piecesOf(Deno.stdin)) };
}

/** A text of so many bytes as there may be. */
function allText(name: string, all: Iterable<Uint8Array>): string {
  const refused = (why: string) =>
    new UsageError(`Cannot explain ${name}: ${why}`);
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (const piece of all) {
    pieces.push(piece);
    length += piece.length;
    if (length > MOST_BYTES) throw refused("it has more than 1 MiB");
  }
  const text = textOf(Buffer.concat(pieces));
  if (text === undefined) throw refused("it is no text");
  if (text.trim() === "") throw refused("it is empty");
  return text;
}

// deno-lint-ignore no-control-regex
const BINARY = /[\x01-\x06\x0e-\x1a]/;

/**
 * A text in UTF-8 without bytes that no text has; `recomp_algorithm` has NUL
 * bytes in some releases.
 */
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

/** A file's text, under the path that says which device it is, also where it is `.`. */
function readFile(path: string): string {
  return onPath(path, () => {
    using file = Deno.openSync(path);
    const text = allText(`'${path}'`, piecesOf(file));
    return withPath(Deno.realPathSync(path), text);
  });
}

/** A file of the kernel's own is known by its name, wherever it lies. */
function withPath(path: string, text: string): string {
  // As `head` puts it.
  const headed = `==> ${path} <==\n${text}\n`;
  return isKernelFile(path.split("/").at(-1) ?? "") ? headed : text;
}

const isKernelFile = (name: string) =>
  isKnownName(name) || TABLES.includes(name);

/** The files of a folder that are known and can be read, as `head` shows them. */
function readFolder(path: string): string {
  const folder = path.replace(/\/+$/, "");
  const all = onPath(path, () => [...Deno.readDirSync(path)]);
  const names = all.map(({ name }) => name).filter(isKernelFile).sort();
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

/** Whether a file is one that can be read by anybody: some can only be written. */
function isReadable(path: string): boolean {
  const { isFile, mode } = Deno.statSync(path);
  return isFile && (mode === null || (mode & 0o444) !== 0);
}
