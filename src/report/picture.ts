/** Pictures as data: what there is to draw, and nothing of how. */

/** What every picture says of itself. */
interface Captioned {
  /** What it shows, in a few words. */
  readonly title: string;
  /** The same in sentences, for who cannot see it. */
  readonly description: string;
}

/** One bar, of as many parts as the picture has kinds. */
export interface Bar {
  /** What stands before it. */
  readonly name: string;
  /** The column of pictures that it is in, where there are several. */
  readonly column?: string;
  /** Its parts, one behind the other, in the kinds' order. */
  readonly parts: readonly number[];
  /** What stands behind it. */
  readonly note?: string;
}

/** Bars below one another, drawn to one scale. */
export interface BarPicture extends Captioned {
  readonly type: "bars";
  /** What the lengths are, as in `MiB`. */
  readonly unit: string;
  /** What the parts are, each with a colour. */
  readonly kinds: readonly string[];
  /** The bars, the first on top. */
  readonly bars: readonly Bar[];
}

/** Lines over one another. */
export interface LinePicture extends Captioned {
  readonly type: "lines";
  /** What goes to the right. */
  readonly across: string;
  /** What goes up. */
  readonly up: string;
  /** The lines, each with a colour. */
  readonly lines: readonly {
    readonly name: string;
    readonly points: readonly (readonly [number, number])[];
  }[];
}

/** A picture. */
export type Picture = BarPicture | LinePicture;

/** What has a colour in a picture, in order. */
export function colouredOf(picture: Picture): readonly string[] {
  return picture.type === "bars"
    ? picture.kinds
    : picture.lines.map(({ name }) => name);
}

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"];

/** The unit in which so many bytes are a number of few digits, and its bytes. */
export function byteUnit(bytes: number): { unit: string; bytes: number } {
  const power = bytes < 1024
    ? 0
    : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  return { unit: UNITS[power], bytes: 1024 ** power };
}
