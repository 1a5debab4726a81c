/** The files under the paths that a caller names. */
import { piecesOf } from "./read_pieces.ts";
import { isProcessMemory } from "./process_memory.ts";
import { noteUnread, type Unread } from "./unread.ts";
import { onPath, pathReason, UsageError } from "./usage_error.ts";

/** A file and how many bytes it has. */
export interface WalkedFile {
  /** Its path. */
  readonly path: string;
  /** Its bytes: of those that say they have none, what a read gives. */
  readonly size: number;
}

/** Bytes that are read of a file that says it has none, as those of /proc do. */
const MOST_UNSAID = 64 << 20;

/**
 * The regular files under `paths`, folders walked in the order of names. A path
 * that was named must be read; what is found in folders and cannot be is noted
 * in `unread`. Links in folders are not followed.
 */
export function* walkFiles(
  paths: readonly string[],
  unread: Unread,
): Generator<WalkedFile, void> {
  for (const path of paths) {
    const found = onPath(path, () => Deno.statSync(path));
    const { isFile, isDirectory, isCharDevice, isBlockDevice } = found;
    if (isDirectory) {
      onPath(path, () => Deno.readDirSync(path)[Symbol.iterator]().next());
      yield* walkFolder(path, unread);
    } else if (isFile) {
      yield onPath(path, () => fileAt(path));
    } else {
      const what = isCharDevice || isBlockDevice ? "a device, " : "";
      throw new UsageError(
        `Cannot read '${path}': ${what}not a file or folder`,
      );
    }
  }
}

function* walkFolder(
  folder: string,
  unread: Unread,
): Generator<WalkedFile, void> {
  const entries = passing(folder, unread, () => [...Deno.readDirSync(folder)]);
  if (entries === undefined) return;
  entries.sort((a, b) => a.name < b.name ? -1 : 1);
  for (const { name, isFile, isDirectory, isSymlink } of entries) {
    const path = `${folder.replace(/\/$/, "")}/${name}`;
    // How Deno spells bytes that are no UTF-8; it finds no such path again.
    if (name.includes("\ufffd") && !isThere(path)) {
      noteUnread(unread, path, "its name is not UTF-8");
    } else if (isDirectory) yield* walkFolder(path, unread);
    else if (isFile) {
      const file = passing(path, unread, () => fileAt(path));
      if (file !== undefined) yield file;
    } else if (!isSymlink) noteUnread(unread, path, "not a file or folder");
  }
}

/** What a look gives; where it cannot be had, the path is passed over. */
function passing<Result>(
  path: string,
  unread: Unread,
  look: () => Result,
): Result | undefined {
  try {
    return look();
  } catch (error) {
    noteUnread(unread, path, pathReason(error));
  }
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** The kernel's memory as a core dump, which has no end that could be read. */
const KERNEL_CORE = "/proc/kcore";

/** A file that can be opened. */
function fileAt(path: string): WalkedFile {
  if (path === KERNEL_CORE) throw new Error("it is the kernel's memory");
  // A process's memory has no beginning, and says of itself what it has.
  if (isProcessMemory(path)) return { path, size: 0 };
  using file = Deno.openSync(path);
  const { size } = file.statSync();
  return { path, size: size > 0 ? size : sizeByReading(file) };
}

/** Bytes that can be read of a file, up to a limit. */
function sizeByReading(file: Deno.FsFile): number {
  let size = 0;
  for (const piece of piecesOf(file)) {
    size += piece.length;
    if (size >= MOST_UNSAID) break;
  }
  return size;
}
