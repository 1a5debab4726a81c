/** Allocators and swap caches as child processes: what answers must look like. */
import {
  base64,
  type Fields,
  matching,
  truth,
  whole,
} from "../programs/fields.ts";
import { Child, type ChildOptions } from "./child.ts";
import { asker, type Ending, nothing, processOf } from "./child_asker.ts";
import type {
  ZsmallocTarget,
  ZswapStored,
  ZswapTarget,
  ZswapWritten,
} from "./target.ts";

const handle = matching(/^(0x)?[0-9a-f]+$/i);

function writtenOf(value: unknown): ZswapWritten[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const written: ZswapWritten[] = [];
  for (const row of value) {
    if (!Array.isArray(row) || row.length !== 3) return undefined;
    const [type, offset] = [whole(row[0]), whole(row[1])];
    const data = base64(row[2]);
    if (type === undefined || offset === undefined || data === undefined) {
      return undefined;
    }
    written.push([type, offset, data]);
  }
  return written;
}

/** An allocator in a child process. */
export function childZsmalloc(options: ChildOptions): ZsmallocTarget & Ending {
  const child = new Child(options);
  const ask = asker(child);
  return {
    ...processOf(child),
    create: ({ pageSize, wordBits, chainSize }) =>
      ask({ op: "create", pageSize, wordBits, chainSize }, nothing),
    malloc: (size) =>
      ask({ op: "malloc", size }, (fields) => ({
        handle: fields.required("handle", handle, "a number in text"),
      })),
    free: (handle) => ask({ op: "free", handle }, nothing),
    write: (handle, data) =>
      ask({ op: "write", handle, data: data.toBase64() }, nothing),
    read: (handle, length) =>
      ask(
        { op: "read", handle, length },
        (fields) => ({ data: fields.required("data", base64, "base64") }),
      ),
    compact: () => ask({ op: "compact" }, counts("pagesFreed")),
    stats: () => ask({ op: "stats" }, counts("totalPages", "pagesCompacted")),
  };
}

/** A compressed swap cache in a child process. */
export function childZswap(options: ChildOptions): ZswapTarget & Ending {
  const child = new Child(options);
  const ask = asker(child);
  return {
    ...processOf(child),
    create: (setup) => ask({ op: "create", ...setup }, nothing),
    store: (type, offset, data) =>
      ask({ op: "store", type, offset, data: data.toBase64() }, storedOf),
    load: (type, offset) => ask({ op: "load", type, offset }, pageOf),
    invalidate: (type, offset) =>
      ask({ op: "invalidate", type, offset }, nothing),
    writeback: (entries) =>
      ask({ op: "writeback", entries }, (fields) => ({
        written: fields.required(
          "written",
          writtenOf,
          "rows [type, offset, base64]",
        ),
      })),
    stats: () =>
      ask(
        { op: "stats" },
        counts("storedPages", "poolTotalSize", "writtenBackPages"),
      ),
  };
}

/** Reads an answer of whole numbers. */
function counts<Name extends string>(
  ...names: readonly Name[]
): (fields: Fields) => Readonly<Record<Name, number>> {
  return (fields) => {
    const read = names.map((name) => [name, fields.whole(name)]);
    // Each name has its number.
    return Object.fromEntries(read) as Record<Name, number>;
  };
}

/** The page of a load; `null` where the cache has none. */
function pageOf(fields: Fields): { readonly data: Uint8Array | null } {
  return fields.required("data", (value) => {
    const data = value === null ? null : base64(value);
    return data === undefined ? undefined : { data };
  }, "base64 or null");
}

function storedOf(fields: Fields): ZswapStored {
  return fields.required("stored", truth, "true or false")
    ? { stored: true }
    : { stored: false, reason: fields.text("reason") };
}
