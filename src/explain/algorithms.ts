/** Lists of compression algorithms, as `comp_algorithm` and its like show them. */
import { type ReleaseSpan, span } from "./release_span.ts";

/** The algorithms of a list. */
export interface AlgorithmList {
  /** All of them, in order. */
  readonly names: readonly string[];
  /** The one in brackets. */
  readonly chosen?: string;
}

/** Reads a list such as `lzo [lz4] zstd`. */
export function algorithmList(text: string): AlgorithmList {
  const words = text.trim().split(/\s+/).filter((word) => word !== "");
  const chosen = words.find((word) => /^\[.+\]$/.test(word))?.slice(1, -1);
  return {
    names: words.map((word) => word.replace(/^\[(.+)\]$/, "$1")),
    ...(chosen === undefined ? {} : { chosen }),
  };
}

/** The lists of `recomp_algorithm` by priority: `#1: lzo [zstd]`. */
export function algorithmsByPriority(
  text: string,
): ReadonlyMap<number, AlgorithmList> {
  const lists = text.matchAll(/#([0-9]):([^#]*)/g);
  return new Map(
    Array.from(
      lists,
      ([, priority, list]) =>
        [Number(priority), algorithmList(list.replaceAll("\0", ""))] as const,
    ),
  );
}

/**
 * How tightly each packs pages, at its default level: those of one number are
 * about even.
 */
const STRENGTH: Readonly<Record<string, number>> = {
  "lzo": 1,
  "lzo-rle": 1,
  "lz4": 1,
  "842": 1,
  "lz4hc": 2,
  "deflate": 3,
  "zstd": 3,
};

/** Whether one is known to pack more tightly than another, or not to. */
export function isStronger(one: string, than: string): boolean | undefined {
  const [a, b] = [STRENGTH[one], STRENGTH[than]];
  return a === undefined || b === undefined ? undefined : a > b;
}

/**
 * Which releases list algorithms in this order: lzo-rle came with 5.1 behind
 * lzo, and stands before it since zram has its own list (6.12).
 */
export function releasesOfList({ names }: AlgorithmList): ReleaseSpan {
  const [lzo, rle] = [names.indexOf("lzo"), names.indexOf("lzo-rle")];
  if (rle < 0) return {};
  if (lzo < 0) return span("5.1");
  return rle < lzo ? span("6.12") : span("5.1", "6.11");
}
