/** Recording: what a live zram device does, as a transcript. */
import { exactCodecsOf } from "../codec/codecs.ts";
import type { Profile } from "../linux/profile.ts";
import { headerLine } from "../programs/transcript_text.ts";
import { ZRAM_LANGUAGE } from "../programs/zram/language.ts";
import type { ZramStep, ZramSteps } from "../programs/zram/steps.ts";
import { isRefusal } from "../targets/target.ts";
import { objectZram } from "../targets/zram/object.ts";
import type { LiveZram } from "./live_zram.ts";
import {
  programSteps,
  recordedLine,
  recordedStep,
  type RecordPlan,
} from "./recorded_steps.ts";

/** What a recording of a zram device is made for. */
export interface RecordZramPlan extends RecordPlan {
  /** Pages of the backing device at `/dev/loop0`, if there is one. */
  readonly backingPages?: number;
}

/** The operations that transcripts have. */
const OPS = [
  "set",
  "get",
  "write",
  "read",
  "discard",
  "block_state",
] as const;

/** A step that transcripts have. */
type RecordedStep = Extract<ZramStep, { op: typeof OPS[number] }>;

/** The steps of a recording: between two programs the device is reset. */
function* stepsOf(plan: RecordZramPlan): Generator<RecordedStep> {
  const { profile, seed, backingPages } = plan;
  const ops = new Set<keyof ZramSteps>(["create", ...OPS]);
  // Lengths that the model has not got leave a write that failed without one.
  const algorithms = exactCodecsOf(profile.zram).map(({ name }) => name)
    .filter((name) => profile.zram.compAlgorithms.includes(name));
  if (!profile.zram.memoryTracking) ops.delete("block_state");
  const steps = programSteps(ZRAM_LANGUAGE, {
    profiles: [profile],
    anyGeometry: false,
    oddTexts: true,
    ops,
    maxSteps: 2000,
    ...(algorithms.length === 0 ? {} : { algorithms }),
    ...(backingPages === undefined ? {} : { backingPages }),
  }, seed);
  // The device is fresh already.
  steps.next();
  for (const step of steps) {
    if (isRecorded(step)) yield step;
    else yield { op: "set", attr: "reset", value: "1" };
  }
}

function isRecorded(step: ZramStep): step is RecordedStep {
  return OPS.some((op) => op === step.op);
}

/**
 * A step, and before it what lets its answer tell all that transcripts have: a
 * page that was recompressed is discarded before it is written.
 */
function tellingSteps(
  target: LiveZram,
  step: RecordedStep,
): readonly RecordedStep[] {
  const isTold = step.op !== "write" || target.tellsStored(step.page);
  return isTold ? [step] : [{ op: "discard", page: step.page, pages: 1 }, step];
}

/** The page behind the last that a request is for; 0 where it is none. */
function endOf(step: RecordedStep): number {
  if (step.op === "discard") return step.page + step.pages;
  return "page" in step ? step.page + 1 : 0;
}

async function diskPages(
  target: LiveZram,
  { pageSize }: Profile,
): Promise<number> {
  const shown = await target.get("disksize");
  return isRefusal(shown) ? 0 : Number(shown.value) / pageSize;
}

/** What is observed after each step. */
async function observed(target: LiveZram, { zram }: Profile): Promise<object> {
  const mm_stat = await target.mmStat();
  return zram.writeback
    ? { mm_stat, bd_stat: await target.bdStat() }
    : { mm_stat };
}

/**
 * Does random operations on a fresh device and yields the lines of their
 * transcript, each with `mm_stat`, and `bd_stat` where the kernel has it.
 * `kernel` says in free text what is observed.
 */
export async function* recordZram(
  target: LiveZram,
  kernel: string,
  plan: RecordZramPlan,
): AsyncGenerator<string> {
  const { profile, backingPages } = plan;
  const { name, pageSize, wordBits, chainSize } = profile;
  yield headerLine({
    target: "zram",
    kernel,
    profile: name,
    pageSize,
    wordBits,
    chainSize,
    ...backingPages === undefined ? {} : { backingPages },
  });
  await target.create();
  const device = objectZram(target, profile);
  let left = plan.steps;
  for (const one of stepsOf(plan)) {
    // What is refused beyond the disk is refused by its file, not by zram.
    if (endOf(one) > await diskPages(target, profile)) continue;
    for (const telling of tellingSteps(target, one)) {
      if (left-- === 0) return;
      const step = recordedStep(telling, profile);
      const answer = await device.ask(step);
      yield recordedLine(step, answer, await observed(target, profile));
    }
  }
}
