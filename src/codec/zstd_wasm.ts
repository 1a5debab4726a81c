/**
 * Releases of libzstd that Deno has not, in WebAssembly. Nothing is read before
 * a page is compressed.
 */
import type { ZstdSizeHint } from "../linux/zstd_encoder.ts";
import { CorruptDataError } from "./codec.ts";
import { assertWhole, tooLarge } from "./node_zlib.ts";
import {
  type Build,
  BUILDS,
  type ContextFunctions,
  type WasmRelease,
} from "./zstd_builds.ts";
import { chooseParameters, type Instance, instantiate } from "./zstd_module.ts";

/** Bytes of the largest page. */
const MAX_PAGE_SIZE = 65536;
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

/** Contexts, made once: they compress and decompress with a dictionary or none. */
interface Contexts {
  /** Returns the length, or an error below 0. */
  compress(size: number, level: number, dict?: Uint8Array): number;
  /** Likewise. */
  decompress(size: number, pageSize: number, dict: Uint8Array): number;
}

function contextsOf(
  instance: Instance,
  build: Build,
  buffers: Buffers,
  names: ContextFunctions,
): Contexts {
  const { from, to } = buffers;
  const load = dictionaryOf(instance, build, buffers);
  const cctx = instance.native(names.createCCtx)();
  const dctx = instance.native(names.createDCtx)();
  const compress = instance.native(names.compressUsingDict);
  const decompress = instance.native(names.decompressUsingDict);
  return {
    compress(size, level, dict) {
      const at = dict === undefined ? 0 : load(dict);
      const length = dict?.length ?? 0;
      return compress(cctx, to, BUFFER_BYTES, from, size, at, length, level);
    },
    decompress(size, pageSize, dict) {
      const at = load(dict);
      return decompress(dctx, to, pageSize, from, size, at, dict.length);
    },
  };
}

/** What is in the place of contexts where the module hands out none. */
function withoutContexts(
  { native }: Instance,
  { from, to }: Buffers,
  name: string,
): Contexts {
  const compress = native(name);
  return {
    compress: (size, level) => compress(to, BUFFER_BYTES, from, size, level),
    decompress() {
      throw new TypeError("Cannot use a dictionary: this zstd takes none");
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

/** Refuses a page for which there is no room. */
function assertFits({ length }: Uint8Array): void {
  if (length <= MAX_PAGE_SIZE) return;
  throw new RangeError(
    `Cannot compress a page: the 'page' has ${length} bytes, not ${MAX_PAGE_SIZE} or less`,
  );
}

function libraryOf(build: Build, sizeHint: ZstdSizeHint): ZstdLibrary {
  const instance = instantiate(build);
  if (sizeHint !== "page") chooseParameters(instance, sizeHint);
  const buffers = buffersOf(instance, build);
  const { from, to, all } = buffers;
  const { compress } = build;
  const contexts = typeof compress === "string"
    ? withoutContexts(instance, buffers, compress)
    : contextsOf(instance, build, buffers, compress);
  return {
    compress(page, into, level, dict) {
      assertFits(page);
      all().set(page, from);
      const length = contexts.compress(page.length, level, dict);
      if (length < 0) return 0;
      into.set(all().subarray(to, to + length));
      return length;
    },
    decompress(compressed, page, dict) {
      assertFits(page);
      const { length } = compressed;
      if (length > BUFFER_BYTES) throw tooLarge("zstd", page);
      all().set(compressed, from);
      assertMade(contexts.decompress(length, page.length, dict), page);
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
