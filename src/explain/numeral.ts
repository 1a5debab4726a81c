/** Numbers as the kernel and `zramctl` print them. */
import { grouped } from "../report/table.ts";

/** The largest number of 64 bits. */
const MOST = 2n ** 64n - 1n;

/** Whether a text is a number that fits 64 bits. */
export function isNumeral(text: string): boolean {
  return /^[0-9]{1,20}$/.test(text) && BigInt(text) <= MOST;
}

/** The numbers of a line that has nothing else, or `undefined`. */
export function numeralsOf(text: string): string[] | undefined {
  const words = text.trim().split(/\s+/);
  return words.every(isNumeral) ? words : undefined;
}

/** Which of the whole numbers of a line 64 bits do not hold, if one is such. */
export function outOfRange(what: string, text: string): string | undefined {
  const words = text.trim().split(/\s+/);
  if (!words.every((word) => /^-?[0-9]+$/.test(word))) return undefined;
  const beyond = words.find((word) => !isNumeral(word));
  return beyond === undefined
    ? undefined
    : `${what} '${beyond}' is out of range: 0 to ${
      MOST.toLocaleString("en-US")
    }`;
}

/** A number with thousands apart, to its last digit. */
export function groupedNumeral(text: string): string {
  const value = Number(text);
  return Number.isSafeInteger(value)
    ? grouped(value)
    : BigInt(text).toLocaleString("en-US");
}

/** A whole number of things, to the digit that an error leaves it. */
export function aboutCount(count: number, error = 0): string {
  if (error < 1) return grouped(Math.round(count));
  const step = 10 ** Math.floor(Math.log10(error));
  return `about ${grouped(Math.round(count / step) * step)}`;
}

const SUFFIXES = "BKMGTPE";

/** A size as `zramctl` shows it. */
export interface ShownSize {
  /** Bytes. */
  readonly bytes: number;
  /** By how much they may be off, rounded to a decimal as they are. */
  readonly error: number;
}

/**
 * A size such as `1.9G`, `512M` or `4096`, or `undefined`. `zramctl` shows one
 * decimal, by the locale's point or comma (`size_to_human_string`,
 * lib/strutils.c of util-linux).
 */
export function shownSize(text: string): ShownSize | undefined {
  const match = /^([0-9]+)(?:[.,]([0-9]+))?([BKMGTPE])?$/i.exec(text);
  if (match === null) return undefined;
  const [, whole, decimals = "", suffix] = match;
  const unit = 1024 **
    Math.max(0, SUFFIXES.indexOf((suffix ?? "B").toUpperCase()));
  const isExact = unit === 1 && decimals === "";
  return {
    bytes: Number(`${whole}.${decimals || "0"}`) * unit,
    error: isExact ? 0 : unit / 20,
  };
}
