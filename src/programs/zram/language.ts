/** The language of programs for a compressed block device. */
import { numbers, positive } from "../fields.ts";
import { type Files, files } from "../files.ts";
import {
  COUNT,
  DATA,
  field,
  type Grammar,
  languageOf,
  oneOf,
  optional,
  POSITIVE,
  SMALL,
  TEXT,
  TRUTH,
  where,
  WHOLE,
} from "../grammar.ts";
import type { Language } from "../program.ts";
import { randomZramProgram } from "./random.ts";
import { SECTOR, type ZramStep } from "./steps.ts";

/** Numbers of blocks. */
const BLOCKS = field(numbers, "a list of whole numbers");

/** Files by their paths. */
const FILES = field<Files>(files, "bytes by paths", () => []);

/** Bytes of a request, a block of 4096 the simplest. */
const REQUEST_BYTES = field(
  positive,
  "a whole number from 1 on",
  (bytes) => bytes > 8 * SECTOR ? [8 * SECTOR] : [],
);

/** The operations and how their fields are read. */
export const ZRAM_GRAMMAR: Grammar<ZramStep> = {
  create: {
    pageSize: optional(POSITIVE),
    wordBits: optional(POSITIVE),
    physBits: optional(POSITIVE),
    chainSize: optional(POSITIVE),
    codecs: optional(oneOf("kernel", "stated")),
    backingPages: optional(POSITIVE),
    badReads: optional(BLOCKS),
    badWrites: optional(BLOCKS),
    files: optional(FILES),
    uptime: optional(POSITIVE),
    maxPages: optional(POSITIVE),
    failEach: optional(POSITIVE),
  },
  set: { attr: TEXT, value: TEXT },
  get: { attr: TEXT },
  write: { page: SMALL, data: DATA },
  read: { page: SMALL },
  discard: { page: WHOLE, pages: COUNT },
  block_state: {},
  bio: {
    request: oneOf("read", "write", "discard", "write_zeroes"),
    sector: WHOLE,
    bytes: REQUEST_BYTES,
    data: where(({ request }) => request === "write", DATA),
  },
  wait: { seconds: COUNT },
  slot_free_notify: { page: SMALL },
  open: { exclusive: TRUTH },
  close: { exclusive: TRUTH },
  writeback_under: { value: TEXT, after: WHOLE, page: SMALL, data: DATA },
};

/** Programs for a compressed block device. */
export const ZRAM_LANGUAGE: Language<ZramStep> = {
  name: "zram",
  ...languageOf(ZRAM_GRAMMAR),
  random: randomZramProgram,
};
