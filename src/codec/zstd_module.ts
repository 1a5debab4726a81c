/** A module of WebAssembly that has libzstd. */
import { readFileSync } from "node:fs";
import type { Build } from "./zstd_builds.ts";

/** A function of libzstd: addresses, sizes and levels are numbers. */
export type Native = (...values: readonly number[]) => number;

/** Bytes by which memory grows. */
const WASM_PAGE_SIZE = 65536;

/** The module's memory and functions, by the names that it gives them. */
export interface Instance {
  readonly memory: WebAssembly.Memory;
  native(name: string): Native;
}

/** Makes room for more; returns whether there is, as C does. */
function resize(memory: WebAssembly.Memory, bytes: number): number {
  const more = bytes - memory.buffer.byteLength;
  try {
    memory.grow(Math.ceil(more / WASM_PAGE_SIZE));
    return 1;
  } catch {
    return 0;
  }
}

function memoryOf(
  exports: WebAssembly.Exports,
  name: string,
): WebAssembly.Memory {
  const memory = exports[name];
  if (memory instanceof WebAssembly.Memory) return memory;
  throw new TypeError(`Cannot load zstd: its '${name}' is no memory`);
}

function nativeOf(exports: WebAssembly.Exports, name: string): Native {
  const native = exports[name];
  if (typeof native === "function") return native as Native;
  throw new TypeError(`Cannot load zstd: its '${name}' is no function`);
}

/** Loads a release. */
export function instantiate(build: Build): Instance {
  const module = new WebAssembly.Module(readFileSync(build.url()));
  const resizeHeap = (bytes: number): number =>
    resize(memoryOf(exports, build.memory), bytes);
  const imports: WebAssembly.ModuleImports = {};
  for (const { name } of WebAssembly.Module.imports(module)) {
    imports[name] = name === build.resizeHeap ? resizeHeap : abort;
  }
  const { exports } = new WebAssembly.Instance(module, { a: imports });
  nativeOf(exports, build.callConstructors)();
  return {
    memory: memoryOf(exports, build.memory),
    native: (name) => nativeOf(exports, name),
  };
}

/** What libzstd calls of its surroundings where it cannot go on. */
function abort(): never {
  throw new WebAssembly.RuntimeError("libzstd gave up");
}

/**
 * ZSTD_defaultCParameters: four tables, for sources of any size and of at most
 * 256, 128 and 16 KiB, each of a row for levels below zero and one for each of
 * 22; a row is of seven words. The first row tells where they are.
 */
const TABLES = { words: 23 * 7, firstRow: [19, 12, 13, 1, 6, 1, 1] };

/** The upper bounds of the tables after the first. */
const TABLE_BOUNDS = [256 << 10, 128 << 10, 16 << 10];

/**
 * Has parameters chosen as for a source of `sizeHint` bytes, 0 being any,
 * whatever the page's size: the package takes levels alone, so the table for
 * that size is put in place of those for smaller ones.
 */
export function chooseParameters({ memory }: Instance, sizeHint: number): void {
  const words = new Uint32Array(memory.buffer);
  const at = words.findIndex((_, nth) =>
    TABLES.firstRow.every((word, column) => words[nth + column] === word)
  );
  if (at < 0) {
    throw new TypeError("Cannot load zstd: the 'levels' are not in its memory");
  }
  const chosen = sizeHint === 0
    ? 0
    : TABLE_BOUNDS.filter((bound) => sizeHint <= bound).length;
  const from = at + chosen * TABLES.words;
  for (let table = chosen + 1; table <= TABLE_BOUNDS.length; table++) {
    words.copyWithin(at + table * TABLES.words, from, from + TABLES.words);
  }
}
