/** What is asked of a device after a step, so that the ledger can be compared. */
import { ATTR_WO } from "../../linux/zram_profile.ts";
import type { ZramStep, ZramSteps } from "../../programs/zram/steps.ts";
import type { ZramLedger } from "./ledger.ts";

const MM_STAT: ZramStep = { op: "get", attr: "mm_stat" };
const USED: ZramStep = { op: "get", attr: "mem_used_total" };
const BLOCK_STATE: ZramStep = { op: "block_state" };

/** Operations that change nothing that `mm_stat` shows. */
const QUIET: readonly (keyof ZramSteps)[] = [
  "get",
  "read",
  "block_state",
  "wait",
  "open",
  "close",
  "slot_free_notify",
];

/** Whether a step may change what `mm_stat` shows. */
function mayChange(step: ZramStep): boolean {
  return !QUIET.includes(step.op) || step.op === "slot_free_notify";
}

/** Asks for `mm_stat` after what may have changed it, and after itself. */
export function memoryQuestions(
  { profile }: ZramLedger,
  step: ZramStep,
): readonly ZramStep[] {
  if (!("mm_stat" in profile.zram.attributes)) return [];
  const isAsked = mayChange(step) ||
    (step.op === "get" && step.attr === "mm_stat");
  return isAsked ? ONLY_MM_STAT : [];
}

const ONLY_MM_STAT: readonly ZramStep[] = [MM_STAT];
const ONLY_USED: readonly ZramStep[] = [USED];

/** Steps between questions for another attribute. */
const ATTRIBUTE_STEPS = 8;

/**
 * Asks for what memory is used after each step that may have changed it, for
 * one attribute after another, and for `block_state` as often as that is no
 * more work than the steps.
 */
export function allQuestions(): (
  ledger: ZramLedger,
  step: ZramStep,
) => readonly ZramStep[] {
  let steps = 0;
  let sinceRows = 0;
  return (ledger, step) => {
    const { attributes, memoryTracking } = ledger.profile.zram;
    const memory = !mayChange(step)
      ? []
      : "mm_stat" in attributes
      ? ONLY_MM_STAT
      : ONLY_USED;
    sinceRows++;
    if (++steps % ATTRIBUTE_STEPS > 0) return memory;
    const asked = [...memory];
    const readable = Object.keys(attributes).filter((attr) =>
      attributes[attr] !== ATTR_WO
    );
    const nth = steps / ATTRIBUTE_STEPS % readable.length;
    asked.push({ op: "get", attr: readable[nth] });
    if (memoryTracking && sinceRows > 64 + ledger.pages.length / 4) {
      sinceRows = 0;
      asked.push(BLOCK_STATE);
    }
    return asked;
  };
}
