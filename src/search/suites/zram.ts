/** How compressed block devices are judged. */
import { exactCodecsOf } from "../../codec/codecs.ts";
import { Disagreement, EXACT, resultOf } from "../../judges/judge.ts";
import {
  contractRules,
  ZRAM_CONTRACT_RULES,
} from "../../judges/zram/contract.ts";
import { ZRAM_CONTRACT } from "../../judges/zram/contract_rules.ts";
import { exactZram } from "../../judges/zram/exact.ts";
import { canFollow, onlyAsked } from "../../judges/zram/followed.ts";
import type { LedgerSetup, ZramLedger } from "../../judges/zram/ledger.ts";
import { isBugAt } from "../../judges/zram/ledger_bugs.ts";
import { ledgerJudge } from "../../judges/zram/ledger_judge.ts";
import { codecLengths, UNKNOWN_LENGTHS } from "../../judges/lengths.ts";
import { memoryQuestions } from "../../judges/zram/questions.ts";
import type { Profile } from "../../linux/profile.ts";
import type { ZramConfiguration } from "../../linux/zram_profile.ts";
import type { Scope } from "../../programs/program.ts";
import { ZRAM_LANGUAGE } from "../../programs/zram/language.ts";
import { configuredAs } from "../../programs/zram/shown_configuration.ts";
import { ExpandedPages } from "../../programs/expanded.ts";
import { isAligned, requestEnd } from "../../programs/zram/request_range.ts";
import {
  SECTOR,
  type ZramStep,
  type ZramSteps,
} from "../../programs/zram/steps.ts";
import type { Rule } from "../../rules/invariant.ts";
import type { Reach } from "../../rules/reach.ts";
import {
  isRefusal,
  TargetMissing,
  type ZramTarget,
} from "../../targets/target.ts";
import { objectZram, zramOpsOf } from "../../targets/zram/object.ts";
import type { Plan, Suite } from "../suite.ts";
import { trialOf } from "../trial.ts";

/** Bytes of a disk that any device can be. */
const SMALL_DISK = 65536;

/** What is known of a device before programs are made for it. */
export interface ZramPlan extends Plan {
  /** The algorithms that programs choose. */
  readonly algorithms: readonly string[];
  /** The steps that the device can do. */
  readonly ops: ReadonlySet<keyof ZramSteps>;
  /**
   * Whether a discard that reaches beyond the disk is judged. Version 1 of the
   * protocol did not say what becomes of it: of a command that has no requests
   * in sectors none is asked.
   */
  readonly discardsBeyond: boolean;
  /** Pages of a backing device that it finds, where it is to write back. */
  readonly backingPages?: number;
}

/** The most steps of a program: a device may be another process. */
const MOST_STEPS = 400;

/** Attributes of which the contract says what they do. */
const CONTRACT_ATTRIBUTES = [
  "disksize",
  "initstate",
  "reset",
  "compact",
  "mem_limit",
  "mem_used_max",
  "comp_algorithm",
  "mm_stat",
];

/** Attributes whose texts are Linux's own affair. */
const EXACT_ATTRIBUTES = [
  ...CONTRACT_ATTRIBUTES,
  "io_stat",
  "debug_stat",
  "bd_stat",
  "max_comp_streams",
  "algorithm_params",
];

/** Attributes of recompression, where it was built in. */
const RECOMPRESS_ATTRIBUTES = ["idle", "recomp_algorithm", "recompress"];

/** Attributes of writeback. */
const WRITEBACK_ATTRIBUTES = [
  "idle",
  "backing_dev",
  "writeback",
  "writeback_limit",
  "writeback_limit_enable",
  "writeback_batch_size",
  "compressed_writeback",
];

/** Attributes that a device of Linux's has, and others may do without. */
const OPTIONAL_ATTRIBUTES = [
  "max_comp_streams",
  "algorithm_params",
  "writeback_batch_size",
  "compressed_writeback",
];

/**
 * What level `exact` asks for: the contract, but for requests outside the disk,
 * and the model's answers.
 */
const EXACT_RULES: readonly Rule[] = [
  ...ZRAM_CONTRACT_RULES.filter((rule) => rule !== ZRAM_CONTRACT.outside),
  EXACT,
];

type ZramSuite = Suite<ZramTarget, ZramStep, ZramPlan>;

/** The suite of zram. */
export const ZRAM_SUITE: ZramSuite = {
  target: "zram",
  language: ZRAM_LANGUAGE,
  create: { op: "create" },
  rules: (level) => level === "exact" ? EXACT_RULES : ZRAM_CONTRACT_RULES,
  prepare,
  scope,
  trial,
};

/**
 * The suite of zram where a backing device of so many pages is to be had: at
 * level `exact` programs set it and write back to it.
 */
export function backedZramSuite(backingPages: number): ZramSuite {
  return {
    ...ZRAM_SUITE,
    prepare: async (target, plan) => ({
      ...await prepare(target, plan),
      backingPages,
    }),
  };
}

/**
 * Asks a fresh device which algorithms it has. At level `exact` programs use
 * those whose lengths the model knows; where it knows none, they write what no
 * compressor makes smaller, and words.
 */
async function prepare(target: ZramTarget, plan: Plan): Promise<ZramPlan> {
  const { profile, level } = plan;
  if (!("mm_stat" in profile.zram.attributes)) {
    throw new TargetMissing(
      `Cannot judge zram: ${profile.name} has no mm_stat, which came with 4.1`,
    );
  }
  resultOf(ZRAM_CONTRACT.succeeds, await target.create());
  const answer = await target.get("comp_algorithm");
  const { value } = resultOf(ZRAM_CONTRACT.texts, answer);
  const chosen = /\[(\S+)\]/.exec(value)?.[1];
  if (chosen === undefined) {
    const expected = "names, the chosen one in brackets";
    throw new Disagreement(ZRAM_CONTRACT.texts, expected, value);
  }
  const available = value.replaceAll(/[[\]]/g, "").trim().split(/\s+/);
  const isExact = level === "exact";
  const shown = isExact ? await shownConfiguration(target, profile) : {};
  const known = exactCodecsOf(profile.zram).map(({ name }) => name);
  const ops = await zramOpsOf(target);
  const found = configuredAs(profile, {
    ...shown,
    compAlgorithms: available,
    defaultAlgorithm: chosen,
  });
  return {
    ...plan,
    profile: isExact ? await withoutLacking(target, found) : found,
    algorithms: isExact
      ? available.filter((name) => known.includes(name))
      : available,
    ops,
    discardsBeyond: target.optional === undefined || ops.has("bio"),
  };
}

/** Whether a device has an attribute, though it may not be read. */
async function hasAttribute(target: ZramTarget, attr: string) {
  const answer = await target.get(attr);
  return !isRefusal(answer) || answer.error !== "ENOENT";
}

/** How many processors the model has: `max_comp_streams` shows it (up to 6.12). */
const ONE_PROCESSOR = "1\n";

/**
 * A kernel without the attributes that a fresh device does without, and without
 * the one that shows processors where that has more of them than the model.
 */
async function withoutLacking(
  target: ZramTarget,
  profile: Profile,
): Promise<Profile> {
  const { zram } = profile;
  const attributes = { ...zram.attributes };
  for (const attr of OPTIONAL_ATTRIBUTES) {
    if (!(attr in attributes)) continue;
    const answer = await target.get(attr);
    const isLacking = isRefusal(answer)
      ? answer.error === "ENOENT"
      : attr === "max_comp_streams" && zram.compStreams === "per-cpu" &&
        answer.value !== ONE_PROCESSOR;
    if (isLacking) delete attributes[attr];
  }
  return { ...profile, zram: { ...zram, attributes } };
}

/**
 * What a fresh device shows of what was built into it: the attributes that take
 * a part of the configuration, and whether `idle` takes an age.
 */
async function shownConfiguration(
  target: ZramTarget,
  { zram }: Profile,
): Promise<Partial<ZramConfiguration>> {
  const writeback = zram.writeback && await hasAttribute(target, "backing_dev");
  const multiComp = zram.multiComp && await hasAttribute(target, "recompress");
  await target.set("disksize", String(SMALL_DISK));
  const age = zram.trackEntryActime ? await target.set("idle", "1") : undefined;
  const trackEntryActime = zram.trackEntryActime &&
    !(age !== undefined && isRefusal(age));
  await target.create();
  return { writeback, multiComp, trackEntryActime };
}

/**
 * Whether programs write back: where it can be seen in `block_state` which
 * pages did.
 */
function isBacked({ level, profile, backingPages, ops }: ZramPlan): boolean {
  const { writeback, memoryTracking } = profile.zram;
  return level === "exact" && writeback && memoryTracking &&
    backingPages !== undefined && ops.has("block_state");
}

/** Attributes that programs set and read. */
function attributesOf(plan: ZramPlan): ReadonlySet<string> {
  if (plan.level !== "exact") return new Set(CONTRACT_ATTRIBUTES);
  return new Set([
    ...EXACT_ATTRIBUTES,
    ...(isBacked(plan) ? WRITEBACK_ATTRIBUTES : []),
    ...(plan.profile.zram.multiComp ? RECOMPRESS_ATTRIBUTES : []),
  ]);
}

/** Where pages are is asked for where they can be other than written. */
function showsPages(plan: ZramPlan): boolean {
  const { multiComp, memoryTracking } = plan.profile.zram;
  const isRecompressed = plan.level === "exact" && multiComp && memoryTracking;
  return isBacked(plan) || isRecompressed;
}

function scope(plan: ZramPlan): Scope {
  const ops = [...plan.ops].filter((op) =>
    op !== "block_state" || showsPages(plan)
  );
  return {
    profiles: [plan.profile],
    anyGeometry: false,
    ops: new Set(ops),
    maxSteps: MOST_STEPS,
    algorithms: plan.algorithms,
    attributes: attributesOf(plan),
    ...(isBacked(plan) ? { backingPages: plan.backingPages } : {}),
  };
}

function trial(target: ZramTarget, plan: ZramPlan, reach: Reach) {
  const { profile, level, backingPages } = plan;
  const isExact = level === "exact";
  const backed = isBacked(plan) ? backingPages : undefined;
  const setup: LedgerSetup = {
    profile,
    create: { backingPages: backed },
    lengthOf: isExact
      ? codecLengths(exactCodecsOf(profile.zram))
      : UNKNOWN_LENGTHS,
    isLinux: false,
    pages: new ExpandedPages(),
  };
  const judge = ledgerJudge({
    setupOf: () => setup,
    rules: contractRules({ reach, isModel: false }),
    questions: memoryQuestions,
  });
  let isCreated = false;
  const { ops } = scope(plan);
  const asked = onlyAsked(objectZram(target, profile), (step) => {
    isCreated ||= step.op === "create";
    return isCreated && ops.has(step.op) &&
      isJudged(step, judge.ledger, plan);
  });
  const attributes = attributesOf(plan);
  const exact = exactZram({ profile, backingPages: backed, attributes, reach });
  return trialOf(asked, isExact ? [judge, exact] : [judge]);
}

/**
 * Who refuses a request outside the disk, the block layer or the driver, and
 * who counts it, is not Linux's choice at level `exact` but its caller's. A
 * request that is not aligned no caller may make.
 */
function isJudged(
  step: ZramStep,
  ledger: ZramLedger,
  { level, discardsBeyond }: ZramPlan,
): boolean {
  if (step.op === "discard" && step.pages === 0) return false;
  if (step.op === "slot_free_notify" && step.page >= ledger.pages.length) {
    return false;
  }
  if (step.op === "bio" && !isAligned(step.sector * SECTOR, step.bytes)) {
    return false;
  }
  if (!canFollow(ledger, step)) return false;
  // What stops a kernel for good tells nothing more.
  if (isBugAt(ledger, step) !== false) return false;
  if (step.op === "set" && step.attr === "disksize" && level === "exact") {
    return canModel(ledger);
  }
  const mayEndBeyond = level !== "exact" &&
    (step.op !== "discard" || discardsBeyond);
  return mayEndBeyond ||
    requestEnd(step, ledger.profile.pageSize) <= ledger.disksize;
}

/** The model needs a codec for all that the device compresses with. */
function canModel({ algorithms, profile: { zram } }: ZramLedger): boolean {
  const known = exactCodecsOf(zram).map(({ name }) => name)
    .filter((name) => zram.compAlgorithms.includes(name));
  const isKnown = (name = "") => known.includes(name);
  const others = algorithms.slice(1).filter((name) => name !== undefined);
  return known.length === 0 || [algorithms[0], ...others].every(isKnown);
}
