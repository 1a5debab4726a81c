/** The pages of files: what `zspec run` and `zspec predict` store. */
import { basename } from "node:path";
import { grouped } from "../report/table.ts";
import { coreSegments, isCore } from "./core_dump.ts";
import { fillFrom } from "./read_pieces.ts";
import { isProcessMemory, processSegments } from "./process_memory.ts";
import type { Segment } from "./segments.ts";
import {
  noteUnread,
  nothingUnread,
  type Unread,
  unreadText,
} from "./unread.ts";
import { pathReason, UsageError } from "./usage_error.ts";
import { type WalkedFile, walkFiles } from "./walk.ts";

/** What a PATH may be, for the helps of commands that store pages. */
export const PATH_HELP: string =
  `A PATH may be a core dump, whose PT_LOAD segments are the pages, or a process's
/proc/PID/mem, of which those pages are taken that are in memory or swap and no
file's, of private writable mappings (as root; best while the process is
stopped). It may be sparse, and larger than memory.
`;

/** Pages that are read at a time. */
const CHUNK_PAGES = 256;

/** Pages of a file, the last one padded with zeros. */
export interface PageFile extends Segment {
  /** The file's path. */
  readonly path: string;
  /** How many they are. */
  readonly pages: number;
}

/** What a command is to store. */
export interface Input {
  /**
   * The files, in order, found anew each time: however many there are, they
   * take no memory.
   */
  readonly files: Iterable<PageFile>;
  /** How many files there are. */
  readonly fileCount: number;
  /** Pages of all files: at least one. */
  readonly pages: number;
  /** What the files are, in few words. */
  readonly title: string;
  /** What was passed over. */
  readonly unread: Unread;
}

/** The files that arguments name, or else the running Deno executable. */
export function readInput(asked: readonly string[], pageSize: number): Input {
  const executable = Deno.execPath();
  const paths = asked.length > 0 ? asked : [executable];
  const unread = nothingUnread();
  const seen: Processes = new Map();
  const files = {
    [Symbol.iterator]: () => pageFiles(paths, pageSize, nothingUnread(), seen),
  };
  let [fileCount, pages, name] = [0, 0, ""];
  for (const file of pageFiles(paths, pageSize, unread, seen)) {
    if (file.path !== name) fileCount++;
    pages += file.pages;
    name = file.path;
  }
  if (pages === 0) {
    const passed = unreadText(unread);
    throw new UsageError(
      `Cannot read pages: the files hold no bytes${passed && `. ${passed}`}`,
    );
  }
  const title = asked.length === 0
    ? basename(executable)
    : fileCount === 1
    ? name
    : `${grouped(fileCount)} files`;
  return { files, fileCount, pages, title, unread };
}

/** What processes had when they were looked at first. */
type Processes = Map<string, readonly Segment[]>;

/**
 * The files under `paths`, each as all of its pages; of a core dump and of a
 * process's memory each part by itself. Processes that are in `seen` have what
 * they had there.
 */
export function* pageFiles(
  paths: readonly string[],
  pageSize: number,
  unread: Unread = nothingUnread(),
  seen: Processes = new Map(),
): Generator<PageFile, void> {
  for (const file of walkFiles(paths, unread)) {
    for (const { at, bytes } of segmentsOf(file, pageSize, unread, seen)) {
      const pages = Math.ceil(bytes / pageSize);
      yield { path: file.path, at, bytes, pages };
    }
  }
}

/** The parts of a file that pages are taken from. */
function* segmentsOf(
  { path, size }: WalkedFile,
  pageSize: number,
  unread: Unread,
  seen: Processes,
): Generator<Segment, void> {
  try {
    if (isProcessMemory(path)) {
      const known = seen.get(path) ?? processSegments(path, pageSize, unread);
      seen.set(path, known);
      yield* known;
      return;
    }
    if (size === 0) return;
    using file = Deno.openSync(path);
    if (isCore(file)) yield* coreSegments(file, size);
    else yield { at: 0, bytes: size };
  } catch (error) {
    noteUnread(unread, path, pathReason(error));
  }
}

/**
 * Each page of `files` in order; the buffer is the same for many, so that a
 * page must be used before the next is asked for. What a file has lost since it
 * was counted is zeros, and noted in `unread`.
 */
export function* readPages(
  files: Iterable<PageFile>,
  pageSize: number,
  unread: Unread = nothingUnread(),
): Generator<Uint8Array> {
  const chunk = new Uint8Array(CHUNK_PAGES * pageSize);
  const opened = new OpenFile();
  try {
    for (const part of files) {
      const file = opened.at(part, unread);
      yield* partPages(file, part, { chunk, pageSize, unread });
    }
  } finally {
    opened.close();
  }
}

/** Each page of a part of a file. */
function* partPages(
  file: Deno.FsFile | undefined,
  { path, bytes }: PageFile,
  { chunk, pageSize, unread }: {
    readonly chunk: Uint8Array;
    readonly pageSize: number;
    readonly unread: Unread;
  },
): Generator<Uint8Array> {
  let isWhole = file !== undefined;
  for (let done = 0; done < bytes;) {
    const wanted = Math.min(chunk.length, bytes - done);
    const padded = Math.ceil(wanted / pageSize) * pageSize;
    const filled = file ? fillFrom(file, chunk.subarray(0, wanted)) : 0;
    chunk.fill(0, filled, padded);
    done += wanted;
    // The last page of a file need not be as full as it was.
    const least = done === bytes ? padded - pageSize + 1 : wanted;
    if (isWhole && filled < least) {
      noteUnread(unread, path, "it has become shorter: zeros are read");
      isWhole = false;
    }
    for (let at = 0; at < padded; at += pageSize) {
      yield chunk.subarray(at, at + pageSize);
    }
  }
}

/** The file that is read: parts of one that follow each other open it once. */
class OpenFile {
  #path: string | undefined;
  #file: Deno.FsFile | undefined;

  /** The file at where a part begins, if it can still be opened. */
  at({ path, at }: PageFile, unread: Unread): Deno.FsFile | undefined {
    try {
      if (path !== this.#path) {
        this.close();
        this.#path = path;
        this.#file = Deno.openSync(path);
      }
      this.#file?.seekSync(at, Deno.SeekMode.Start);
    } catch (error) {
      this.close();
      noteUnread(unread, path, `${pathReason(error)}: zeros are read`);
    }
    return this.#file;
  }

  /** Closes it. */
  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

/**
 * Each page of an input, as many as were counted: of files that have grown
 * since, the last ones are left out. Likewise of one buffer.
 */
export function* inputPages(
  { files, pages, unread }: Pick<Input, "files" | "pages" | "unread">,
  pageSize: number,
): Generator<Uint8Array> {
  let left = pages;
  for (const page of readPages(files, pageSize, unread)) {
    if (left-- === 0) return;
    yield page;
  }
}
