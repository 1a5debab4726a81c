/** Transcripts of zswap: a process whose pages are paged out and come back. */
import type { ZswapCounter } from "../linux/zswap_profile.ts";
import { zeroCounters } from "../zswap/stats.ts";
import type { PageData } from "./page_data.ts";
import type { SwapSetup } from "./swap/steps.ts";
import { type Fields, object, positive, whole } from "./fields.ts";
import {
  field,
  type Grammar,
  optional,
  TEXT,
  TRUTH,
  WHOLE,
} from "./grammar.ts";
import {
  CRC32,
  ERRNO,
  type HeaderFields,
  type ObservedFields,
  pageField,
  parseHeaderFields,
  result,
} from "./transcript_fields.ts";
import type { Recorded } from "./transcript_text.ts";

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

const COUNTERS = field<NamedCounters>((value) => {
  const named = object(value);
  const isRight = Object.entries(named ?? {}).every(([name, count]) =>
    KNOWN_COUNTERS.includes(name) && whole(count) !== undefined
  );
  return isRight ? named : undefined;
}, "whole numbers by the names of files of debugfs/zswap");

/** How the operations under a header are read. */
export function zswapOperations(
  header: ZswapHeader,
): Grammar<Recorded<ZswapOperation>> {
  const observed = { errno: ERRNO, counters: optional(COUNTERS) };
  return {
    set: { ...observed, attr: TEXT, value: TEXT },
    get: { ...observed, attr: TEXT, value: result(TEXT) },
    write: { ...observed, page: WHOLE, data: pageField(header) },
    read: { ...observed, page: WHOLE, crc32: result(CRC32) },
    pageout: { ...observed, page: WHOLE, out: result(TRUTH) },
    forget: { ...observed, page: WHOLE },
  };
}
