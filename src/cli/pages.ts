/** The pages of files: what `zspec run` and `zspec predict` store. */
import { basename } from "node:path";
import { grouped } from "../report/table.ts";
import {
  noteUnread,
  nothingUnread,
  type Unread,
  unreadText,
} from "./unread.ts";
import { pathReason, UsageError } from "./usage_error.ts";
import { walkFiles } from "./walk.ts";

/** Pages that are read at a time. */
const CHUNK_PAGES = 256;

/** Pages of a file, the last one padded with zeros. */
export interface PageFile {
  /** The file's path. */
  readonly path: string;
  /** The first page. */
  readonly first: number;
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
  const files = { [Symbol.iterator]: () => pageFiles(paths, pageSize) };
  let [fileCount, pages, name] = [0, 0, ""];
  for (const file of pageFiles(paths, pageSize, unread)) {
    fileCount++;
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

/** The files under `paths`, each as all of its pages. */
export function* pageFiles(
  paths: readonly string[],
  pageSize: number,
  unread: Unread = nothingUnread(),
): Generator<PageFile, void> {
  for (const { path, size } of walkFiles(paths, unread)) {
    if (size > 0) yield { path, first: 0, pages: Math.ceil(size / pageSize) };
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
  for (const part of files) {
    using file = openAt(part, pageSize, unread);
    let isWhole = file !== undefined;
    for (let done = 0; done < part.pages;) {
      const wanted = Math.min(chunk.length, (part.pages - done) * pageSize);
      const filled = fillFrom(file, chunk.subarray(0, wanted));
      // The last page of a file need not be full.
      const least = wanted - (done * pageSize + wanted ===
          part.pages * pageSize
        ? pageSize - 1
        : 0);
      if (isWhole && filled < least) {
        noteUnread(unread, part.path, "it has become shorter: zeros are read");
        isWhole = false;
      }
      for (let at = 0; at < wanted; at += pageSize) {
        yield chunk.subarray(at, at + pageSize);
      }
      done += wanted / pageSize;
    }
  }
}

/** A file at the first of its pages, if it can still be opened. */
function openAt(
  { path, first }: PageFile,
  pageSize: number,
  unread: Unread,
): Deno.FsFile | undefined {
  try {
    const file = Deno.openSync(path);
    file.seekSync(first * pageSize, Deno.SeekMode.Start);
    return file;
  } catch (error) {
    noteUnread(unread, path, `${pathReason(error)}: zeros are read`);
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

/** Reads until `chunk` is full or the file ends; zeros fill the rest. */
function fillFrom(file: Deno.FsFile | undefined, chunk: Uint8Array): number {
  let filled = 0;
  while (file !== undefined && filled < chunk.length) {
    const read = readSome(file, chunk.subarray(filled));
    if (read === 0) break;
    filled += read;
  }
  chunk.fill(0, filled);
  return filled;
}

/** Bytes that were read; none at the end, or where there is a hole in memory. */
function readSome(file: Deno.FsFile, into: Uint8Array): number {
  try {
    return file.readSync(into) ?? 0;
  } catch {
    return 0;
  }
}
