/** Recording: what zswap makes of a process's pages, as a transcript. */
import type { Profile } from "../linux/profile.ts";
import { SWAP_LANGUAGE } from "../programs/swap/language.ts";
import { SWAP_TARGET_OPS, type SwapStep } from "../programs/swap/steps.ts";
import { headerLine } from "../programs/transcript_text.ts";
import type { NamedCounters } from "../programs/transcript_zswap.ts";
import { objectSwap } from "../targets/swap/object_swap.ts";
import type { SwapSetup, SwapTarget } from "../targets/swap_target.ts";
import { isRefusal } from "../targets/target.ts";
import {
  programSteps,
  recordedLine,
  recordedStep,
  type RecordPlan,
} from "./recorded_steps.ts";

/** What a recording of a process's pages is made for. */
export interface RecordSwapPlan extends RecordPlan {
  /** What the model must be told of the machine. */
  readonly setup: SwapSetup;
}

/** A step that transcripts have. */
type RecordedStep = Extract<
  SwapStep,
  { op: "set" | "get" | "write" | "read" | "pageout" | "forget" }
>;

/** The allocator of a recording: each of the kernel's has its seeds. */
export function recordedZpool(
  { profile: { zswap: { zpools } }, seed }: RecordPlan,
): string {
  return zpools[seed % zpools.length];
}

/** The steps of a recording: of programs that go on where others stopped. */
function* stepsOf(plan: RecordSwapPlan): Generator<RecordedStep> {
  const { profile, seed } = plan;
  const { zpools } = profile.zswap;
  if (zpools.length > 1) {
    yield { op: "set", attr: "zpool", value: recordedZpool(plan) };
  }
  const isOther = (step: RecordedStep) =>
    step.op === "set" && step.attr === "zpool" &&
    zpools.some((one) => one === step.value.trim());
  const steps = programSteps(SWAP_LANGUAGE, {
    profiles: [profile],
    anyGeometry: false,
    ops: new Set(SWAP_TARGET_OPS),
    maxSteps: 2000,
  }, seed);
  for (const step of steps) {
    if (isRecorded(step) && !isOther(step)) yield step;
  }
}

function isRecorded(step: SwapStep): step is RecordedStep {
  return step.op !== "create" && step.op !== "counters" &&
    SWAP_TARGET_OPS.includes(step.op);
}

async function countersOf(
  target: SwapTarget,
  { zswap }: Profile,
): Promise<NamedCounters> {
  const answer = await target.counters();
  if (isRefusal(answer)) {
    throw new Error(
      `Cannot read debugfs/zswap: the kernel answers ${answer.error}`,
    );
  }
  return Object.fromEntries(
    zswap.counters.map((name, nth) => [name, answer.counters[nth]]),
  );
}

/**
 * Does random operations, with one allocator, on a process without pages and
 * yields the lines of their transcript, each with every counter. `kernel` says
 * in free text what is observed.
 */
export async function* recordSwap(
  target: SwapTarget,
  kernel: string,
  plan: RecordSwapPlan,
): AsyncGenerator<string> {
  const { profile, setup } = plan;
  const { name, pageSize, wordBits, chainSize } = profile;
  yield headerLine({
    target: "zswap",
    kernel,
    profile: name,
    pageSize,
    wordBits,
    chainSize,
    ...setup,
  });
  await target.create();
  const process = objectSwap(target, profile);
  for (const one of stepsOf(plan).take(plan.steps)) {
    const step = recordedStep(one, profile);
    const answer = await process.ask(step);
    const counters = await countersOf(target, profile);
    yield recordedLine(step, answer, { counters });
  }
}
