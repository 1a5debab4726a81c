/** The language of programs for a compression algorithm. */
import { KERNEL_CODECS } from "../../codec/codecs.ts";
import {
  DATA,
  type Field,
  field,
  type Grammar,
  languageOf,
  oneOf,
  optional,
  POSITIVE,
  SMALL,
  within,
} from "../grammar.ts";
import type { Language } from "../program.ts";
import { randomCodecProgram } from "./random.ts";
import type { CodecDict, CodecStep } from "./steps.ts";

/** A number that may be below zero. */
const INTEGER: Field<number> = field(
  (value) => Number.isSafeInteger(value) ? Number(value) : undefined,
  "a whole number",
);

const DICT: Field<CodecDict> = within({ bytes: SMALL, data: DATA });

const GRAMMAR: Grammar<CodecStep> = {
  create: {
    user: oneOf("zram", "zswap"),
    algorithm: oneOf(...KERNEL_CODECS.map(({ name }) => name)),
    pageSize: oneOf(4096, 8192, 16384, 32768, 65536),
    level: optional(INTEGER),
    winbits: optional(INTEGER),
    dict: optional(DICT),
  },
  compress: { data: DATA },
  damage: { data: DATA, at: SMALL, xor: POSITIVE },
};

/** The language of programs for a compression algorithm. */
export const CODEC_LANGUAGE: Language<CodecStep> = {
  name: "codec",
  ...languageOf(GRAMMAR),
  random: randomCodecProgram,
};
