/** A judge that keeps the ledger, and holds rules against it. */
import type { Profile } from "../../linux/profile.ts";
import type { ExpandedPages } from "../../programs/expanded.ts";
import type {
  ZramCreate,
  ZramResults,
  ZramStep,
  ZramSteps,
} from "../../programs/zram/steps.ts";
import type { Judge } from "../judge.ts";
import { follow, type ZramAnswer } from "./follow.ts";
import type { LengthOf } from "../lengths.ts";
import { ZramLedger } from "./ledger.ts";
import type { Expected } from "./ledger_bio.ts";
import { nextStored } from "./ledger_text.ts";
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
  /** The kernel that a device is of, with the geometry of `create`. */
  profileOf(create: ZramCreate): Profile;
  /** What is special about a device, where that is not what `create` says. */
  createOf?(create: ZramCreate): ZramCreate;
  /** How long pages become on a device. */
  lengthsOf(create: ZramCreate): LengthOf;
  /** Whether the device's pool has Linux's classes. */
  readonly isLinux: boolean;
  /** The rules. */
  readonly rules: readonly LedgerRules[];
  /** The bytes of pages. */
  readonly pages: ExpandedPages;
  /** What is asked after a step; nothing where it changed nothing. */
  questions?(ledger: ZramLedger, step: ZramStep): readonly ZramStep[];
}

/** A judge, and the ledger that it keeps. */
export interface LedgerJudge extends Judge<ZramSteps, ZramResults> {
  /** What the device must be like. */
  readonly ledger: ZramLedger;
}

/** How many pages that hold nothing are read at a program's end. */
const EMPTY_PAGES = 4;

/** Keeps a ledger and judges by rules. */
export function ledgerJudge(options: LedgerOptions): LedgerJudge {
  const { rules, pages } = options;
  const fresh = (create: ZramCreate) =>
    new ZramLedger({
      profile: options.profileOf(create),
      create: options.createOf?.(create) ?? create,
      lengthOf: options.lengthsOf(create),
      isLinux: options.isLinux,
      pages,
    });
  const numbers = new Float64Array(MM_STAT_NUMBERS);
  let made: ZramLedger | undefined;
  return {
    get ledger() {
      return made ??= fresh({});
    },
    after(step, answer) {
      if (step.op === "create") made = fresh(step);
      const ledger = made ??= fresh({});
      for (const rule of rules) rule.before?.(ledger, step, answer);
      const expected = follow(ledger, step, answer);
      for (const rule of rules) rule.after?.(ledger, step, answer, expected);
      const text = mmStatText(step, answer);
      if (text === undefined) return observeUsed(ledger, step, answer);
      const count = readNumbers(text, numbers);
      for (const rule of rules) rule.mmStat?.(ledger, numbers, count, text);
      ledger.observe(numbers);
    },
    questions: (step) =>
      made === undefined ? [] : options.questions?.(made, step) ?? [],
    closing: () => made === undefined ? [] : closingReads(made),
  };
}

/** Kernels without `mm_stat` show what is used in a file of its own. */
function observeUsed(
  { memory, profile }: ZramLedger,
  step: ZramStep,
  answer: ZramAnswer,
): void {
  if (step.op !== "get" || step.attr !== "mem_used_total") return;
  // Only what was read is answered so.
  const { value } = answer as Partial<ZramResults["get"]>;
  if (value !== undefined) {
    memory.bounds.observe(Number(value) / profile.pageSize);
  }
}

/** The text of `mm_stat`, where that is what was answered. */
function mmStatText(step: ZramStep, answer: ZramAnswer): string | undefined {
  if (step.op !== "get" || step.attr !== "mm_stat") return undefined;
  // Only what was read is answered so.
  return (answer as Partial<ZramResults["get"]>).value;
}

/** Reads of every page that holds something, and of a few that do not. */
function closingReads(ledger: ZramLedger): readonly ZramStep[] {
  const { length } = ledger.pages;
  const reads: ZramStep[] = [];
  let empty = 0;
  for (let page = 0; page < length;) {
    const stored = nextStored(ledger, page);
    for (; page < stored; page++) {
      if (empty++ < EMPTY_PAGES) reads.push({ op: "read", page });
    }
    if (page < length) reads.push({ op: "read", page: page++ });
  }
  return reads;
}
