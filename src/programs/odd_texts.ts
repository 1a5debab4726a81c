/**
 * Texts that a kernel's parsers take apart in their own ways: signs, bases,
 * suffixes and numbers that are too large, quotes, equals signs and white space
 * where nobody would write them, and NULs.
 */
import { pick, type Random } from "./random.ts";

/** Numbers at the ends of 16, 32 and 64 bits, in each base, and what is none. */
const NUMBERS = [
  ...["", "0", "1", "2", "7", "08", "010", "0x", "0x10", "0X1f", "0xg", "0b1"],
  ...["-1", "+1", "+-1", "--1", "-0", "+", "-", "1.5", "1e3", "1_0"],
  ...["65535", "65536", "2147483647", "2147483648", "-2147483649"],
  ...["4294967295", "4294967296", "18446744073709551615"],
  ...["18446744073709551616", "99999999999999999999999"],
];
/** Sizes about as large as 64 bits hold, and larger. */
const LARGE = ["15e", "16E", "18E", "20E", "18446744073709555712"];
/** Suffixes of sizes, and what is none. */
const SUFFIXES = ["", "", "", "", "", "k", "K", "m", "E", "Z", "kb", " K"];
/** What may stand in front of a text. */
const FRONTS = ["", "", "", "", " ", "\n", "\t", "\0"];
/** What may stand behind it. */
const ENDS = [
  "",
  "",
  "",
  "",
  "\n",
  "\n\n",
  " ",
  "\0",
  "\0x",
  "\r\n",
  "x",
  " 1",
];
/** What may stand between two arguments. */
const SPACES = [" ", " ", " ", "  ", "\t", "\n", "\v", "\f", ","];
/** Truth values of any kernel, and what is none. */
const TRUTHS = ["y", "N", "on", "oF", "o", "t", "f", "e", "D", "yes", "1x"];

/** A text with something in front of it and behind it. */
function framed(random: Random, text: string): string {
  return pick(random, ...FRONTS) + text + pick(random, ...ENDS);
}

/** Quotes, whole or not, around a text, mostly none. */
function quoted(random: Random, text: string): string {
  return pick(random, text, text, text, `"${text}"`, `"${text}`, `${text}"`);
}

/** A number, or what is nearly one. */
export function oddNumber(random: Random): string {
  const number = pick(random, String(random(5000)), ...NUMBERS);
  return framed(random, number + pick(random, ...SUFFIXES));
}

/** A size, mostly too large to be told, or what is nearly one. */
export function oddSize(random: Random): string {
  return random(2) === 0
    ? oddNumber(random)
    : pick(random, ...LARGE) + pick(random, ...ENDS);
}

/** A truth value, or what is nearly one. */
export function oddTruth(random: Random): string {
  return random(2) === 0
    ? oddNumber(random)
    : framed(random, pick(random, ...TRUTHS));
}

/** One of some words, or what is nearly one of them. */
export function oddWord(random: Random, words: readonly string[]): string {
  const word = pick(random, ...words);
  const near = pick(
    random,
    word,
    word,
    word,
    word.toUpperCase(),
    word.slice(1),
    "x".repeat(127 + random(2)),
  );
  return framed(random, quoted(random, near));
}

/** Pairs of names and values as `next_arg` takes them apart, or nearly so. */
export function oddArguments(
  random: Random,
  names: readonly string[],
  values: readonly string[],
): string {
  const value = () => pick(random, ...values, pick(random, ...NUMBERS));
  const name = () => pick(random, ...names, "unknown");
  const forms = [
    () => `${name()}=${quoted(random, value())}`,
    () => `${name()}=${quoted(random, value())}`,
    () => `${name()}=${value()}`,
    () => quoted(random, `${name()}=${value()}`),
    () => `=${name()}=${value()}`,
    () => `==${value()}`,
    () => `=${value()}`,
    () => `${name()}==${value()}`,
    name,
    value,
  ];
  let text = pick(random, ...forms)();
  for (let more = random(3); more > 0; more--) {
    text += pick(random, ...SPACES) + pick(random, ...forms)();
  }
  return framed(random, text);
}
