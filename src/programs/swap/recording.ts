/** Recordings of a live kernel's process: steps, and what was observed after each. */
import { KERNEL_CODECS } from "../../codec/codecs.ts";
import { type Profile, profileNamed, PROFILES } from "../../linux/profile.ts";
import { zeroCounters } from "../../zswap/stats.ts";
import { zsGeometry } from "../../zsmalloc/geometry.ts";
import {
  type Check,
  type Fields,
  matching,
  object,
  positive,
  text,
  truth,
  whole,
} from "../fields.ts";
import type { Program } from "../program.ts";
import {
  type HeaderFields,
  linesOf,
  OperationFields,
  parseHeaderFields,
  parseLine,
  TranscriptError,
} from "../transcript_fields.ts";
import { parseSwapStep } from "./parse.ts";
import type { SwapCreate, SwapStep } from "./steps.ts";

/** The first line of a recording. */
export interface SwapHeader extends HeaderFields {
  /** What kind of target the steps are for. */
  readonly target: "zswap";
  /** `totalram_pages`: the pages of which the pools may have a share. */
  readonly totalPages: number;
  /** Pages of the swap device, its header's among them. */
  readonly swapPages: number;
}

/** What was observed after a step. */
export interface SwapObserved {
  /** The step's line in its file, from 1. */
  readonly line: number;
  /** The error's symbolic name; without it the step succeeded. */
  readonly errno?: string;
  /** The whole text of a parameter that was read. */
  readonly value?: string;
  /** CRC-32 of a page that was read. */
  readonly crc32?: string;
  /** Whether a page that was paged out is out. */
  readonly out?: boolean;
  /** Files of `debugfs/zswap`, by name. */
  readonly counters?: Readonly<Record<string, number>>;
}

/** A program, and what was observed when a kernel ran it. */
export interface SwapRecording {
  /** The first line. */
  readonly header: SwapHeader;
  /** The steps, the first one a `create` that the header describes. */
  readonly program: Program<SwapStep>;
  /** What was observed after each step but that `create`. */
  readonly observed: ReadonlyMap<SwapStep, SwapObserved>;
}

function parseHeader(fields: Fields): SwapHeader {
  fields.required("zspec", matching(/^transcript\/1$/), `"transcript/1"`);
  fields.required("target", matching(/^zswap$/), `"zswap"`);
  const pages = (name: string) =>
    fields.required(name, positive, "a whole number of pages");
  const header: SwapHeader = {
    target: "zswap",
    ...parseHeaderFields(fields),
    totalPages: pages("totalPages"),
    swapPages: pages("swapPages"),
  };
  fields.end();
  return header;
}

/** The profile that a header names; a geometry that Linux has not is refused. */
function profileOf({ profile: name, ...header }: SwapHeader): Profile {
  const profile = profileNamed(name);
  if (profile === undefined) {
    throw new TranscriptError(
      1,
      `unknown profile '${name}', not ${
        PROFILES.map((one) => one.name).join(" or ")
      }`,
    );
  }
  const { pageSize, wordBits, chainSize } = header;
  try {
    zsGeometry({ ...profile, pageSize, wordBits, chainSize });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new TranscriptError(1, error.message);
  }
  return profile;
}

const KNOWN_COUNTERS = Object.keys(zeroCounters());

const counters: Check<Record<string, number>> = (value) => {
  const named = object(value);
  if (named === undefined) return undefined;
  const counted = Object.entries(named).flatMap(([name, one]) => {
    const count = KNOWN_COUNTERS.includes(name) ? whole(one) : undefined;
    return count === undefined ? [] : [[name, count] as const];
  });
  return counted.length === Object.keys(named).length
    ? Object.fromEntries(counted)
    : undefined;
};

/** The counters of a line, all of which the kernel has. */
function parseCounters(fields: Fields, { name, zswap }: Profile) {
  const named = fields.optional(
    "counters",
    counters,
    "whole numbers by the names of files of debugfs/zswap",
  );
  const known: readonly string[] = zswap.counters;
  const unknown = Object.keys(named ?? {}).find((one) => !known.includes(one));
  if (unknown === undefined) return named;
  return fields.fail(
    `unknown counter '${unknown}': ${name} has ${known.join(", ")}`,
  );
}

/** What was observed of an operation's own. */
function parseResult(
  op: SwapStep["op"],
  own: OperationFields,
): Pick<SwapObserved, "value" | "crc32" | "out"> {
  switch (op) {
    case "get":
      return { value: own.result("value", text, "text") };
    case "read":
      return { crc32: own.crc32() };
    case "pageout":
      return { out: own.result("out", truth, "true or false") };
    case "write":
      // What a recording says of a page is a page of the header's size.
      own.data();
      return {};
    default:
      return {};
  }
}

/** Refuses compressors whose lengths zspec does not compute as the kernel does. */
function checkCompressor(step: SwapStep, { errno }: SwapObserved): void {
  if (step.op !== "set" || step.attr !== "compressor") return;
  if (errno !== undefined) return;
  const name = step.value.trim();
  const known = KERNEL_CODECS.map((codec) => codec.name);
  if (known.includes(name)) return;
  throw new TranscriptError(
    1,
    `its sizes cannot be computed: there is no encoder that equals the kernel's '${name}', only ${
      known.join(", ")
    }`,
  );
}

/**
 * Reads a recording. Throws a {@linkcode TranscriptError} with the line of the
 * first thing that is not as the format has it.
 */
export function parseSwapRecording(source: string): SwapRecording {
  const lines = linesOf(source);
  const header = parseHeader(parseLine(1, lines[0]));
  const profile = profileOf(header);
  const { pageSize, wordBits, chainSize, totalPages, swapPages } = header;
  const create: SwapCreate = {
    pageSize,
    wordBits,
    chainSize,
    totalPages,
    swapPages,
  };
  const steps: SwapStep[] = [{ op: "create", ...create }];
  const observed = new Map<SwapStep, SwapObserved>();
  lines.slice(1).forEach((source, nth) => {
    const line = nth + 2;
    const fields = parseLine(line, source);
    const own = new OperationFields(fields, header);
    const step = parseSwapStep(fields);
    const seen: SwapObserved = {
      line,
      errno: own.errno,
      ...parseResult(step.op, own),
      counters: parseCounters(fields, profile),
    };
    fields.end();
    checkCompressor(step, seen);
    steps.push(step);
    observed.set(step, seen);
  });
  return { header, program: { profile, steps }, observed };
}
