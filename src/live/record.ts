/** Recording: what a live zram device does, as a transcript. */
import type { Profile } from "../linux/profile.ts";
import type { LiveZram } from "./live_zram.ts";
import { fillPageData } from "../programs/page_data.ts";
import { outcome } from "./outcome.ts";
import {
  type RecordPlan,
  type RecordStep,
  recordSteps,
} from "./record_steps.ts";
import { checksum } from "../oracle/replay_frame.ts";
import type { ZramOperation } from "../programs/transcript_zram.ts";
import {
  headerLine,
  operationLine,
  type Recorded,
} from "../programs/transcript_text.ts";

/** Does one operation; returns it with its outcome. */
async function perform(
  target: LiveZram,
  profile: Profile,
  step: RecordStep,
): Promise<Recorded<ZramOperation>> {
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
      const data = new Uint8Array(profile.pageSize);
      fillPageData(data, step.data);
      const answer = await target.write(step.page, data);
      return { ...step, ...outcome(answer, ({ stored }) => ({ stored })) };
    }
    case "read": {
      const answer = await target.read(step.page);
      return {
        ...step,
        ...outcome(answer, ({ data }) => ({ crc32: checksum(data) })),
      };
    }
    case "discard": {
      const answer = await target.discard(step.page, step.pages);
      return { ...step, ...outcome(answer, () => ({})) };
    }
    case "block_state": {
      const answer = await target.blockState();
      return { ...step, ...outcome(answer, (state) => ({ state })) };
    }
  }
}

/**
 * Does random operations on a fresh device and yields the lines of their
 * transcript, each with `mm_stat`, and `bd_stat` where the kernel has it.
 * `kernel` says in free text what is observed.
 */
export async function* recordZram(
  target: LiveZram,
  kernel: string,
  plan: RecordPlan,
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
  for (const step of recordSteps(plan)) {
    const recorded = await perform(target, profile, step);
    const mm_stat = await target.mmStat();
    yield operationLine(
      profile.zram.writeback
        ? { ...recorded, mm_stat, bd_stat: await target.bdStat() }
        : { ...recorded, mm_stat },
    );
  }
}
