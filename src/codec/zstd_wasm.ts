/**
 * Releases of libzstd that Deno has not: of the package @bokuweb/zstd-wasm each
 * release carries one, compiled to WebAssembly. Nothing is read before a page
 * is compressed.
 */
import { readFileSync } from "node:fs";
import type { ZstdSizeHint } from "../linux/zstd_encoder.ts";
import { CorruptDataError } from "./codec.ts";
import { assertWhole, tooLarge } from "./node_zlib.ts";

/** Has Deno fetch the packages with zspec; their own loaders are not run. */
export const FETCHED: readonly (() => Promise<unknown>)[] = [
  () => import("npm:@bokuweb/zstd-wasm@0.0.14"),
  () => import("npm:@bokuweb/zstd-wasm@0.0.16"),
  () => import("npm:@bokuweb/zstd-wasm@0.0.27"),
];

/** Where a release of libzstd is, and what its functions are called there. */
interface Build {
  /** The module's file. */
  readonly url: () => URL;
  /** What it calls where its memory is full. */
  readonly resizeHeap: string;
  readonly memory: string;
  readonly callConstructors: string;
  readonly malloc: string;
  readonly free: string;
  readonly compress: string;
  /** What those have that know dictionaries. */
  readonly dictionaries?: {
    readonly createCCtx: string;
    readonly compressUsingDict: string;
    readonly createDCtx: string;
    readonly decompressUsingDict: string;
  };
}

/** Releases, as kernels have them. */
export type WasmRelease = "1.4.10" | "1.5.2" | "1.5.7";

const BUILDS: Readonly<Record<WasmRelease, Build>> = {
  // A 1.4.9 or 1.5.0, which encode what kernels ask for as 1.4.10.
  "1.4.10": {
    url: () =>
      new URL(
        "./wasm/zstd.wasm",
        import.meta.resolve("npm:@bokuweb/zstd-wasm@0.0.14"),
      ),
    resizeHeap: "a",
    memory: "c",
    callConstructors: "d",
    malloc: "e",
    free: "f",
    compress: "i",
  },
  "1.5.2": {
    url: () =>
      new URL(
        "./wasm/zstd.wasm",
        import.meta.resolve("npm:@bokuweb/zstd-wasm@0.0.16"),
      ),
    resizeHeap: "b",
    memory: "d",
    callConstructors: "e",
    malloc: "f",
    free: "g",
    compress: "l",
    dictionaries: {
      createCCtx: "j",
      compressUsingDict: "k",
      createDCtx: "m",
      decompressUsingDict: "o",
    },
  },
  "1.5.7": {
    url: () =>
      new URL(
        "./zstd.wasm",
        import.meta.resolve("npm:@bokuweb/zstd-wasm@0.0.27"),
      ),
    resizeHeap: "e",
    memory: "f",
    callConstructors: "g",
    malloc: "s",
    free: "t",
    compress: "m",
    dictionaries: {
      createCCtx: "j",
      compressUsingDict: "l",
      createDCtx: "n",
      decompressUsingDict: "q",
    },
  },
};

/** A function of libzstd: addresses, sizes and levels are numbers. */
type Native = (...values: readonly number[]) => number;

/** Bytes of the largest page. */
const MAX_PAGE_SIZE = 65536;
/** Bytes by which memory grows. */
const WASM_PAGE_SIZE = 65536;

/** The module's memory and functions, by the names that it gives them. */
interface Instance {
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

function instantiate(build: Build): Instance {
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
function chooseParameters({ memory }: Instance, sizeHint: number): void {
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

/** A libzstd in memory of its own. */
export interface ZstdLibrary {
  /**
   * Compresses a page at a level, with a dictionary if there is one; returns
   * the length, 0 where it fails.
   */
  compress(
    page: Uint8Array,
    into: Uint8Array,
    level: number,
    dict?: Uint8Array,
  ): number;
  /** Decompresses a page with a dictionary; throws a {@linkcode CorruptDataError}. */
  decompress(compressed: Uint8Array, page: Uint8Array, dict: Uint8Array): void;
}

/** Where pages are in a module's memory, compressed or not. */
interface Buffers {
  readonly from: number;
  readonly to: number;
  /** All of memory, which is another array once it has grown. */
  all(): Uint8Array;
}

/** Bytes of each buffer: what the largest page can become. */
const BUFFER_BYTES = 2 * MAX_PAGE_SIZE;

function buffersOf({ memory, native }: Instance, build: Build): Buffers {
  const malloc = native(build.malloc);
  let bytes = new Uint8Array(memory.buffer);
  return {
    from: malloc(BUFFER_BYTES),
    to: malloc(BUFFER_BYTES),
    all() {
      if (bytes.buffer !== memory.buffer) bytes = new Uint8Array(memory.buffer);
      return bytes;
    },
  };
}

/**
 * Where a dictionary is in a module's memory, which holds one at a time; nobody
 * changes its bytes.
 */
function dictionaryOf(
  { native }: Instance,
  build: Build,
  buffers: Buffers,
): (dict: Uint8Array) => number {
  const malloc = native(build.malloc);
  const free = native(build.free);
  let loaded: Uint8Array | undefined;
  let at = 0;
  return (dict) => {
    if (dict === loaded) return at;
    free(at);
    loaded = undefined;
    at = malloc(dict.length);
    if (at === 0) {
      throw new RangeError(
        `Cannot use a dictionary: the 'dict' has ${dict.length} bytes, more than zstd has room for`,
      );
    }
    buffers.all().set(dict, at);
    loaded = dict;
    return at;
  };
}

/** `compress` with a dictionary. */
type CompressUsingDict = (
  size: number,
  level: number,
  dict: Uint8Array,
) => number;

/** `decompress` with a dictionary: what libzstd returns. */
type DecompressUsingDict = (
  size: number,
  pageSize: number,
  dict: Uint8Array,
) => number;

/** Compression and decompression with a dictionary, of which contexts are made once. */
function usingDict(
  instance: Instance,
  build: Build,
  buffers: Buffers,
): { compress: CompressUsingDict; decompress: DecompressUsingDict } {
  const { dictionaries } = build;
  if (dictionaries === undefined) {
    throw new TypeError("Cannot use a dictionary: this 'zstd' takes none");
  }
  const { from, to } = buffers;
  const load = dictionaryOf(instance, build, buffers);
  const cctx = instance.native(dictionaries.createCCtx)();
  const dctx = instance.native(dictionaries.createDCtx)();
  const compress = instance.native(dictionaries.compressUsingDict);
  const decompress = instance.native(dictionaries.decompressUsingDict);
  return {
    compress(size, level, dict) {
      const at = load(dict);
      const { length } = dict;
      return compress(cctx, to, BUFFER_BYTES, from, size, at, length, level);
    },
    decompress(size, pageSize, dict) {
      const at = load(dict);
      return decompress(dctx, to, pageSize, from, size, at, dict.length);
    },
  };
}

/** ZSTD_error_dstSize_tooSmall, as functions return it. */
const TOO_SMALL = -70;

/** Refuses what decompression came to, where that is no page. */
function assertMade(made: number, page: Uint8Array): void {
  if (made === TOO_SMALL) throw tooLarge("zstd", page);
  if (made < 0) {
    throw new CorruptDataError("zstd", `libzstd's error ${-made}`);
  }
  assertWhole("zstd", made, page);
}

function libraryOf(build: Build, sizeHint: ZstdSizeHint): ZstdLibrary {
  const instance = instantiate(build);
  if (sizeHint !== "page") chooseParameters(instance, sizeHint);
  const buffers = buffersOf(instance, build);
  const { from, to, all } = buffers;
  const plain = instance.native(build.compress);
  let contexts: ReturnType<typeof usingDict> | undefined;
  const withDict = () => contexts ??= usingDict(instance, build, buffers);
  return {
    compress(page, into, level, dict) {
      all().set(page, from);
      const length = dict === undefined
        ? plain(to, BUFFER_BYTES, from, page.length, level)
        : withDict().compress(page.length, level, dict);
      if (length < 0) return 0;
      into.set(all().subarray(to, to + length));
      return length;
    },
    decompress(compressed, page, dict) {
      if (compressed.length > BUFFER_BYTES) throw tooLarge("zstd", page);
      all().set(compressed, from);
      const { length } = compressed;
      assertMade(withDict().decompress(length, page.length, dict), page);
      page.set(all().subarray(to, to + page.length));
    },
  };
}

const libraries = new Map<string, ZstdLibrary>();

/**
 * A release of libzstd that chooses parameters as for pages, or for so many
 * bytes; made when it is first asked for.
 */
export function zstdLibrary(
  release: WasmRelease,
  sizeHint: ZstdSizeHint,
): ZstdLibrary {
  const key = `${release} ${sizeHint}`;
  const known = libraries.get(key);
  if (known !== undefined) return known;
  const library = libraryOf(BUILDS[release], sizeHint);
  libraries.set(key, library);
  return library;
}
