/** Transcripts of zram: a block device's attributes and pages. */
import { type Fields, object, positive, whole, wholes } from "./fields.ts";
import { type Files, files } from "./files.ts";
import {
  field,
  type Grammar,
  optional,
  POSITIVE,
  TEXT,
  WHOLE,
} from "./grammar.ts";
import type { PageData } from "./page_data.ts";
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

/** The path at which a transcript's backing device is. */
export const BACKING_PATH = "/dev/loop0";

/** The first line of a transcript of zram. */
export interface ZramHeader extends HeaderFields {
  /** What kind of target the operations are for. */
  readonly target: "zram";
  /** Pages of the backing device that can be attached at {@linkcode BACKING_PATH}. */
  readonly backingPages?: number;
  /** Files that attributes name. */
  readonly files?: Files;
}

/** What can be observed after any operation on a device. */
export interface ZramObserved extends ObservedFields {
  /** The numbers of `mm_stat`: nine, eight up to 5.15, seven up to 4.17. */
  readonly mm_stat?: readonly number[];
  /** The three numbers of `bd_stat`. */
  readonly bd_stat?: readonly number[];
}

/** One operation on a device and what was observed. */
export type ZramOperation =
  & ZramObserved
  & (
    | { readonly op: "set"; readonly attr: string; readonly value: string }
    | { readonly op: "get"; readonly attr: string; readonly value?: string }
    | {
      readonly op: "write";
      readonly page: number;
      readonly data: PageData;
      readonly stored?: number;
      /** The lengths that algorithms of other priorities make of the page. */
      readonly recompressed?: Readonly<Record<string, number>>;
    }
    | { readonly op: "read"; readonly page: number; readonly crc32?: string }
    | { readonly op: "discard"; readonly page: number; readonly pages: number }
    | {
      readonly op: "block_state";
      readonly state?: readonly (readonly [number, string])[];
    }
    | { readonly op: "wait"; readonly seconds: number }
  );

/** A whole transcript of zram. */
export interface ZramTranscript {
  /** Its first line. */
  readonly header: ZramHeader;
  /** The lines after it. */
  readonly operations: readonly ZramOperation[];
}

/** Reads the header of a transcript of zram. */
export function parseZramHeader(fields: Fields): ZramHeader {
  return {
    target: "zram",
    ...parseHeaderFields(fields),
    backingPages: fields.optional("backingPages", positive, "a whole number"),
    files: fields.optional("files", files, "page data by paths"),
  };
}

/** Lengths by priorities. */
const RECOMPRESSED = field<Readonly<Record<string, number>>>((value) => {
  const lengths = Object.entries(object(value) ?? { none: undefined });
  const isRight = lengths.every(([priority, length]) =>
    /^[123]$/.test(priority) && whole(length) !== undefined
  );
  return isRight
    ? Object.fromEntries(lengths.map(([one, length]) => [one, Number(length)]))
    : undefined;
}, "lengths by priorities");

/** The numbers of `mm_stat`: nine, or fewer in kernels before the last ones came. */
const MM_STAT = optional(field<readonly number[]>(
  (value) => wholes(9)(value) ?? wholes(8)(value) ?? wholes(7)(value),
  "seven to nine whole numbers",
));

const BD_STAT = optional(
  field<readonly number[]>(wholes(3), "three whole numbers"),
);

/** Rows of a page and its flags. */
export function blockState(value: unknown): [number, string][] | undefined {
  const isRow = (row: unknown) =>
    Array.isArray(row) && row.length === 2 && whole(row[0]) !== undefined &&
    typeof row[1] === "string";
  return Array.isArray(value) && value.every(isRow) ? value : undefined;
}

const BLOCK_STATE = field<readonly (readonly [number, string])[]>(
  blockState,
  "rows of a page and its flags",
);

/** How the operations under a header are read. */
export function zramOperations(
  header: ZramHeader,
): Grammar<Recorded<ZramOperation>> {
  const { pageSize } = header;
  const observed = { errno: ERRNO, mm_stat: MM_STAT, bd_stat: BD_STAT };
  const stored = field((value) => {
    const bytes = whole(value);
    return bytes !== undefined && bytes <= pageSize ? bytes : undefined;
  }, `a whole number up to ${pageSize}`);
  return {
    set: { ...observed, attr: TEXT, value: TEXT },
    get: { ...observed, attr: TEXT, value: result(TEXT) },
    write: {
      ...observed,
      page: WHOLE,
      data: pageField(header),
      stored: result(stored),
      recompressed: optional(RECOMPRESSED),
    },
    read: { ...observed, page: WHOLE, crc32: result(CRC32) },
    discard: { ...observed, page: WHOLE, pages: POSITIVE },
    block_state: { ...observed, state: result(BLOCK_STATE) },
    wait: { ...observed, seconds: WHOLE },
  };
}
