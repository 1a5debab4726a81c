/**
 * Pages that compress as those of real files do: each states the length that
 * lzo makes of it, drawn from what was measured.
 */
import type { Codec } from "../../codec/codec.ts";
import { fillStated, statedCodecs } from "../../codec/stated.ts";
import type { Random } from "../../programs/random.ts";

/** What a page is one of. */
export type PageKind =
  /** Of a kernel's sources, the last of a file filled up with zeros. */
  | "source"
  /** Of its object files, and of what the compiler has in memory. */
  | "object"
  /** Random bytes. */
  | "random";

/**
 * Lengths by tenths: the shortest, the one below which a tenth of all lie, and
 * so on. Measured with zspec's lzo on 12,000 pages of 4 KiB each of the sources
 * and of the object files of a built Linux 6.12: 1,537 and 1,549 bytes on
 * average, 37.5 % and 37.8 % of a page. No tree of 2013 was at hand.
 */
const TENTHS: Readonly<Record<"source" | "object", readonly number[]>> = {
  source: [44, 564, 882, 1204, 1450, 1660, 1829, 1975, 2121, 2294, 3194],
  object: [44, 93, 569, 1023, 1344, 1495, 1676, 1972, 2444, 2947, 4116],
};

/** The codec that goes by what pages state, under the name of lzo. */
export const STATED_LZO: readonly Codec[] = statedCodecs(["lzo"]);

/** Bytes that a page of a kind compresses to. */
export type DrawLength = (kind: PageKind, random: Random) => number;

/** The ends of one of the tenths; of random bytes both are more than a page has. */
function drawEnds(kind: PageKind, random: Random): readonly [number, number] {
  if (kind === "random") return [4097, 4097];
  const tenths = TENTHS[kind];
  const tenth = random(tenths.length - 1);
  return [tenths[tenth], tenths[tenth + 1]];
}

/** A length anywhere in one of the tenths. */
export function drawLength(kind: PageKind, random: Random): number {
  const [from, to] = drawEnds(kind, random);
  return from + random(to - from + 1);
}

/**
 * The middle of one of the tenths. So few lengths meet few size classes, each of
 * which has zspages that are not full: in a machine that is scaled down those
 * of all classes would weigh as much as what is stored, and in one of 1 GiB
 * they weigh nothing.
 */
export function drawTenth(kind: PageKind, random: Random): number {
  const [from, to] = drawEnds(kind, random);
  return Math.round((from + to) / 2);
}

/** A page of 4 KiB of a kind. */
export function makePage(
  kind: PageKind,
  random: Random,
  draw: DrawLength = drawTenth,
): Uint8Array {
  const page = new Uint8Array(4096);
  fillStated(page, [draw(kind, random)], random(2 ** 32));
  return page;
}
