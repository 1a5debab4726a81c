/** Judging the model by its invariants. */
import {
  SECTOR,
  type ZramResults,
  type ZramStep,
  type ZramSteps,
} from "../../programs/zram/steps.ts";
import type { Reach } from "../../rules/reach.ts";
import { CheckedZram } from "../../zram/checked_zram.ts";
import type { Zram } from "../../zram/device.ts";
import {
  checkRecompression,
  type RecompressionBefore,
  recompressionBefore,
} from "../../zram/recompress_invariants.ts";
import { isRefusal } from "../../targets/target.ts";
import type { Judge } from "../judge.ts";
import { nowAndThen } from "../now_and_then.ts";

/** Slots from `first` on. */
interface Touched {
  readonly first: number;
  readonly count: number;
}

/** Operations that touch nothing that an invariant is about. */
const QUIET: readonly (keyof ZramSteps)[] = [
  "create",
  "get",
  "block_state",
  "wait",
  "open",
  "close",
];

/** Steps between checks of everything, for each page of the disk one more. */
const WHOLE_STEPS = 512;

/**
 * Checks, after each step, every rule on the slots that it touched; now and
 * then, and at the end, on all of them.
 */
export function zramInvariants(
  zramOf: () => Zram,
  reach: Reach,
): Judge<ZramSteps, ZramResults> {
  let checked: CheckedZram | undefined;
  let isNoted = false;
  const isDue = nowAndThen();
  let recompression: RecompressionBefore | undefined;
  return {
    before(step) {
      isNoted = false;
      if (QUIET.includes(step.op) || isMixed(step)) return;
      checked ??= new CheckedZram(zramOf(), reach);
      const { first, count } = touchedBy(step, checked.zram);
      checked.before(first, count);
      isNoted = true;
      recompression = step.op === "set" && step.attr === "recompress" &&
          step.value !== ""
        ? recompressionBefore(checked.zram, step.value)
        : undefined;
    },
    after(step, answer) {
      if (step.op === "create") checked = new CheckedZram(zramOf(), reach);
      if (checked === undefined) return;
      if (isNoted) checked.after();
      if (isNoted && recompression !== undefined && !isRefusal(answer)) {
        checkRecompression(recompression, checked.zram, reach);
      }
      const isTime = isDue(WHOLE_STEPS + 4 * checked.zram.slots.length);
      if (isTime || isMixed(step)) checked.checkAll();
    },
    end: () => checked?.checkAll(),
  };
}

/** Whether a step is two operations, neither of them run alone. */
function isMixed({ op }: ZramStep): boolean {
  return op === "writeback_under" || op === "recompress_under";
}

/** The slots that a step may touch. */
function touchedBy(step: ZramStep, { slots, profile }: Zram): Touched {
  switch (step.op) {
    case "write":
    case "read":
    case "slot_free_notify":
      return { first: step.page, count: 1 };
    case "discard":
      return { first: step.page, count: step.pages };
    case "bio": {
      const first = Math.floor(step.sector * SECTOR / profile.pageSize);
      return { first, count: Math.ceil(step.bytes / profile.pageSize) + 1 };
    }
    case "set":
      return touchedBySet(step, slots.length);
    default:
      return { first: 0, count: 0 };
  }
}

/** Attributes that look at every slot. */
const WHOLE = [
  "idle",
  "writeback",
  "recompress",
  "compact",
  "reset",
  "disksize",
];

function touchedBySet({ attr, value }: ZramSteps["set"], all: number): Touched {
  const index = attr === "writeback" && /^page_index=(\d+)$/.exec(value)?.[1];
  if (index) return { first: Number(index), count: 1 };
  return { first: 0, count: WHOLE.includes(attr) ? all : 0 };
}
