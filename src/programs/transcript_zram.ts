/** Transcripts of zram: a block device's attributes and pages. */
import type { PageData } from "./page_data.ts";
import {
  type Check,
  type Fields,
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
}

/** What can be observed after any operation on a device. */
export interface ZramObserved extends ObservedFields {
  /** The nine numbers of `mm_stat`. */
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
    }
    | { readonly op: "read"; readonly page: number; readonly crc32?: string }
    | { readonly op: "discard"; readonly page: number; readonly pages: number }
    | {
      readonly op: "block_state";
      readonly state?: readonly (readonly [number, string])[];
    }
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
  };
}

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
    default:
      return fields.fail(
        `unknown op '${op}', not set, get, write, read, discard or block_state`,
      );
  }
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
    mm_stat: fields.optional("mm_stat", wholes(9), "nine whole numbers"),
    bd_stat: fields.optional("bd_stat", wholes(3), "three whole numbers"),
  };
}
