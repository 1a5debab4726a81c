/** Judging a device by the model: the same answers, to the byte. */
import type { Profile } from "../../linux/profile.ts";
import { ATTR_RW } from "../../linux/zram_profile.ts";
import { ExpandedPages } from "../../programs/expanded.ts";
import type {
  ZramResults,
  ZramStep,
  ZramSteps,
} from "../../programs/zram/steps.ts";
import type { Reach } from "../../rules/reach.ts";
import { SKIPPED } from "../../targets/step_target.ts";
import { type BlockStateRow, isRefusal } from "../../targets/target.ts";
import { ZramModel, zramModelTarget } from "../../targets/zram/model.ts";
import { EXACT, expectBytes, expectSame, type Judge } from "../judge.ts";
import type { ZramAnswer } from "./follow.ts";
import {
  attributeInTurn,
  BD_STAT,
  BLOCK_STATE,
  readableAttributes,
} from "./questions.ts";

/** What {@linkcode exactZram} is made with. */
export interface ExactOptions {
  /** The kernel. */
  readonly profile: Profile;
  /** Pages of the backing device, if there is one. */
  readonly backingPages: number | undefined;
  /** Attributes that may be read. */
  readonly attributes: ReadonlySet<string>;
  /** Counts what is exercised. */
  readonly reach: Reach;
}

/** Holds every answer against the model's. */
export function exactZram(
  { profile, backingPages, attributes, reach }: ExactOptions,
): Judge<ZramSteps, ZramResults> {
  const model = zramModelTarget(new ZramModel(profile), new ExpandedPages());
  return {
    after(step, answer) {
      const asked: ZramStep = step.op === "create"
        ? { op: "create", backingPages }
        : step;
      const expected = model.ask(asked);
      // The model answers at once, and what it cannot do it was not asked.
      if (expected === SKIPPED) return;
      compare(step, expected as ZramAnswer, answer);
      reach.count(EXACT);
    },
    questions: questionsFor(profile, backingPages, attributes),
  };
}

/** Throws where two answers to a step differ. */
function compare(
  step: ZramStep,
  expected: ZramAnswer,
  found: ZramAnswer,
): void {
  if (isRefusal(expected) || isRefusal(found)) {
    return expectSame(EXACT, outcomeOf(expected), outcomeOf(found));
  }
  switch (step.op) {
    case "get":
      return expectSame(EXACT, expected, found);
    case "write":
      return compareStored(expected, found);
    case "read":
    case "bio":
      return expectBytes(EXACT, bytesOf(expected), bytesOf(found));
    case "block_state":
      return expectSame(EXACT, rowsOf(expected), rowsOf(found));
  }
}

/** Some devices cannot tell how a page is stored: then it is not compared. */
function compareStored(expected: ZramAnswer, found: ZramAnswer): void {
  // A write that is not refused is answered so.
  const { stored } = found as ZramResults["write"];
  if (stored !== undefined) expectSame(EXACT, expected, { stored });
}

function outcomeOf(answer: ZramAnswer): unknown {
  return isRefusal(answer) ? { error: answer.error } : "no error";
}

function bytesOf(answer: ZramAnswer): Uint8Array {
  const has = answer !== undefined && "data" in answer;
  return has ? answer.data ?? new Uint8Array(0) : new Uint8Array(0);
}

/** Rows without the times, which only the model shows. */
function rowsOf(answer: ZramAnswer): unknown {
  // Only `block_state` is answered by a list.
  return (answer as readonly BlockStateRow[])
    .map(([page, flags]) => [page, flags]);
}

/** Operations that change what a device holds. */
const CHANGING: readonly (keyof ZramSteps)[] = [
  "set",
  "write",
  "discard",
  "bio",
];

/** Attributes by which pages are marked, written back or compressed anew. */
const OF_PAGES = ["idle", "writeback", "recompress"];

/**
 * What a text was written to is read, and where pages are stored that may have
 * moved; where pages are written back, `bd_stat` is asked for too; and now and
 * then one attribute after another.
 */
function questionsFor(
  { zram }: Profile,
  backingPages: number | undefined,
  asked: ReadonlySet<string>,
): (step: ZramStep) => readonly ZramStep[] {
  const { attributes, memoryTracking } = zram;
  const readable = readableAttributes(zram).filter((attr) => asked.has(attr));
  const isBacked = backingPages !== undefined && "bd_stat" in attributes;
  const another = attributeInTurn();
  return (step) => {
    const questions: ZramStep[] = [];
    if (step.op === "set") {
      const { attr } = step;
      if (attributes[attr] === ATTR_RW) questions.push({ op: "get", attr });
      const isShown = memoryTracking && OF_PAGES.includes(attr);
      if (isShown) questions.push(BLOCK_STATE);
    }
    if (!CHANGING.includes(step.op)) return questions;
    if (isBacked) questions.push(BD_STAT);
    return [...questions, ...another(() => readable)];
  };
}
