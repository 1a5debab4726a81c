/**
 * Where releases of libzstd are that Deno has not: of the package
 * @bokuweb/zstd-wasm each release carries one, compiled to WebAssembly, whose
 * parts have names of a letter.
 */

/** Has Deno fetch the packages with zspec; their own loaders are not run. */
export const FETCHED: readonly (() => Promise<unknown>)[] = [
  () => import("npm:@bokuweb/zstd-wasm@0.0.14"),
  () => import("npm:@bokuweb/zstd-wasm@0.0.16"),
  () => import("npm:@bokuweb/zstd-wasm@0.0.27"),
];

/** What a module calls the functions that are given contexts. */
export interface ContextFunctions {
  readonly createCCtx: string;
  readonly compressUsingDict: string;
  readonly createDCtx: string;
  readonly decompressUsingDict: string;
}

/** Where a release of libzstd is, and what its module calls its parts. */
export interface Build {
  /** The module's file. */
  readonly url: () => URL;
  readonly memory: string;
  readonly callConstructors: string;
  readonly malloc: string;
  readonly free: string;
  /** ZSTD_compress, or the functions that are given contexts. */
  readonly compress: string | ContextFunctions;
  /** What the module calls where its memory is full. */
  readonly resizeHeap: string;
}

/** Releases, as kernels have them. */
export type WasmRelease = "1.4.10" | "1.5.2" | "1.5.7";

export const BUILDS: Readonly<Record<WasmRelease, Build>> = {
  // A 1.4.9 or 1.5.0, which encode what kernels ask for as 1.4.10.
  "1.4.10": {
    url: () =>
      new URL(
        "./wasm/zstd.wasm",
        import.meta.resolve("npm:@bokuweb/zstd-wasm@0.0.14"),
      ),
    memory: "c",
    callConstructors: "d",
    malloc: "e",
    free: "f",
    compress: "i",
    resizeHeap: "a",
  },
  "1.5.2": {
    url: () =>
      new URL(
        "./wasm/zstd.wasm",
        import.meta.resolve("npm:@bokuweb/zstd-wasm@0.0.16"),
      ),
    memory: "d",
    callConstructors: "e",
    malloc: "f",
    free: "g",
    compress: {
      createCCtx: "j",
      compressUsingDict: "k",
      createDCtx: "m",
      decompressUsingDict: "o",
    },
    resizeHeap: "b",
  },
  "1.5.7": {
    url: () =>
      new URL(
        "./zstd.wasm",
        import.meta.resolve("npm:@bokuweb/zstd-wasm@0.0.27"),
      ),
    memory: "f",
    callConstructors: "g",
    malloc: "s",
    free: "t",
    compress: {
      createCCtx: "j",
      compressUsingDict: "l",
      createDCtx: "n",
      decompressUsingDict: "q",
    },
    resizeHeap: "e",
  },
};
