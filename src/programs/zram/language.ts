/** The language of programs for a compressed block device. */
import { ZONES } from "../zones.ts";
import { type Json, numbers, positive } from "../fields.ts";
import { type Files, files } from "../files.ts";
import {
  COUNT,
  DATA,
  type Field,
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
import { SECTOR, type ZramMeanwhile, type ZramStep } from "./steps.ts";

/** Seconds that a system is up. */
const UPTIME = field(
  (value) =>
    typeof value === "number" && value > 0 && Number.isFinite(value)
      ? value
      : undefined,
  "a number above 0",
  (seconds) => seconds % 1 === 0 ? [] : [Math.ceil(seconds)],
);

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

/** Whether a request has pages of memory to read from. */
const isWrite = ({ request }: Json) => request === "write";

/** What is done in the place of a write: without it there would have to be data. */
const MEANWHILE: Field<ZramMeanwhile | undefined> = {
  ...optional(oneOf("read", "discard", "slot_free_notify")),
  simpler: () => [],
};

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
    uptime: optional(UPTIME),
    failEachWrite: optional(POSITIVE),
    firstPfn: optional(oneOf(0, 1)),
    maxPages: optional(POSITIVE),
    buddy: optional(ZONES),
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
    data: where(isWrite, DATA),
    rest: where(isWrite, optional(DATA)),
  },
  wait: { seconds: COUNT },
  slot_free_notify: { page: SMALL },
  open: { exclusive: TRUTH },
  close: { exclusive: TRUTH },
  writeback_under: {
    value: TEXT,
    after: WHOLE,
    page: SMALL,
    does: MEANWHILE,
    data: where(({ does }) => does === undefined, DATA),
  },
  recompress_under: { value: TEXT, after: WHOLE, page: SMALL },
};

/** Programs for a compressed block device. */
export const ZRAM_LANGUAGE: Language<ZramStep> = {
  name: "zram",
  ...languageOf(ZRAM_GRAMMAR),
  random: randomZramProgram,
};
