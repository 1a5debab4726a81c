/** Judging a device by the contract: what holds whatever its policy. */
import type { Bytes } from "../../programs/bytes.ts";
import {
  SECTOR,
  type ZramResults,
  type ZramStep,
  type ZramSteps,
} from "../../programs/zram/steps.ts";
import type { Rule } from "../../rules/invariant.ts";
import type { Reach } from "../../rules/reach.ts";
import { isRefusal, type Refusal } from "../../targets/target.ts";
import { Disagreement, expectRefusal, expectSame, resultOf } from "../judge.ts";
import { contractStat } from "./contract_stat.ts";
import { ZRAM_CONTRACT as RULES } from "./contract_rules.ts";
import type { ZramAnswer } from "./follow.ts";
import type { ZramLedger } from "./ledger.ts";
import { isSupported } from "./ledger_bio.ts";
import type { LedgerRules } from "./ledger_judge.ts";
import { expectPage, expectSectors } from "./reads.ts";
import { BACKING } from "./ledger_pages.ts";
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
export function contractRules(options: ContractOptions): LedgerRules {
  const { reach } = options;
  const stat = contractStat(reach);
  return {
    before(ledger, step, answer) {
      stat.allow(ledger, step);
      judge(ledger, step, answer, options);
    },
    mmStat: stat.check,
  };
}

/** Judges an answer by what was before it. */
function judge(
  ledger: ZramLedger,
  step: ZramStep,
  answer: ZramAnswer,
  options: ContractOptions,
): void {
  const { reach } = options;
  switch (step.op) {
    case "create":
      return succeeds(answer, reach);
    case "set":
      return judgeSet(ledger, step, answer, options);
    case "get":
      return judgeGet(ledger, step.attr, answer, options);
    case "write":
      if (isOutside(ledger, step.page, 1, answer, reach)) return;
      return judgeWrite(ledger, step, answer, options);
    case "read":
      if (isOutside(ledger, step.page, 1, answer, reach)) return;
      return judgeRead(ledger, step.page, answer, reach);
    case "discard":
      if (isOutside(ledger, step.page, step.pages, answer, reach)) return;
      if (ledger.profile.zram.discard) succeeds(answer, reach);
      return;
    case "bio":
      return judgeBio(ledger, step, answer, options);
  }
}

function succeeds(answer: ZramAnswer, reach: Reach): void {
  resultOf(RULES.succeeds, answer);
  reach.count(RULES.succeeds);
}

/** Whether pages are not of the disk; a request for them must be refused. */
function isOutside(
  { pages }: ZramLedger,
  page: number,
  count: number,
  answer: ZramAnswer,
  reach: Reach,
): boolean {
  if (page + count <= pages.length) return false;
  expectRefusal(RULES.outside, answer);
  reach.count(RULES.outside);
  return true;
}

function judgeSet(
  ledger: ZramLedger,
  { attr, value }: ZramSteps["set"],
  answer: ZramAnswer,
  { reach, isModel }: ContractOptions,
): void {
  const refused = refusalsOf(ledger, attr, value);
  if (refused === undefined) {
    if (attr === "mem_limit" && !isModel) succeeds(answer, reach);
    return;
  }
  if (refused.length === 0) return succeeds(answer, reach);
  expectRefusal(RULES.refuses, answer, refused);
  reach.count(RULES.refuses);
}

/** The attributes of which the contract says what they must take. */
const JUDGED = [
  "disksize",
  "comp_algorithm",
  "compact",
  "reset",
  "mem_used_max",
];

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
  if (!JUDGED.includes(attr) || !(attr in zram.attributes)) return undefined;
  const busy = isInitialised ? ["EBUSY"] : [];
  switch (attr) {
    case "disksize":
      // Up to 4.2 this is where an unknown algorithm is refused, and since 6.12
      // what one was told.
      if (ledger.outcomeOfSetUp !== undefined) return undefined;
      return (bytesNamed(value) ?? 0n) === 0n ? ["EINVAL", ...busy] : busy;
    case "comp_algorithm":
      if (zram.algorithmChecked === "when-initialised") return undefined;
      if (ledger.canChoose(value.replace(/\n$/, ""))) return busy;
      return value.length >= 128 ? undefined : ["EINVAL", ...busy];
    case "compact":
      return isInitialised ? [] : ["EINVAL"];
    default:
      // Others than these two texts are for the kernel's own reading.
      if (value !== "0" && value !== "1") return undefined;
      if (attr === "reset" && ledger.openers > 0) return undefined;
      return (attr === "reset") === (value === "0") ? ["EINVAL"] : [];
  }
}

function isAvailable({ available }: ZramLedger, name: string): boolean {
  return available.includes(name);
}

function judgeGet(
  ledger: ZramLedger,
  attr: string,
  answer: ZramAnswer,
  { reach, isModel }: ContractOptions,
): void {
  const { disksize, isInitialised, algorithms } = ledger;
  if (!(attr in ledger.profile.zram.attributes)) return;
  if (isRefusal(answer)) return isModel ? undefined : succeeds(answer, reach);
  const value = answer !== undefined && "value" in answer ? answer.value : "";
  const text = (right: string, found = value) => {
    expectSame(RULES.texts, right, found);
    reach.count(RULES.texts);
  };
  if (attr === "disksize") text(`${disksize}\n`);
  if (attr === "initstate") text(isInitialised ? "1\n" : "0\n");
  if (attr === "comp_algorithm" && algorithms[0] !== undefined) {
    const isThere = isAvailable(ledger, algorithms[0]);
    const chosen = /\[(.*)\]/.exec(value)?.[1];
    if (isThere) text(`[${algorithms[0]}]`, `[${chosen}]`);
  }
}

function judgeWrite(
  ledger: ZramLedger,
  { page, data }: { readonly page: number; readonly data: Bytes },
  answer: ZramAnswer,
  { reach }: ContractOptions,
): void {
  const { pageSize } = ledger.profile;
  const bytes = ledger.bytesOf(data);
  const isSame = ledger.takesNoMemory(bytes);
  if (isRefusal(answer)) {
    if (isSame || !mayRefuse(ledger, bytes, data)) {
      throw new Disagreement(RULES.writes, { stored: "…" }, answer);
    }
    reach.count(RULES.writes);
    return;
  }
  // A write that is not refused is answered so.
  const { stored } = answer as ZramResults["write"];
  if (stored !== undefined) {
    const isRight = isSame ? stored === 0 : stored > 0 && stored <= pageSize;
    if (!isRight) {
      const range = isSame ? 0 : `1 to ${pageSize}`;
      throw new Disagreement(RULES.stored, { stored: range }, { stored });
    }
    reach.count(RULES.stored);
  }
  if (ledger.memory.limit > 0 && page < ledger.pages.length) {
    reach.count(RULES.writes);
  }
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
  answer: ZramAnswer,
  reach: Reach,
): void {
  const { block, place } = ledger.pages;
  const isBad = place[page] === BACKING &&
    (ledger.create.badReads ?? []).includes(block[page]);
  if (isBad) return;
  // A read that is not refused is answered so.
  const { data } = resultOf(RULES.succeeds, answer) as { data: Uint8Array };
  expectPage(RULES.data, ledger, page, data, reach);
}

/** A request in sectors: outside it is refused, inside it reads what is there. */
function judgeBio(
  ledger: ZramLedger,
  { request, sector, bytes }: ZramSteps["bio"],
  answer: ZramAnswer,
  { reach, isModel }: ContractOptions,
): void {
  if (sector * SECTOR + bytes > ledger.disksize) {
    expectRefusal(RULES.outside, answer);
    reach.count(RULES.outside);
    return;
  }
  if (isRefusal(answer)) {
    if (!isModel) judgeRefusedBio(ledger, request, answer);
    return;
  }
  if (request !== "read") return;
  const found = answer !== undefined && "data" in answer
    ? answer.data
    : undefined;
  if (found === undefined) return;
  expectSectors(RULES.data, ledger, { sector, bytes }, found, reach);
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
