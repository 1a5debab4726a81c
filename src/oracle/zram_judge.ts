/** Judging a compressed block device, step by step. */
import { memparse } from "../linux/kstrtox.ts";
import { takesNoMemory } from "../zram/write.ts";
import { expandBytes } from "../programs/bytes.ts";
import {
  Disagreement,
  EXACT,
  expectBytes,
  expectRefusal,
  expectSame,
  type Judge,
  type Plan,
  resultOf,
} from "./judge.ts";
import { isRefusal, type ZramTarget } from "../targets/target.ts";
import { deviceTarget } from "./zram_model.ts";
import { ZRAM_CONTRACT as RULES } from "./zram_rules.ts";
import type { ZramStep } from "./zram_steps.ts";
import { isBacked } from "./zram_writeback_steps.ts";
import { type Allowed, parseMmStat, ZramAccount } from "./zram_account.ts";

/** Attributes of writeback, of which the model alone says what they do. */
const WRITEBACK: readonly string[] = [
  "backing_dev",
  "idle",
  "writeback",
  "writeback_limit",
  "writeback_limit_enable",
];

type StepOf<Op extends ZramStep["op"]> = Extract<
  ZramStep,
  { readonly op: Op }
>;

/** Judges one program on a device. */
export class ZramJudge implements Judge<ZramStep> {
  /** What is being asked. */
  asked: ZramStep | undefined;

  readonly #target: ZramTarget;
  readonly #plan: Plan;
  readonly #model: ZramTarget | undefined;
  #account: ZramAccount;
  #isCreated = false;
  /** What was chosen last, where that is known. */
  #algorithm: string | undefined;

  /** A judge before the first step. */
  constructor(target: ZramTarget, plan: Plan) {
    this.#target = target;
    this.#plan = plan;
    this.#model = plan.level === "exact"
      ? deviceTarget(plan.profile, plan.backingPages)
      : undefined;
    this.#account = new ZramAccount(plan.profile);
  }

  /** Runs a step; `false` where it cannot be judged. */
  async step(step: ZramStep): Promise<boolean> {
    if (step.op !== "create" && !this.#isCreated) return false;
    this.asked = step;
    switch (step.op) {
      case "create":
        await this.#create();
        return true;
      case "set":
        return await this.#set(step);
      case "get":
        await this.#get(step.attr);
        return true;
      case "write":
        if (!this.#isJudged(step.page)) return false;
        await this.#write(step);
        return true;
      case "read":
        if (!this.#isJudged(step.page)) return false;
        await this.#read(step);
        return true;
      case "discard":
        return await this.#discard(step);
      case "block_state":
        return await this.#blockState();
    }
  }

  /** Reads every page of the disk. */
  closing(): readonly ZramStep[] {
    const { diskPages } = this.#account;
    return Array.from(
      { length: diskPages },
      (_, page) => ({ op: "read", page }),
    );
  }

  async #create(): Promise<void> {
    resultOf(RULES.succeeds, await this.#target.create());
    await this.#model?.create();
    this.#account = new ZramAccount(this.#plan.profile);
    this.#algorithm = this.#plan.profile.zram.defaultAlgorithm;
    this.#isCreated = true;
    await this.#check({});
  }

  async #set(step: StepOf<"set">): Promise<boolean> {
    const { attr, value } = step;
    if (!this.#canModel(attr)) return false;
    const refused = this.#refusalsOf(attr, value);
    const answer = await this.#target.set(attr, value);
    const expected = await this.#model?.set(attr, value);
    const isRefused = refused.length > 0;
    const isWriteback = WRITEBACK.includes(attr);
    if (isRefused) expectRefusal(RULES.refuses, answer, refused);
    else if (!isWriteback) resultOf(RULES.succeeds, answer);
    if (this.#model !== undefined) {
      expectSame(EXACT, expected ?? {}, isRefusal(answer) ? answer : {});
    }
    if (isWriteback) await this.#followWriteback();
    await this.#check(
      isRefused || isWriteback ? {} : this.#apply(attr, value),
    );
    return true;
  }

  /**
   * Who refuses a request outside the disk, the block layer or the driver, and
   * who counts it, is not Linux's choice at level `exact` but its caller's.
   */
  #isJudged(page: number): boolean {
    return this.#model === undefined || page < this.#account.diskPages;
  }

  /** The model needs a codec for what the device compresses with. */
  #canModel(attr: string): boolean {
    if (this.#model === undefined || attr !== "disksize") return true;
    const { algorithms = [] } = this.#plan;
    return algorithms.length === 0 ||
      algorithms.includes(this.#algorithm ?? "");
  }

  /** The errnos with which an attribute must refuse a text; none if it must not. */
  #refusalsOf(attr: string, value: string): readonly string[] {
    const isInitialised = this.#account.diskPages > 0;
    const { compAlgorithms } = this.#plan.profile.zram;
    switch (attr) {
      case "disksize":
        if (memparse(value) === 0n) {
          return isInitialised ? ["EINVAL", "EBUSY"] : ["EINVAL"];
        }
        return isInitialised ? ["EBUSY"] : [];
      case "comp_algorithm":
        if (!compAlgorithms.includes(value)) {
          return isInitialised ? ["EINVAL", "EBUSY"] : ["EINVAL"];
        }
        return isInitialised ? ["EBUSY"] : [];
      case "compact":
        return isInitialised ? [] : ["EINVAL"];
      case "reset":
      case "mem_used_max":
        return (attr === "reset") === (value === "0") ? ["EINVAL"] : [];
      default:
        return [];
    }
  }

  /** What an attribute that took a text does, and may do to the counters. */
  #apply(attr: string, value: string): Allowed {
    const account = this.#account;
    const bytes = Number(memparse(value) ?? 0n);
    switch (attr) {
      case "disksize":
        account.initialise(bytes);
        return {};
      case "comp_algorithm":
        this.#algorithm = value;
        return {};
      case "reset": {
        account.reset();
        const { resetRestoresAlgorithm, defaultAlgorithm } =
          this.#plan.profile.zram;
        this.#algorithm = this.#plan.level === "exact" && resetRestoresAlgorithm
          ? defaultAlgorithm
          : undefined;
        return { isReset: true };
      }
      case "mem_limit":
        account.setLimit(bytes);
        return {};
      case "mem_used_max":
        return { isMaxLowered: true };
      case "compact":
        return { isCompacted: true };
      default:
        return {};
    }
  }

  async #get(attr: string): Promise<void> {
    const answer = await this.#target.get(attr);
    const expected = await this.#model?.get(attr);
    if (expected !== undefined) expectSame(EXACT, expected, answer);
    const { diskPages, pageSize } = this.#account;
    const text = (right: string) =>
      expectSame(RULES.texts, right, resultOf(RULES.succeeds, answer).value);
    if (attr === "disksize") text(`${diskPages * pageSize}\n`);
    if (attr === "initstate") text(diskPages === 0 ? "0\n" : "1\n");
    if (attr === "comp_algorithm" && this.#algorithm !== undefined) {
      const { value } = resultOf(RULES.succeeds, answer);
      const chosen = /\[(.*)\]/.exec(value)?.[1];
      expectSame(RULES.texts, `[${this.#algorithm}]`, `[${chosen}]`);
    }
    if (attr === "mm_stat") await this.#check({});
  }

  async #write({ page, data }: StepOf<"write">): Promise<void> {
    const { profile } = this.#plan;
    const account = this.#account;
    const bytes = expandBytes(data, profile.pageSize);
    const answer = await this.#target.write(page, bytes);
    if (page >= account.diskPages) {
      expectRefusal(RULES.outside, answer);
      return await this.#check({});
    }
    const expected = await this.#model?.write(page, bytes);
    const isSame = takesNoMemory(profile, bytes);
    if (isRefusal(answer)) {
      if (isSame || !account.mayRefuse()) {
        throw new Disagreement(RULES.writes, { stored: "…" }, answer);
      }
      if (expected !== undefined) expectSame(EXACT, expected, answer);
      return await this.#check({ isTried: true });
    }
    const { stored } = answer;
    const isRight = isSame
      ? stored === 0
      : stored > 0 && stored <= profile.pageSize;
    if (!isRight) {
      const range = isSame ? 0 : `1 to ${profile.pageSize}`;
      throw new Disagreement(RULES.stored, { stored: range }, { stored });
    }
    if (expected !== undefined) expectSame(EXACT, expected, { stored });
    account.write(page, { bytes, stored, isSame });
    await this.#check({ isTried: true });
  }

  async #read({ page }: StepOf<"read">): Promise<void> {
    const account = this.#account;
    const answer = await this.#target.read(page);
    if (page >= account.diskPages) {
      return expectRefusal(RULES.outside, answer);
    }
    await this.#model?.read(page);
    const { data } = resultOf(RULES.succeeds, answer);
    expectBytes(RULES.data, account.bytesOf(page), data);
  }

  async #discard({ page, pages }: StepOf<"discard">): Promise<boolean> {
    const account = this.#account;
    if (pages === 0 || page + pages > account.diskPages) return false;
    resultOf(RULES.succeeds, await this.#target.discard(page, pages));
    await this.#model?.discard(page, pages);
    account.discard(page, pages);
    await this.#check({});
    return true;
  }

  async #blockState(): Promise<boolean> {
    const found = await this.#target.blockState?.();
    const expected = await this.#model?.blockState?.();
    if (found === undefined || expected === undefined) return false;
    expectSame(EXACT, expected, found);
    return true;
  }

  /**
   * Pages that are written back count otherwise. Which they are the contract
   * leaves open: the model says, whose `bd_stat` is compared.
   */
  async #followWriteback(): Promise<void> {
    const state = await this.#model?.blockState?.();
    if (state === undefined || isRefusal(state)) return;
    for (const [page, flags] of state) {
      if (flags.includes("w")) this.#account.writeBack(page);
    }
  }

  /** Reads mm_stat, after what may have changed it so far. */
  async #check(allowed: Allowed): Promise<void> {
    this.asked = { op: "get", attr: "mm_stat" };
    const answer = await this.#target.get("mm_stat");
    const { value } = resultOf(RULES.succeeds, answer);
    this.#account.check(parseMmStat(value), allowed);
    const expected = await this.#model?.get("mm_stat");
    if (expected !== undefined) expectSame(EXACT, expected, { value });
    if (isBacked(this.#plan)) await this.#checkBacking();
  }

  async #checkBacking(): Promise<void> {
    this.asked = { op: "get", attr: "bd_stat" };
    const found = await this.#target.get("bd_stat");
    expectSame(EXACT, await this.#model?.get("bd_stat"), found);
  }
}
