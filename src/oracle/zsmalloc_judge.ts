/** Judging an allocator, step by step. */
import type { Rule } from "../rules/invariant.ts";
import {
  type Geometry,
  sizeClassIndex,
  zsGeometry,
} from "../zsmalloc/geometry.ts";
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
import {
  isRefusal,
  type ZsmallocSetup,
  type ZsmallocStats,
  type ZsmallocTarget,
} from "../targets/target.ts";
import { modelZsmalloc, profileWith } from "./zsmalloc_model.ts";
import { ZSMALLOC_CONTRACT as RULES } from "./zsmalloc_rules.ts";
import type { ZsmallocStep } from "./zsmalloc_steps.ts";

type StepOf<Op extends ZsmallocStep["op"]> = Extract<
  ZsmallocStep,
  { readonly op: Op }
>;

/** An object that is there: what it was asked for, and what it holds. */
interface LiveObject {
  readonly handle: string;
  /** The model's, at level `exact`. */
  readonly modelHandle: string;
  readonly size: number;
  /** What was written; before that, nobody knows. */
  bytes: Uint8Array;
}

const OUT_OF_RANGE = ["EINVAL", "ENOSPC", "ENOMEM"];

/** Judges one program on an allocator. */
export class ZsmallocJudge implements Judge<ZsmallocStep> {
  /** What is being asked. */
  asked: ZsmallocStep | undefined;

  readonly #target: ZsmallocTarget;
  readonly #plan: Plan;
  readonly #model: ZsmallocTarget | undefined;
  readonly #live = new Map<number, LiveObject>();
  #setup: ZsmallocSetup;
  #geometry: Geometry;
  #stats: ZsmallocStats = { totalPages: 0, pagesCompacted: 0 };
  #isCreated = false;
  #hasFreed = false;
  #pagesCompacted = 0;

  /** A judge before the first step. */
  constructor(target: ZsmallocTarget, plan: Plan) {
    this.#target = target;
    this.#plan = plan;
    this.#model = plan.level === "exact"
      ? modelZsmalloc(plan.profile)
      : undefined;
    this.#setup = plan.profile;
    this.#geometry = zsGeometry(plan.profile);
  }

  /** Runs a step; `false` where it names no object that is there. */
  async step(step: ZsmallocStep): Promise<boolean> {
    if (step.op !== "create" && !this.#isCreated) return false;
    this.asked = step;
    switch (step.op) {
      case "create":
        await this.#create(step);
        return true;
      case "malloc":
        return await this.#malloc(step);
      case "free":
        return await this.#free(step);
      case "write":
        return await this.#write(step);
      case "read":
        return await this.#read(step);
      case "compact":
        await this.#compact();
        return true;
      case "stats":
        await this.#check();
        return true;
    }
  }

  /** Reads every object. */
  closing(): readonly StepOf<"read">[] {
    return [...this.#live].filter(([, { bytes }]) => bytes.length > 0)
      .map(([object, { bytes: { length } }]) => ({
        op: "read",
        object,
        length,
      }));
  }

  async #create({ pageSize, wordBits, chainSize }: StepOf<"create">) {
    const setup = { pageSize, wordBits, chainSize };
    resultOf(RULES.succeeds, await this.#target.create(setup));
    await this.#model?.create(setup);
    this.#setup = setup;
    this.#geometry = zsGeometry(profileWith(this.#plan.profile, setup));
    this.#stats = { totalPages: 0, pagesCompacted: 0 };
    this.#live.clear();
    this.#isCreated = true;
    this.#hasFreed = false;
    this.#pagesCompacted = 0;
    await this.#check();
  }

  async #malloc({ size, object }: StepOf<"malloc">): Promise<boolean> {
    if (this.#live.has(object)) return false;
    const answer = await this.#target.malloc(size);
    const expected = await this.#model?.malloc(size);
    if (size === 0 || size > this.#setup.pageSize) {
      expectRefusal(RULES.refuses, answer, OUT_OF_RANGE);
      if (expected !== undefined) expectSame(EXACT, expected, answer);
      await this.#check();
      return true;
    }
    if (isRefusal(answer)) {
      throw new Disagreement(RULES.gives, { handle: "…" }, answer);
    }
    const { handle } = answer;
    if (/^(0x)?0*$/i.test(handle)) {
      throw new Disagreement(RULES.notZero, "not zero", answer);
    }
    for (const [other, live] of this.#live) {
      if (live.handle !== handle) continue;
      const expected = `not the handle of object ${other}`;
      throw new Disagreement(RULES.unique, expected, answer);
    }
    const isGiven = expected !== undefined && !isRefusal(expected);
    this.#live.set(object, {
      handle,
      modelHandle: isGiven ? expected.handle : "",
      size,
      bytes: new Uint8Array(0),
    });
    await this.#check(this.#setup.chainSize);
    return true;
  }

  async #free({ object }: StepOf<"free">): Promise<boolean> {
    const live = this.#live.get(object);
    if (live === undefined) return false;
    resultOf(RULES.succeeds, await this.#target.free(live.handle));
    await this.#model?.free(live.modelHandle);
    this.#live.delete(object);
    this.#hasFreed = this.#live.size > 0;
    await this.#check(0, Infinity);
    return true;
  }

  async #write({ object, data }: StepOf<"write">): Promise<boolean> {
    const live = this.#live.get(object);
    if (live === undefined) return false;
    const bytes = expandBytes(data, live.size);
    const { handle } = live;
    resultOf(RULES.succeeds, await this.#target.write(handle, bytes));
    live.bytes = bytes;
    await this.#check();
    return true;
  }

  async #read({ object, length }: StepOf<"read">): Promise<boolean> {
    const live = this.#live.get(object);
    if (live === undefined || length > live.bytes.length) return false;
    const answer = await this.#target.read(live.handle, length);
    const { data } = resultOf(RULES.succeeds, answer);
    expectBytes(RULES.data, live.bytes.subarray(0, length), data);
    return true;
  }

  async #compact(): Promise<void> {
    const answer = await this.#target.compact();
    const { pagesFreed } = resultOf(RULES.succeeds, answer);
    const expected = await this.#model?.compact();
    if (expected !== undefined) expectSame(EXACT, expected, { pagesFreed });
    this.#pagesCompacted += pagesFreed;
    const before = this.#stats.totalPages;
    await this.#check(0, Infinity);
    const drop = before - this.#stats.totalPages;
    if (drop !== pagesFreed) {
      const { totalPages, pagesCompacted } = this.#stats;
      throw new Disagreement(
        RULES.compactFreed,
        { totalPages: before - pagesFreed },
        { totalPages, pagesCompacted },
      );
    }
    for (const step of this.closing()) await this.step(step);
  }

  /** Asks for the counters, after pages may have come and gone so far. */
  async #check(mayAdd = 0, mayFree = 0): Promise<void> {
    this.asked = { op: "stats" };
    const answer = resultOf(RULES.succeeds, await this.#target.stats());
    const { totalPages, pagesCompacted } = answer;
    const found = { totalPages, pagesCompacted };
    const model = await this.#model?.stats();
    const expectPages = (rule: Rule, least: number, most = Infinity) => {
      if (totalPages >= least && totalPages <= most) return;
      const bound = totalPages < least
        ? `at least ${least}`
        : `at most ${most}`;
      throw new Disagreement(rule, { totalPages: bound }, found);
    };
    expectPages(RULES.enough, this.#leastPages());
    expectPages(RULES.bounded, 0, this.#live.size * this.#setup.chainSize);
    if (!this.#hasFreed) expectPages(RULES.packed, 0, this.#packedPages());
    const before = this.#stats.totalPages;
    expectPages(RULES.steady, before - mayFree, before + mayAdd);
    if (pagesCompacted !== this.#pagesCompacted) {
      const expected = { pagesCompacted: this.#pagesCompacted };
      throw new Disagreement(RULES.compacted, expected, found);
    }
    if (model !== undefined) expectSame(EXACT, model, found);
    this.#stats = found;
  }

  /** Pages that the objects' bytes fill. */
  #leastPages(): number {
    let bytes = 0;
    for (const { size } of this.#live.values()) bytes += size;
    return Math.ceil(bytes / this.#setup.pageSize);
  }

  /** Pages of objects that came one after another, in classes half as good. */
  #packedPages(): number {
    const { classOf, handleSize } = this.#geometry;
    const counts = new Map<number, number>();
    for (const { size } of this.#live.values()) {
      counts.set(size, (counts.get(size) ?? 0) + 1);
    }
    let pages = 0;
    for (const [size, count] of counts) {
      const index = sizeClassIndex(this.#geometry, size + handleSize);
      const { objectsPerZspage, pagesPerZspage } = classOf[index];
      const zspages = Math.ceil(count / objectsPerZspage);
      pages += 2 * zspages * pagesPerZspage + this.#setup.chainSize;
    }
    return pages;
  }
}
