/** What is asked of a device after a step, so that it can be compared. */
import { ATTR_WO, type ZramProfile } from "../../linux/zram_profile.ts";
import type { ZramStep, ZramSteps } from "../../programs/zram/steps.ts";
import type { ZramLedger } from "./ledger.ts";

/** What memory is used. */
export const MM_STAT: ZramStep = { op: "get", attr: "mm_stat" };
/** What is on the backing device. */
export const BD_STAT: ZramStep = { op: "get", attr: "bd_stat" };
/** Where pages are. */
export const BLOCK_STATE: ZramStep = { op: "block_state" };
const USED: ZramStep = { op: "get", attr: "mem_used_total" };

/** Operations that change nothing that `mm_stat` shows. */
const QUIET: readonly (keyof ZramSteps)[] = [
  "get",
  "read",
  "block_state",
  "wait",
  "open",
  "close",
];

/** Asks for `mm_stat` after what may have changed it, and after itself. */
export function memoryQuestions(
  { profile }: ZramLedger,
  step: ZramStep,
): readonly ZramStep[] {
  const isAsked = !QUIET.includes(step.op) ||
    (step.op === "get" && step.attr === "mm_stat");
  return isAsked && "mm_stat" in profile.zram.attributes ? [MM_STAT] : [];
}

/** The attributes of a kernel that can be read. */
export function readableAttributes({ attributes }: ZramProfile): string[] {
  return Object.keys(attributes).filter((attr) => attributes[attr] !== ATTR_WO);
}

/** Steps between questions for another attribute. */
const ATTRIBUTE_STEPS = 8;

/** Asks now and then for one of some attributes, for one after another. */
export function attributeInTurn(): (
  among: () => readonly string[],
) => readonly ZramStep[] {
  let steps = 0;
  return (among) => {
    if (++steps % ATTRIBUTE_STEPS > 0) return [];
    const attributes = among();
    const attr = attributes[steps / ATTRIBUTE_STEPS % attributes.length];
    return [{ op: "get", attr }];
  };
}

/**
 * Asks for what memory is used after each step that may have changed it, for
 * one attribute after another, and for `block_state` as often as that is no
 * more work than the steps.
 */
export function allQuestions(): (
  ledger: ZramLedger,
  step: ZramStep,
) => readonly ZramStep[] {
  const another = attributeInTurn();
  let sinceRows = 0;
  return ({ pages, profile: { zram } }, step) => {
    const memory = "mm_stat" in zram.attributes ? MM_STAT : USED;
    const asked = QUIET.includes(step.op) ? [] : [memory];
    const attribute = another(() => readableAttributes(zram));
    asked.push(...attribute);
    sinceRows++;
    const isDue = attribute.length > 0 && sinceRows > 64 + pages.length / 4;
    if (isDue && zram.memoryTracking) {
      sinceRows = 0;
      asked.push(BLOCK_STATE);
    }
    return asked;
  };
}
