/** Transcripts of zram: a block device's attributes and pages. */
import type { PageData } from "./page_data.ts";
import {
  type Check,
  type Fields,
  object,
  positive,
  text,
  whole,
  wholes,
} from "./fields.ts";
import {
  type HeaderFields,
  type ObservedFields,
  OperationFields,
  parseHeaderFields,
} from "./transcript_fields.ts";

/** The path at which a transcript's backing device is. */
export const BACKING_PATH = "/dev/loop0";

/** The first line of a transcript of zram. */
export interface ZramHeader extends HeaderFields {
  /** What kind of target the operations are for. */
  readonly target: "zram";
  /** Pages of the backing device that can be attached at {@linkcode BACKING_PATH}. */
  readonly backingPages?: number;
  /** Files that attributes name, by their paths, each in parts of page data. */
  readonly files?: Readonly<Record<string, readonly unknown[]>>;
}

/** What can be observed after any operation on a device. */
export interface ZramObserved extends ObservedFields {
  /** The numbers of `mm_stat`: nine, or eight up to 5.12. */
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
    ...filesOf(fields),
  };
}

/** The files of a header, where it has some. */
function filesOf(fields: Fields): Pick<ZramHeader, "files"> {
  const files = fields.optional("files", filesCheck, "page data by paths");
  return files === undefined ? {} : { files };
}

const filesCheck: Check<Record<string, unknown[]>> = (value) => {
  const files = object(value);
  if (files === undefined) return undefined;
  const read = Object.entries(files).flatMap(([path, parts]) =>
    Array.isArray(parts) ? [[path, parts] as const] : []
  );
  return read.length === Object.keys(files).length
    ? Object.fromEntries(read)
    : undefined;
};

/** Lengths by priorities. */
const recompressed: Check<Record<string, number>> = (value) => {
  const lengths = Object.entries(object(value) ?? { none: undefined });
  const isRight = lengths.every(([priority, length]) =>
    /^[123]$/.test(priority) && whole(length) !== undefined
  );
  return isRight
    ? Object.fromEntries(lengths.map(([one, length]) => [one, Number(length)]))
    : undefined;
};

/** The numbers of `mm_stat`: nine, or eight in kernels before the ninth came. */
const mmStat: Check<number[]> = (value) => wholes(9)(value) ?? wholes(8)(value);

const blockState: Check<[number, string][]> = (value) => {
  if (!Array.isArray(value)) return undefined;
  const isRow = (row: unknown) =>
    Array.isArray(row) && row.length === 2 && whole(row[0]) !== undefined &&
    typeof row[1] === "string";
  return value.every(isRow) ? value : undefined;
};

/** The fields of each operation, without what all have. */
function parseOwn(own: OperationFields, { pageSize }: ZramHeader) {
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
    case "write": {
      const stored: Check<number> = (value) => {
        const bytes = whole(value);
        return bytes !== undefined && bytes <= pageSize ? bytes : undefined;
      };
      return {
        op,
        page: own.page(),
        data: own.data(),
        stored: own.result(
          "stored",
          stored,
          `a whole number up to ${pageSize}`,
        ),
        ...recompressedOf(fields),
      };
    }
    case "read":
      return { op, page: own.page(), crc32: own.crc32() };
    case "discard":
      return {
        op,
        page: own.page(),
        pages: fields.required("pages", positive, "a whole number from 1 on"),
      };
    case "block_state":
      return {
        op,
        state: own.result("state", blockState, "rows of a page and its flags"),
      };
    case "wait":
      return { op, seconds: fields.whole("seconds") };
    default:
      return fields.fail(
        `unknown op '${op}', not set, get, write, read, discard, block_state or wait`,
      );
  }
}

function recompressedOf(
  fields: Fields,
): { readonly recompressed?: Readonly<Record<string, number>> } {
  const lengths = fields.optional(
    "recompressed",
    recompressed,
    "lengths by priorities",
  );
  return lengths === undefined ? {} : { recompressed: lengths };
}

/** Reads an operation on a device. */
export function parseZramOperation(
  line: number,
  fields: Fields,
  header: ZramHeader,
): ZramOperation {
  const own = new OperationFields(fields, header);
  const operation = parseOwn(own, header);
  return {
    ...operation,
    line,
    errno: own.errno,
    mm_stat: fields.optional("mm_stat", mmStat, "eight or nine whole numbers"),
    bd_stat: fields.optional("bd_stat", wholes(3), "three whole numbers"),
  };
}
