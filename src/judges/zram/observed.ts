/** Judging a device by a recording: what was observed when another ran the program. */
import { checksum } from "../../programs/page_data.ts";
import type { ZramOperation } from "../../programs/transcript_zram.ts";
import type {
  ZramResults,
  ZramStep,
  ZramSteps,
} from "../../programs/zram/steps.ts";
import { type BlockStateRow, isRefusal } from "../../targets/target.ts";
import { BD_STAT_FIELDS, MM_STAT_FIELDS } from "../../zram/stat.ts";
import type { Comparison } from "../comparison.ts";
import type { Judge } from "../judge.ts";
import { errnoOf, type ZramAnswer } from "./follow.ts";
import { BD_STAT, MM_STAT } from "./questions.ts";

/** What this judge asks, as these very objects; and what it shows. */
const QUESTIONS: ReadonlyMap<ZramStep, "mm_stat" | "bd_stat"> = new Map([
  [MM_STAT, "mm_stat"],
  [BD_STAT, "bd_stat"],
]);

/** The names of the numbers. */
const FIELDS = { mm_stat: MM_STAT_FIELDS, bd_stat: BD_STAT_FIELDS };

/**
 * Compares the answers to the steps of a recording's program, of which the
 * first is `create`, one after another. It throws nothing: differences are
 * left in the comparison.
 */
export function comparingZram(
  operations: readonly ZramOperation[],
  comparison: Comparison,
): Judge<ZramSteps, ZramResults> {
  let steps = 0;
  const last = () => operations[steps - 2];
  return {
    before(step) {
      if (!QUESTIONS.has(step)) steps++;
    },
    after(step, answer) {
      const file = QUESTIONS.get(step);
      if (file !== undefined) compareNumbers(comparison, last(), file, answer);
      else if (steps > 1) compareAnswer(comparison, last(), answer);
    },
    questions: () =>
      [...QUESTIONS].flatMap(([question, file]) =>
        steps < 2 || last()[file] === undefined ? [] : [question]
      ),
  };
}

function compareNumbers(
  comparison: Comparison,
  operation: ZramOperation,
  file: "mm_stat" | "bd_stat",
  answer: ZramAnswer,
): void {
  const observed = operation[file] ?? [];
  const text = answer !== undefined && "value" in answer ? answer.value : "";
  const shown = text.trim().split(/\s+/).map(Number);
  if (observed.length !== shown.length) {
    comparison.same(`numbers of ${file}`, observed.length, shown.length);
  }
  observed.forEach((number, nth) =>
    comparison.same(`${file} ${FIELDS[file][nth]}`, number, shown[nth])
  );
}

/** Compares an answer with what was observed. */
function compareAnswer(
  comparison: Comparison,
  operation: ZramOperation,
  answer: ZramAnswer,
): void {
  comparison.errno(operation.errno, errnoOf(answer));
  if (operation.errno !== undefined || answer === undefined) return;
  switch (operation.op) {
    case "get":
      if ("value" in answer) {
        comparison.same("text", operation.value, answer.value);
      }
      return;
    case "write":
      if ("stored" in answer && operation.stored !== undefined) {
        comparison.same("stored", operation.stored, answer.stored);
      }
      return;
    case "read":
      if ("data" in answer && answer.data !== undefined) {
        comparison.same("crc32", operation.crc32, checksum(answer.data));
      }
      return;
    case "block_state":
      if (!isRefusal(answer)) {
        // Only `block_state` is answered by a list.
        compareRows(
          comparison,
          operation.state,
          answer as readonly BlockStateRow[],
        );
      }
  }
}

/** Access times are not recorded: pages and flags alone are compared. */
function compareRows(
  comparison: Comparison,
  state: readonly (readonly [number, string])[] = [],
  rows: readonly BlockStateRow[],
): void {
  const observed = new Map(state);
  const expected = new Map(rows.map(([page, flags]) => [page, flags]));
  for (const page of new Set([...observed.keys(), ...expected.keys()])) {
    comparison.same(
      `block_state of page ${page}`,
      observed.get(page) ?? "not stored",
      expected.get(page) ?? "not stored",
    );
  }
}
