/**
 * Transcripts: what one target did, operations in order, each with what was
 * observed after it. One JSON object a line; the first is the header. A reader
 * rejects what it does not know. `transcripts.md` has the whole format.
 */
import { type Fields, matching } from "./fields.ts";
import { type Grammar, readStep } from "./grammar.ts";
import type { Step } from "./program.ts";
import { linesOf, parseLine, TranscriptError } from "./transcript_fields.ts";
import {
  parseZramHeader,
  type ZramHeader,
  type ZramOperation,
  zramOperations,
  type ZramTranscript,
} from "./transcript_zram.ts";
import {
  parseZswapHeader,
  type ZswapHeader,
  type ZswapOperation,
  zswapOperations,
  type ZswapTranscript,
} from "./transcript_zswap.ts";

export { TranscriptError };

/** The first line: what was observed, and with which geometry. */
export type TranscriptHeader = ZramHeader | ZswapHeader;

/** One operation and what was observed. */
export type Operation = ZramOperation | ZswapOperation;

/** A whole transcript, of one kind of target. */
export type Transcript = ZramTranscript | ZswapTranscript;

/** Whether a transcript is of zswap, not of zram. */
export function isOfZswap(
  transcript: Transcript,
): transcript is ZswapTranscript {
  return transcript.header.target === "zswap";
}

const TARGETS = /^(zram|zswap)$/;

function parseHeader(fields: Fields): TranscriptHeader {
  fields.required("zspec", matching(/^transcript\/1$/), `"transcript/1"`);
  const target = fields.required(
    "target",
    matching(TARGETS),
    `"zram" or "zswap"`,
  );
  const header = target === "zram"
    ? parseZramHeader(fields)
    : parseZswapHeader(fields);
  fields.end();
  return header;
}

/**
 * Reads a transcript. Throws a {@linkcode TranscriptError} with the line of
 * the first thing that is not as the format has it.
 */
export function parseTranscript(source: string): Transcript {
  const lines = linesOf(source);
  const header = parseHeader(parseLine(1, lines[0]));
  /** The lines after the header, each read to its end. */
  const operations = <One extends Step>(grammar: Grammar<One>) =>
    lines.slice(1).map((text, nth) => {
      const line = nth + 2;
      const fields = parseLine(line, text);
      const operation = readStep(grammar, fields);
      fields.end();
      return { ...operation, line };
    });
  return header.target === "zram"
    ? { header, operations: operations(zramOperations(header)) }
    : { header, operations: operations(zswapOperations(header)) };
}
