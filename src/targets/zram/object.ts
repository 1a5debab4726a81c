/** Block devices of other makers as targets of programs. */
import type { Profile } from "../../linux/profile.ts";
import { requestBytes } from "../../programs/zram/request_bytes.ts";
import { ExpandedPages } from "../../programs/expanded.ts";
import type {
  ZramBio,
  ZramResults,
  ZramSteps,
} from "../../programs/zram/steps.ts";
import {
  SKIPPED,
  type StepTarget,
  tableTarget,
  type TargetTable,
} from "../step_target.ts";
import type { BioRequest, ZramOptional, ZramTarget } from "../target.ts";

/** The steps that any device can do. */
const ZRAM_BASIC_OPS: readonly (keyof ZramSteps)[] = [
  "create",
  "set",
  "get",
  "write",
  "read",
  "discard",
];

/** The steps that a device can do. */
export async function zramOpsOf(
  target: ZramTarget,
): Promise<ReadonlySet<keyof ZramSteps>> {
  const optional = await target.optional?.() ?? methodsOf(target);
  return new Set([...ZRAM_BASIC_OPS, ...optional]);
}

/** The optional steps that a device has methods for. */
function methodsOf(target: ZramTarget): ZramOptional[] {
  const methods = [
    ["block_state", target.blockState],
    ["bio", target.bio],
    ["wait", target.wait],
    ["slot_free_notify", target.slotFreeNotify],
  ] as const;
  return methods.flatMap(([op, does]) => does === undefined ? [] : [op]);
}

/**
 * A device that does the steps of programs, with pages of a profile's size: of
 * those that not every device can do, the ones that it has.
 */
export function objectZram(
  target: ZramTarget,
  { pageSize }: Profile,
): StepTarget<ZramSteps, ZramResults> {
  const pages = new ExpandedPages();
  return tableTarget<ZramSteps, ZramResults>({
    ...stepsOf(target, pages, () => pageSize),
    // Bytes of its own: what the judges compare with is not its to change.
    write: ({ page, data }) =>
      target.write(page, pages.of(data, pageSize).slice()),
  }, target);
}

/** What a device does at each step, with pages of the size at that time. */
export function stepsOf(
  target: ZramTarget,
  pages: ExpandedPages,
  pageSize: () => number,
): TargetTable<ZramSteps, ZramResults> {
  return {
    create: () => target.create(),
    set: ({ attr, value }) => target.set(attr, value),
    get: ({ attr }) => target.get(attr),
    write: ({ page, data }) => target.write(page, pages.of(data, pageSize())),
    read: ({ page }) => target.read(page),
    discard: ({ page, pages }) => target.discard(page, pages),
    block_state: () =>
      target.blockState === undefined ? SKIPPED : target.blockState(),
    bio: (bio) =>
      target.bio === undefined
        ? SKIPPED
        : target.bio(requestOf(bio, pageSize())),
    wait: ({ seconds }) =>
      target.wait === undefined ? SKIPPED : target.wait(seconds),
    slot_free_notify: ({ page }) =>
      target.slotFreeNotify === undefined
        ? SKIPPED
        : target.slotFreeNotify(page),
  };
}

/** A request with the bytes of its pages. */
export function requestOf(bio: ZramBio, pageSize: number): BioRequest {
  const { request, sector, bytes } = bio;
  return request === "write"
    ? { request, sector, bytes, data: requestBytes(bio, pageSize) }
    : { request, sector, bytes };
}
