/** The pages of files: what `zspec run` and `zspec predict` store. */
import { basename } from "node:path";
import { grouped } from "../report/table.ts";
import { pathError, UsageError } from "./usage.ts";

/** One file and how many pages it has, the last one padded with zeros. */
export interface PageFile {
  /** Its path. */
  readonly path: string;
  /** Its pages. */
  readonly pages: number;
}

/** What a command is to store. */
export interface Input {
  /** The files, in order. */
  readonly files: readonly PageFile[];
  /** Pages of all files: at least one. */
  readonly pages: number;
  /** What the files are, in few words. */
  readonly title: string;
}

/** The files that arguments name, or else the running Deno executable. */
export function readInput(paths: readonly string[], pageSize: number): Input {
  const executable = Deno.execPath();
  const files = findFiles(paths.length > 0 ? paths : [executable], pageSize);
  const pages = files.reduce((sum, file) => sum + file.pages, 0);
  if (pages === 0) {
    throw new UsageError("Cannot read pages: the files hold no bytes");
  }
  const title = paths.length === 0
    ? basename(executable)
    : files.length === 1
    ? files[0].path
    : `${grouped(files.length)} files`;
  return { files, pages, title };
}

/** The regular files under `paths`, folders walked in the order of names. */
export function findFiles(
  paths: readonly string[],
  pageSize: number,
): PageFile[] {
  const files: PageFile[] = [];
  const add = (path: string, size: number) => {
    if (size > 0) files.push({ path, pages: Math.ceil(size / pageSize) });
  };
  const walk = (folder: string) => {
    const entries = attempt(folder, () => [...Deno.readDirSync(folder)]);
    entries.sort((a, b) => a.name < b.name ? -1 : 1);
    for (const { name, isFile, isDirectory } of entries) {
      const path = `${folder.replace(/\/$/, "")}/${name}`;
      if (isDirectory) walk(path);
      else if (isFile) add(path, attempt(path, () => Deno.statSync(path)).size);
    }
  };
  for (const path of paths) {
    const { isFile, isDirectory, size } = attempt(
      path,
      () => Deno.statSync(path),
    );
    if (isDirectory) walk(path);
    else if (isFile) add(path, size);
    else throw new UsageError(`Cannot read '${path}': not a file or folder`);
  }
  return files;
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
  files: readonly PageFile[],
  pageSize: number,
): Generator<Uint8Array> {
  const chunk = new Uint8Array(256 * pageSize);
  for (const { path, pages } of files) {
    using file = attempt(path, () => Deno.openSync(path));
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
