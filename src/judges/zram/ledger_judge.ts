/** A judge that keeps the ledger, and holds rules against it. */
import type {
  ZramCreate,
  ZramResults,
  ZramStep,
  ZramSteps,
} from "../../programs/zram/steps.ts";
import type { Judge } from "../judge.ts";
import { follow, type ZramAnswer } from "./follow.ts";
import { type LedgerSetup, ZramLedger } from "./ledger.ts";
import type { Expected } from "./ledger_bio.ts";
import { NOWHERE } from "./ledger_pages.ts";
import { MM_STAT_NUMBERS, readNumbers } from "./mm_stat.ts";

/** Rules that answers are held against, by what the ledger says. */
export interface LedgerRules {
  /** Judges an answer by what was before it. */
  before?(ledger: ZramLedger, step: ZramStep, answer: ZramAnswer): void;
  /** Judges an answer by what is after it, and by what was expected. */
  after?(
    ledger: ZramLedger,
    step: ZramStep,
    answer: ZramAnswer,
    expected: Expected,
  ): void;
  /** Judges the numbers of `mm_stat`; `count` is -1 where they are none. */
  mmStat?(
    ledger: ZramLedger,
    numbers: Float64Array,
    count: number,
    text: string,
  ): void;
}

/** What a {@linkcode ledgerJudge} is made with. */
export interface LedgerOptions {
  /** What the ledger of a device is made with. */
  setupOf(create: ZramCreate): LedgerSetup;
  /** The rules. */
  readonly rules: readonly LedgerRules[];
  /** What is asked after a step; nothing where it changed nothing. */
  questions(ledger: ZramLedger, step: ZramStep): readonly ZramStep[];
}

/** A judge, and the ledger that it keeps. */
export interface LedgerJudge extends Judge<ZramSteps, ZramResults> {
  /** What the device must be like. */
  readonly ledger: ZramLedger;
}

/** How many pages that hold nothing are read at a program's end. */
const EMPTY_PAGES = 4;

/** Keeps a ledger and judges by rules. */
export function ledgerJudge(
  { setupOf, rules, questions }: LedgerOptions,
): LedgerJudge {
  const numbers = new Float64Array(MM_STAT_NUMBERS);
  let made: ZramLedger | undefined;
  const current = () => made ??= new ZramLedger(setupOf({}));
  return {
    get ledger() {
      return current();
    },
    after(step, answer) {
      if (step.op === "create") made = new ZramLedger(setupOf(step));
      const ledger = current();
      for (const rule of rules) rule.before?.(ledger, step, answer);
      const expected = follow(ledger, step, answer);
      for (const rule of rules) rule.after?.(ledger, step, answer, expected);
      // Kernels without `mm_stat` show what is used in a file of its own.
      const used = textRead("mem_used_total", step, answer);
      if (used !== undefined) ledger.observeUsed(Number(used));
      const text = textRead("mm_stat", step, answer);
      if (text === undefined) return;
      const count = readNumbers(text, numbers);
      for (const rule of rules) rule.mmStat?.(ledger, numbers, count, text);
      ledger.observe(numbers);
    },
    questions: (step) => made === undefined ? [] : questions(made, step),
    closing: () => made === undefined ? [] : closingReads(made),
  };
}

/** The text of an attribute, where that is what was read. */
function textRead(
  attr: string,
  step: ZramStep,
  answer: ZramAnswer,
): string | undefined {
  if (step.op !== "get" || step.attr !== attr) return undefined;
  // Only what was read is answered so.
  return (answer as Partial<ZramResults["get"]>).value;
}

/** Reads of every page that holds something, and of a few that do not. */
function closingReads({ pages: { place } }: ZramLedger): readonly ZramStep[] {
  let empty = 0;
  return [...place.keys()]
    .filter((page) => place[page] !== NOWHERE || empty++ < EMPTY_PAGES)
    .map((page) => ({ op: "read", page }));
}
