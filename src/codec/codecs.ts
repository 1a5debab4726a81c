/** Which codecs there are. */
import type { ZstdEncoder } from "../linux/zstd_encoder.ts";
import type { Codec } from "./codec.ts";
import { lz4 } from "./lz4.ts";
import { lz4hc } from "./lz4hc.ts";
import { lz4Wasm } from "./lz4_wasm.ts";
import { lzo, lzoRle } from "./lzo.ts";
import { sw842 } from "./sw842.ts";
import { zstd, zstdOf } from "./zstd.ts";
import { deflate } from "./deflate.ts";

/**
 * The compressors of Linux, in the order of `drivers/block/zram/zcomp.c`: what
 * they make of a page is as long as what the kernel's make of it, so that a
 * device with them has the kernel's statistics. Where one cannot be, its `near`
 * says why.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { KERNEL_CODECS } from "zspec";
 *
 * const page = new TextEncoder().encode("zsmalloc".repeat(512));
 * const into = new Uint8Array(2 * 4096);
 * const lengths = KERNEL_CODECS
 *   .map(({ name, compress }) => `${name} ${compress(page, into)}`);
 * assertEquals(
 *   lengths.join(", "),
 *   "lzo-rle 55, lzo 53, lz4 33, lz4hc 33, zstd 25, deflate 33, 842 32",
 * );
 * ```
 */
export const KERNEL_CODECS: readonly Codec[] = [
  lzoRle,
  lzo,
  lz4,
  lz4hc,
  zstd,
  deflate,
  sw842,
];

/**
 * Every codec: those of {@linkcode KERNEL_CODECS}, as Linux 7.3 has them, then
 * what stores pages and reads them back with lengths of its own.
 */
export const ALL_CODECS: readonly Codec[] = [...KERNEL_CODECS, lz4Wasm];

/** What decides how a kernel's zram or zswap compresses. */
export interface CompressorUser {
  /** How it calls `zstd`. */
  readonly zstd: ZstdEncoder;
}

/** The codecs of each user, by what is special about them. */
const codecsByEncoder = new WeakMap<ZstdEncoder, readonly Codec[]>();

/**
 * Every codec as a kernel's zram or zswap has it, which is `zram` or `zswap`
 * of a profile; what differs between them is `zstd`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { codecsOf, LINUX_6_1 } from "zspec";
 *
 * const codecs = codecsOf(LINUX_6_1.zram);
 * const zstd = codecs.find(({ name }) => name === "zstd");
 * assertEquals([zstd?.name, zstd?.near], ["zstd", undefined]);
 * ```
 */
export function codecsOf({ zstd: encoder }: CompressorUser): readonly Codec[] {
  const known = codecsByEncoder.get(encoder);
  if (known !== undefined) return known;
  const codecs = ALL_CODECS
    .map((codec) => codec === zstd ? zstdOf(encoder) : codec);
  codecsByEncoder.set(encoder, codecs);
  return codecs;
}

/** Those of {@linkcode codecsOf} whose lengths are the kernel's own. */
export function exactCodecsOf(user: CompressorUser): readonly Codec[] {
  return codecsOf(user).filter(({ near }) => near === undefined);
}
