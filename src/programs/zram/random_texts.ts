/** Odd texts for each attribute. */
import {
  oddArguments,
  oddNumber,
  oddSize,
  oddTruth,
  oddWord,
} from "../odd_texts.ts";
import { BACKING_PATH } from "../transcript_zram.ts";
import type { Draft } from "./draft.ts";
import { start } from "./random_settings.ts";

/** What is written back, or recompressed. */
const TYPES = ["idle", "huge", "huge_idle", "incompressible", "all"];
/** Pages to write back. */
const PAGES = ["0", "3", "0-3", "3-0", "1-", "-", "0x1", "0-0x2"];

type Writer = (draft: Draft) => string;

const number: Writer = ({ random }) => oddNumber(random);
const truth: Writer = ({ random }) => oddTruth(random);

/** The algorithms that a program may choose. */
function algorithmsOf({ scope, profile: { zram } }: Draft): readonly string[] {
  return scope.algorithms ?? zram.compAlgorithms;
}

const TEXTS: Readonly<Record<string, Writer>> = {
  // No larger than any machine has memory for the table of.
  disksize(draft) {
    const text = number(draft);
    return /[0-9a-f]{7}|[me]/i.test(text) ? "" : text;
  },
  // A recording holds no number beyond 2^53; the largest limit is none.
  mem_limit(draft) {
    const text = oddSize(draft.random);
    const isHeld = draft.scope.anySurroundings || !/[0-9a-f]{10}|e/i.test(text);
    return isHeld ? text : "16E";
  },
  mem_used_max: number,
  reset: number,
  max_comp_streams: number,
  comp_algorithm: (draft) => oddWord(draft.random, algorithmsOf(draft)),
  recomp_algorithm: (draft) =>
    oddArguments(draft.random, ["algo", "priority"], algorithmsOf(draft)),
  algorithm_params: (draft) =>
    oddArguments(
      draft.random,
      ["algo", "priority", "level", "deflate.winbits"],
      algorithmsOf(draft),
    ),
  recompress: (draft) =>
    oddArguments(
      draft.random,
      ["type", "max_pages", "threshold", "algo", "priority"],
      [...TYPES, ...algorithmsOf(draft)],
    ),
  writeback: ({ random }) =>
    oddArguments(
      random,
      ["type", "page_index", "page_indexes"],
      [...TYPES, ...PAGES],
    ),
  // What becomes of an age is known where the program has the clock.
  idle: (draft) =>
    draft.can("wait") && draft.random(2) === 0
      ? oddNumber(draft.random)
      : oddWord(draft.random, ["all", "huge"]),
  writeback_limit: number,
  writeback_limit_enable: truth,
  compressed_writeback: truth,
  backing_dev: ({ random }) => oddWord(random, [BACKING_PATH, "none"]),
};

/** Writes an odd text to an attribute; what it may have undone is done anew. */
export function oddText(draft: Draft): void {
  const there = Object.entries(TEXTS).filter(([attr]) => draft.has(attr));
  const [attr, text] = there[draft.random(there.length)];
  draft.set(attr, text(draft));
  if (attr === "mem_limit") draft.set(attr, "0");
  if (attr !== "reset") return;
  draft.set("reset", "1");
  draft.forget();
  start(draft);
}
