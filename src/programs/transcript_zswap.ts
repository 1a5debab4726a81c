/** Transcripts of zswap: a process whose pages are paged out and come back. */
import type { ZswapCounter } from "../linux/zswap_profile.ts";
import { zeroCounters } from "../zswap/stats.ts";
import type { PageData } from "./page_data.ts";
import type { SwapSetup } from "./swap/steps.ts";
import {
  type Check,
  type Fields,
  object,
  positive,
  text,
  truth,
  whole,
} from "./fields.ts";
import {
  type HeaderFields,
  type ObservedFields,
  OperationFields,
  parseHeaderFields,
} from "./transcript_fields.ts";

/** The first line of a transcript of zswap. */
export interface ZswapHeader extends HeaderFields, SwapSetup {
  /** What kind of target the operations are for. */
  readonly target: "zswap";
}

/** Counters by the names of their files in `debugfs/zswap`. */
export type NamedCounters = Readonly<Partial<Record<ZswapCounter, number>>>;

/** What can be observed after any operation of the process. */
export interface ZswapObserved extends ObservedFields {
  /**
   * Files of `debugfs/zswap`. Those that count events count them from the
   * transcript's beginning.
   */
  readonly counters?: NamedCounters;
}

/** One operation of the process and what was observed. */
export type ZswapOperation =
  & ZswapObserved
  & (
    | { readonly op: "set"; readonly attr: string; readonly value: string }
    | { readonly op: "get"; readonly attr: string; readonly value?: string }
    | { readonly op: "write"; readonly page: number; readonly data: PageData }
    | { readonly op: "read"; readonly page: number; readonly crc32?: string }
    | { readonly op: "pageout"; readonly page: number; readonly out?: boolean }
    | { readonly op: "forget"; readonly page: number }
  );

/** A whole transcript of zswap. */
export interface ZswapTranscript {
  /** Its first line. */
  readonly header: ZswapHeader;
  /** The lines after it. */
  readonly operations: readonly ZswapOperation[];
}

/** Reads the header of a transcript of zswap. */
export function parseZswapHeader(fields: Fields): ZswapHeader {
  const pages = (name: string) =>
    fields.required(name, positive, "a whole number of pages");
  return {
    target: "zswap",
    ...parseHeaderFields(fields),
    totalPages: pages("totalPages"),
    swapPages: pages("swapPages"),
  };
}

const KNOWN_COUNTERS = Object.keys(zeroCounters());

const counters: Check<NamedCounters> = (value) => {
  const named = object(value);
  if (named === undefined) return undefined;
  const isRight = Object.entries(named).every(([name, count]) =>
    KNOWN_COUNTERS.includes(name) && whole(count) !== undefined
  );
  return isRight ? named : undefined;
};

/** The fields of each operation, without what all have. */
function parseOwn(own: OperationFields) {
  const { fields } = own;
  const op = own.op();
  switch (op) {
    case "set":
      return {
        op,
        attr: own.attr(),
        value: fields.text("value"),
      };
    case "get":
      return { op, attr: own.attr(), value: own.result("value", text, "text") };
    case "write":
      return { op, page: own.page(), data: own.data() };
    case "read":
      return { op, page: own.page(), crc32: own.crc32() };
    case "pageout":
      return {
        op,
        page: own.page(),
        out: own.result("out", truth, "true or false"),
      };
    case "forget":
      return { op, page: own.page() };
    default:
      return fields.fail(
        `unknown op '${op}', not set, get, write, read, pageout or forget`,
      );
  }
}

/** Reads an operation of the process. */
export function parseZswapOperation(
  line: number,
  fields: Fields,
  header: ZswapHeader,
): ZswapOperation {
  const own = new OperationFields(fields, header);
  const operation = parseOwn(own);
  return {
    ...operation,
    line,
    errno: own.errno,
    counters: fields.optional(
      "counters",
      counters,
      "whole numbers by the names of files of debugfs/zswap",
    ),
  };
}
