/** A compressed block device as a child process. */
import { base64, type Fields } from "../programs/fields.ts";
import { blockState } from "../programs/transcript_zram.ts";
import { Child, type ChildAnswer, type ChildOptions } from "./child.ts";
import { asker, type Ending, nothing, processOf } from "./child_asker.ts";
import {
  type BlockStateRow,
  isRefusal,
  TargetFault,
  type ZramOptional,
  type ZramTarget,
} from "./target.ts";

function dataOf(fields: Fields): { readonly data: Uint8Array } {
  return { data: fields.required("data", base64, "base64") };
}

function rowsOf(fields: Fields): readonly BlockStateRow[] {
  return fields.required("state", blockState, "rows of a page and its flags");
}

/** A compressed block device in a child process. */
export function childZram(options: ChildOptions): ZramTarget & Ending {
  const child = new Child(options);
  const ask = asker(child);
  let known: Promise<readonly ZramOptional[]> | undefined;
  return {
    ...processOf(child),
    create: () => ask({ op: "create" }, nothing),
    set: (attr, value) => ask({ op: "set", attr, value }, nothing),
    get: (attr) =>
      ask({ op: "get", attr }, (fields) => ({ value: fields.text("value") })),
    write: (page, data) =>
      ask(
        { op: "write", page, data: data.toBase64() },
        (fields) => ({ stored: fields.whole("stored") }),
      ),
    read: (page) => ask({ op: "read", page }, dataOf),
    discard: (page, pages) => ask({ op: "discard", page, pages }, nothing),
    blockState: () => ask({ op: "block_state" }, rowsOf),
    bio: ({ data, ...request }) =>
      ask(
        {
          op: "bio",
          ...request,
          ...(data === undefined ? {} : { data: data.toBase64() }),
        },
        (fields) => request.request === "read" ? dataOf(fields) : {},
      ),
    wait: (seconds) => ask({ op: "wait", seconds }, nothing),
    slotFreeNotify: (page) => ask({ op: "slot_free_notify", page }, nothing),
    optional: () => known ??= probe(options),
  };
}

/** What a device is asked to find out what it has, and how that is answered. */
const PROBES: Readonly<
  Record<
    ZramOptional,
    { readonly fields: ChildAnswer; readonly read: (fields: Fields) => unknown }
  >
> = {
  block_state: { fields: {}, read: rowsOf },
  bio: {
    fields: { request: "read", sector: 0, bytes: 4096 },
    read: dataOf,
  },
  wait: { fields: { seconds: 0 }, read: nothing },
  slot_free_notify: { fields: { page: 0 }, read: nothing },
};

/**
 * Asks a process of its own for each operation that a device need not have. One
 * that dies of it, answers an error or anything else has not got it.
 */
async function probe(options: ChildOptions): Promise<readonly ZramOptional[]> {
  const child = new Child({ ...options, isQuiet: true });
  const ask = asker(child);
  const has = async (op: string) => {
    const { fields, read } = PROBES[op as ZramOptional];
    try {
      await ask({ op: "create" }, nothing);
      await ask({ op: "set", attr: "disksize", value: "64K" }, nothing);
      return !isRefusal(await ask({ op, ...fields }, read));
    } catch (error) {
      if (error instanceof TargetFault) return false;
      throw error;
    }
  };
  const found: ZramOptional[] = [];
  for (const op in PROBES) {
    // The names of the probes are those of the operations.
    if (await has(op)) found.push(op as ZramOptional);
  }
  await child.restart();
  return found;
}
