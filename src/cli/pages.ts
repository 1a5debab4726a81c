/** The pages of files: what `zspec run` and `zspec predict` store. */
import { basename } from "node:path";
import { grouped } from "../report/table.ts";
import { pathError, UsageError } from "./usage.ts";

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
}

/** The files that arguments name, or else the running Deno executable. */
export function readInput(asked: readonly string[], pageSize: number): Input {
  const executable = Deno.execPath();
  const paths = asked.length > 0 ? asked : [executable];
  const files = {
    [Symbol.iterator]: () => walkFiles(paths, pageSize),
  };
  let [fileCount, pages, name] = [0, 0, ""];
  for (const file of files) {
    fileCount++;
    pages += file.pages;
    name = file.path;
  }
  if (pages === 0) {
    throw new UsageError("Cannot read pages: the files hold no bytes");
  }
  const title = asked.length === 0
    ? basename(executable)
    : fileCount === 1
    ? name
    : `${grouped(fileCount)} files`;
  return { files, fileCount, pages, title };
}

/** The regular files under `paths`, folders walked in the order of names. */
export function* walkFiles(
  paths: readonly string[],
  pageSize: number,
): Generator<PageFile, void> {
  for (const path of paths) {
    const { isFile, isDirectory, size } = attempt(
      path,
      () => Deno.statSync(path),
    );
    if (isDirectory) yield* walkFolder(path, pageSize);
    else if (isFile) yield* pagesOf(path, size, pageSize);
    else throw new UsageError(`Cannot read '${path}': not a file or folder`);
  }
}

function* walkFolder(
  folder: string,
  pageSize: number,
): Generator<PageFile, void> {
  const entries = attempt(folder, () => [...Deno.readDirSync(folder)]);
  entries.sort((a, b) => a.name < b.name ? -1 : 1);
  for (const { name, isFile, isDirectory } of entries) {
    const path = `${folder.replace(/\/$/, "")}/${name}`;
    if (isDirectory) yield* walkFolder(path, pageSize);
    if (!isFile) continue;
    const { size } = attempt(path, () => Deno.statSync(path));
    yield* pagesOf(path, size, pageSize);
  }
}

/** All pages of a file that has any. */
function* pagesOf(
  path: string,
  size: number,
  pageSize: number,
): Generator<PageFile, void> {
  if (size > 0) yield { path, first: 0, pages: Math.ceil(size / pageSize) };
}

function attempt<Result>(path: string, operation: () => Result): Result {
  try {
    return operation();
  } catch (error) {
    throw pathError(path, error);
  }
}

/**
 * Each page of `files` in order; the buffer is the same for many, so that a
 * page must be used before the next is asked for. A file that has become
 * shorter gives zeros.
 */
export function* readPages(
  files: Iterable<PageFile>,
  pageSize: number,
): Generator<Uint8Array> {
  const chunk = new Uint8Array(256 * pageSize);
  for (const { path, first, pages } of files) {
    using file = attempt(path, () => Deno.openSync(path));
    file.seekSync(first * pageSize, Deno.SeekMode.Start);
    for (let done = 0; done < pages;) {
      const wanted = Math.min(chunk.length, (pages - done) * pageSize);
      fillFrom(file, path, chunk.subarray(0, wanted));
      for (let at = 0; at < wanted; at += pageSize) {
        yield chunk.subarray(at, at + pageSize);
      }
      done += wanted / pageSize;
    }
  }
}

/**
 * Each page of an input, as many as were counted: of files that have grown
 * since, the last ones are left out. Likewise of one buffer.
 */
export function* inputPages(
  { files, pages }: Pick<Input, "files" | "pages">,
  pageSize: number,
): Generator<Uint8Array> {
  let left = pages;
  for (const page of readPages(files, pageSize)) {
    if (left-- === 0) return;
    yield page;
  }
}

/** Reads until `chunk` is full or the file ends; zeros fill the rest. */
function fillFrom(file: Deno.FsFile, path: string, chunk: Uint8Array): void {
  let filled = 0;
  while (filled < chunk.length) {
    const read = attempt(path, () => file.readSync(chunk.subarray(filled)));
    if (read === null) break;
    filled += read;
  }
  chunk.fill(0, filled);
}
