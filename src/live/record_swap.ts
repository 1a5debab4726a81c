/** Recording: what zswap makes of a process's pages, as a transcript. */
import type { Profile } from "../linux/profile.ts";
import { outcome } from "./outcome.ts";
import { type Bytes, expandBytes } from "../programs/bytes.ts";
import { fillPageData, type PageData } from "../programs/page_data.ts";
import { checksum } from "../oracle/replay_frame.ts";
import { swapSteps } from "../oracle/swap_steps.ts";
import type {
  SwapSetup,
  SwapStep,
  SwapTarget,
} from "../targets/swap_target.ts";
import { isRefusal } from "../targets/target.ts";
import {
  headerLine,
  operationLine,
  type Recorded,
} from "../programs/transcript_text.ts";
import type {
  NamedCounters,
  ZswapOperation,
} from "../programs/transcript_zswap.ts";

/** What a recording's operations are made for. */
export interface RecordSwapPlan {
  /** The kernel. */
  readonly profile: Profile;
  /** What the model must be told of the machine. */
  readonly setup: SwapSetup;
  /** What the operations are made from: from 0 to 2^32 - 1. */
  readonly seed: number;
  /** How many there are. */
  readonly steps: number;
}

/** What is done to a process, its beginning left out. */
type RecordStep = Exclude<SwapStep, { readonly op: "create" }>;

/** The allocator of a recording: each of the kernel's has its seeds. */
export function recordedZpool(
  { profile: { zswap: { zpools } }, seed }: RecordSwapPlan,
): string {
  return zpools[seed % zpools.length];
}

/** Of so many pages that are neither words nor noise, one is recorded as it is. */
const WHOLE_PAGES = 16;

/**
 * Page data as transcripts have it. A page as it is takes thousands of
 * characters: most are noise and zeros instead.
 */
function pageDataOf(data: Bytes, { pageSize }: Profile): PageData {
  if ("word" in data || "xorshift" in data) return data;
  const seed = "seed" in data ? data.seed : 0;
  return seed % WHOLE_PAGES === 0
    ? { b64: expandBytes(data, pageSize) }
    : { xorshift: seed, bytes: seed % (pageSize + 1) };
}

/** Does one operation; returns it with its outcome. */
async function perform(
  target: SwapTarget,
  profile: Profile,
  step: RecordStep,
): Promise<Recorded<ZswapOperation>> {
  switch (step.op) {
    case "set": {
      const answer = await target.set(step.attr, step.value);
      return { ...step, ...outcome(answer, () => ({})) };
    }
    case "get": {
      const answer = await target.get(step.attr);
      return { ...step, ...outcome(answer, ({ value }) => ({ value })) };
    }
    case "write": {
      const data = pageDataOf(step.data, profile);
      const page = new Uint8Array(profile.pageSize);
      fillPageData(page, data);
      const answer = await target.write(step.page, page);
      return { ...step, data, ...outcome(answer, () => ({})) };
    }
    case "read": {
      const answer = await target.read(step.page);
      return {
        ...step,
        ...outcome(answer, ({ data }) => ({ crc32: checksum(data) })),
      };
    }
    case "pageout": {
      const answer = await target.pageOut(step.page);
      return { ...step, ...outcome(answer, ({ out }) => ({ out })) };
    }
    case "forget": {
      const answer = await target.forget(step.page);
      return { ...step, ...outcome(answer, () => ({})) };
    }
  }
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
  const { profile, setup, seed, steps } = plan;
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
  const all = swapSteps(profile, seed, steps, [recordedZpool(plan)]);
  for (const step of all.filter((one) => one.op !== "create").slice(0, steps)) {
    const recorded = await perform(target, profile, step);
    const counters = await countersOf(target, profile);
    yield operationLine({ ...recorded, counters });
  }
}
