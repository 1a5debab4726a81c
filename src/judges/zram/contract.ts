/** Judging a device by the contract: what holds whatever its policy. */
import type { Bytes } from "../../programs/bytes.ts";
import { requestEnd } from "../../programs/zram/request_range.ts";
import type { ZramStep, ZramSteps } from "../../programs/zram/steps.ts";
import type { Rule } from "../../rules/invariant.ts";
import type { Reach } from "../../rules/reach.ts";
import { isRefusal, type Refusal } from "../../targets/target.ts";
import { Disagreement, expectRefusal, expectSame, resultOf } from "../judge.ts";
import { lineOf, stringOf } from "../texts.ts";
import { contractStat } from "./contract_stat.ts";
import { ZRAM_CONTRACT as RULES } from "./contract_rules.ts";
import {
  type Answered,
  byOperation,
  type LedgerTable,
  type ZramAnswer,
} from "./follow.ts";
import type { ZramLedger } from "./ledger.ts";
import { isSupported } from "./ledger_bio.ts";
import type { LedgerRules } from "./ledger_judge.ts";
import { expectPage, expectSectors } from "./reads.ts";
import { MM } from "./mm_stat.ts";
import { bytesNamed } from "./sizes.ts";

/** What a {@linkcode contractRules} is made with. */
export interface ContractOptions {
  /** Counts the rules that were exercised. */
  readonly reach: Reach;
  /** Whether what may fail for other reasons than the contract's is judged elsewhere. */
  readonly isModel: boolean;
}

/** The rules of zram's contract. */
export function contractRules(
  options: ContractOptions,
): readonly LedgerRules[] {
  const { reach } = options;
  const judges = judgesOf(options);
  return [contractStat(reach), {
    before(ledger, step, answer) {
      if (!isOutside(ledger, step)) {
        return byOperation(judges, ledger, step, answer);
      }
      expectRefusal(RULES.outside, answer);
      reach.count(RULES.outside);
    },
  }];
}

/** Whether a request is for what the disk has not got; it must be refused. */
function isOutside({ disksize, profile }: ZramLedger, step: ZramStep): boolean {
  return step.op !== "slot_free_notify" &&
    requestEnd(step, profile.pageSize) > disksize;
}

/** How the answers to each operation are judged by what was before them. */
function judgesOf(options: ContractOptions): LedgerTable<void> {
  const { reach } = options;
  return {
    create: (_ledger, _step, answer) => succeeds(answer, reach),
    set: (ledger, step, answer) => judgeSet(ledger, step, answer, options),
    get: (ledger, { attr }, answer) => judgeGet(ledger, attr, answer, options),
    write: (ledger, step, answer) => judgeWrite(ledger, step, answer, reach),
    read: (ledger, { page }, answer) => judgeRead(ledger, page, answer, reach),
    discard(ledger, _step, answer) {
      if (ledger.profile.zram.discard) succeeds(answer, reach);
    },
    bio: (ledger, step, answer) => judgeBio(ledger, step, answer, options),
  };
}

function succeeds(answer: ZramAnswer, reach: Reach): void {
  resultOf(RULES.succeeds, answer);
  reach.count(RULES.succeeds);
}

function judgeSet(
  ledger: ZramLedger,
  { attr, value }: ZramSteps["set"],
  answer: Answered<"set">,
  { reach, isModel }: ContractOptions,
): void {
  // A write of no bytes reaches no attribute.
  if (value === "") return;
  const refused = refusalsOf(ledger, attr, stringOf(value));
  if (refused === undefined) {
    if (attr === "mem_limit" && !isModel) succeeds(answer, reach);
    return;
  }
  if (refused.length === 0) return succeeds(answer, reach);
  expectRefusal(RULES.refuses, answer, refused);
  reach.count(RULES.refuses);
}

/**
 * The errnos with which an attribute must refuse a text; none if it must not;
 * `undefined` where the contract does not say.
 */
function refusalsOf(
  ledger: ZramLedger,
  attr: string,
  value: string,
): readonly string[] | undefined {
  const { isInitialised, profile: { zram } } = ledger;
  if (!(attr in zram.attributes)) return undefined;
  const busy = isInitialised ? ["EBUSY"] : [];
  switch (attr) {
    case "disksize":
      // Up to 4.2 this is where an unknown algorithm is refused, and since 6.12
      // what one was told.
      if (ledger.outcomeOfSetUp !== undefined) return undefined;
      return (bytesNamed(value, ledger.profile) ?? 0n) === 0n
        ? ["EINVAL", ...busy]
        : busy;
    case "comp_algorithm":
      if (zram.algorithmChecked === "when-initialised") return undefined;
      if (ledger.canChoose(lineOf(value))) return busy;
      return value.length >= 128 ? undefined : ["EINVAL", ...busy];
    case "compact":
      return isInitialised ? [] : ["EINVAL"];
    case "reset":
    case "mem_used_max":
      // Others than these two texts are for the kernel's own reading.
      if (value !== "0" && value !== "1") return undefined;
      if (attr === "reset" && ledger.openers > 0) return undefined;
      return (attr === "reset") === (value === "0") ? ["EINVAL"] : [];
    default:
      return undefined;
  }
}

function judgeGet(
  ledger: ZramLedger,
  attr: string,
  answer: Answered<"get">,
  { reach, isModel }: ContractOptions,
): void {
  const { disksize, isInitialised, algorithms: [chosen = ""] } = ledger;
  const { attributes, compAlgorithms } = ledger.profile.zram;
  if (!(attr in attributes)) return;
  if (isRefusal(answer)) return isModel ? undefined : succeeds(answer, reach);
  const { value } = answer;
  const text = (right: string, found = value) => {
    expectSame(RULES.texts, right, found);
    reach.count(RULES.texts);
  };
  if (attr === "disksize") text(`${disksize}\n`);
  if (attr === "initstate") text(isInitialised ? "1\n" : "0\n");
  if (attr === "comp_algorithm" && compAlgorithms.includes(chosen)) {
    text(`[${chosen}]`, `[${/\[(.*)\]/.exec(value)?.[1]}]`);
  }
}

function judgeWrite(
  ledger: ZramLedger,
  { data }: ZramSteps["write"],
  answer: Answered<"write">,
  reach: Reach,
): void {
  const { pageSize } = ledger.profile;
  const bytes = ledger.bytesOf(data);
  const isSame = ledger.takesNoMemory(bytes);
  if (isRefusal(answer)) {
    if (isSame || !mayRefuse(ledger, bytes, data)) {
      throw new Disagreement(RULES.writes, { stored: "…" }, answer);
    }
    return reach.count(RULES.writes);
  }
  const { stored } = answer;
  if (stored !== undefined) {
    const isRight = isSame ? stored === 0 : stored > 0 && stored <= pageSize;
    if (!isRight) {
      const range = isSame ? 0 : `1 to ${pageSize}`;
      throw new Disagreement(RULES.stored, { stored: range }, { stored });
    }
    reach.count(RULES.stored);
  }
  if (ledger.memory.limit > 0) reach.count(RULES.writes);
}

/**
 * Whether a write may be refused: where the length of the page is known, only
 * if it must be; else where the limit leaves less room than a zspage may take.
 */
function mayRefuse(
  ledger: ZramLedger,
  bytes: Uint8Array,
  data: Bytes,
): boolean {
  const { attempt, stored } = ledger.storing(bytes, data);
  if (attempt !== undefined || stored === false) return stored !== true;
  const { memory: { limit }, seen, profile: { pageSize, chainSize } } = ledger;
  const used = seen[MM.mem_used_total] / pageSize;
  return limit > 0 && used + chainSize > limit;
}

function judgeRead(
  ledger: ZramLedger,
  page: number,
  answer: Answered<"read">,
  reach: Reach,
): void {
  if (!ledger.isReadable(page)) return;
  const { data } = resultOf(RULES.succeeds, answer);
  expectPage(RULES.data, ledger, page, data, reach);
}

/** A request in sectors inside the disk: it reads what is there. */
function judgeBio(
  ledger: ZramLedger,
  step: ZramSteps["bio"],
  answer: Answered<"bio">,
  { reach, isModel }: ContractOptions,
): void {
  if (isRefusal(answer)) {
    if (!isModel) judgeRefusedBio(ledger, step.request, answer);
  } else if (step.request === "read" && answer.data !== undefined) {
    expectSectors(RULES.data, ledger, step, answer.data, reach);
  }
}

/** A request inside the disk is refused where the limit is, or for its kind. */
function judgeRefusedBio(
  ledger: ZramLedger,
  request: ZramSteps["bio"]["request"],
  answer: Refusal,
): void {
  if (!isSupported(ledger, request)) return;
  if (request !== "write") return void resultOf(RULES.succeeds, answer);
  if (ledger.memory.limit > 0) return;
  throw new Disagreement(RULES.writes, "no error", answer);
}

/** The rules of the contract, as a list to read. */
export const ZRAM_CONTRACT_RULES: readonly Rule[] = Object.values(RULES);
