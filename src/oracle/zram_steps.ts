/** The steps of programs for a compressed block device. */
import { type Bytes, bytes, simplerBytes } from "../programs/bytes.ts";
import type { Fields } from "../programs/fields.ts";

/** A request to a device. */
export type ZramStep =
  | { readonly op: "create" }
  | { readonly op: "set"; readonly attr: string; readonly value: string }
  | { readonly op: "get"; readonly attr: string }
  | { readonly op: "write"; readonly page: number; readonly data: Bytes }
  | { readonly op: "read"; readonly page: number }
  | { readonly op: "discard"; readonly page: number; readonly pages: number }
  | { readonly op: "block_state" };

/** Reads a step. */
export function parseZramStep(fields: Fields): ZramStep {
  const op = fields.text("op");
  switch (op) {
    case "create":
    case "block_state":
      return { op };
    case "set":
      return {
        op,
        attr: fields.text("attr"),
        value: fields.text("value"),
      };
    case "get":
      return { op, attr: fields.text("attr") };
    case "write":
      return {
        op,
        page: fields.whole("page"),
        data: fields.required("data", bytes, "bytes in one of their forms"),
      };
    case "read":
      return { op, page: fields.whole("page") };
    case "discard":
      return {
        op,
        page: fields.whole("page"),
        pages: fields.whole("pages"),
      };
    default:
      return fields.fail(
        `unknown op '${op}', not create, set, get, write, read, discard or block_state`,
      );
  }
}

/** Simpler steps that could take the place of one. */
export function simplerZramSteps(one: ZramStep): readonly ZramStep[] {
  if (one.op === "write") {
    return simplerBytes(one.data).map((data) => ({ ...one, data }));
  }
  if (one.op === "discard" && one.pages > 1) return [{ ...one, pages: 1 }];
  return [];
}
