/** Judging a compressed swap cache, step by step. */
import { isSameFilled } from "../zram/same_filled.ts";
import { expandBytes } from "../programs/bytes.ts";
import {
  Disagreement,
  EXACT,
  expectBytes,
  expectSame,
  type Judge,
  type Plan,
  resultOf,
} from "./judge.ts";
import type {
  ZswapSetup,
  ZswapStats,
  ZswapTarget,
  ZswapWritten,
} from "../targets/target.ts";
import { modelZswap } from "./zswap_model.ts";
import { ZSWAP_CONTRACT as RULES } from "./zswap_rules.ts";
import type { ZswapStep } from "./zswap_steps.ts";

type StepOf<Op extends ZswapStep["op"]> = Extract<
  ZswapStep,
  { readonly op: Op }
>;

/** A page that is stored, or may be: one that was loaded may have gone. */
interface Entry {
  readonly bytes: Uint8Array;
  isLoaded: boolean;
}

const NOTHING: ZswapStats = {
  storedPages: 0,
  poolTotalSize: 0,
  writtenBackPages: 0,
};

const keyOf = (type: number, offset: number): string => `${type}:${offset}`;

/** Where pages written back were; what they held is compared elsewhere. */
const slotsOf = (written: readonly ZswapWritten[]) =>
  written.map(([type, offset]) => [type, offset]);

/** Judges one program on a swap cache. */
export class ZswapJudge implements Judge<ZswapStep> {
  /** What is being asked. */
  asked: ZswapStep | undefined;

  readonly #target: ZswapTarget;
  readonly #plan: Plan;
  readonly #model: ZswapTarget | undefined;
  readonly #entries = new Map<string, Entry>();
  #setup: ZswapSetup | undefined;
  #stats = NOTHING;
  /** Pages that writeback has answered. */
  #named = 0;
  /** Pages that were not there any more, and so had been written back unseen. */
  #lost = 0;

  /** The most pages stored since a store was taken. */
  #counted = 0;

  /** A judge before the first step. */
  constructor(target: ZswapTarget, plan: Plan) {
    this.#target = target;
    this.#plan = plan;
    this.#model = plan.level === "exact" ? modelZswap(plan.profile) : undefined;
  }

  /** Runs a step; `false` before the first `create`. */
  async step(step: ZswapStep): Promise<boolean> {
    if (step.op !== "create" && this.#setup === undefined) return false;
    this.asked = step;
    switch (step.op) {
      case "create":
        await this.#create(step);
        break;
      case "store":
        await this.#store(step);
        break;
      case "load":
        await this.#load(step);
        break;
      case "invalidate":
        await this.#invalidate(step);
        break;
      case "writeback":
        await this.#writeback(step.entries);
        break;
      case "stats":
        await this.#check();
        break;
    }
    return true;
  }

  /** Loads every page. */
  closing(): readonly ZswapStep[] {
    return [...this.#entries.keys()].map((key) => {
      const [type, offset] = key.split(":").map(Number);
      return { op: "load", type, offset };
    });
  }

  async #create({ op: _op, ...setup }: StepOf<"create">): Promise<void> {
    resultOf(RULES.succeeds, await this.#target.create(setup));
    await this.#model?.create(setup);
    this.#setup = setup;
    this.#entries.clear();
    this.#stats = NOTHING;
    this.#named = 0;
    this.#lost = 0;
    this.#counted = 0;
    await this.#check();
  }

  async #store({ type, offset, data }: StepOf<"store">): Promise<void> {
    const { pageSize, wordBits } = this.#plan.profile;
    const bytes = expandBytes(data, pageSize);
    const key = keyOf(type, offset);
    const isEmpty = this.#stats.storedPages === 0;
    const answer = resultOf(
      RULES.succeeds,
      await this.#target.store(type, offset, bytes),
    );
    const expected = await this.#model?.store(type, offset, bytes);
    const isSame = isSameFilled(bytes, wordBits / 8);
    if (!answer.stored && isEmpty && isSame && this.#hasRoom()) {
      throw new Disagreement(RULES.stores, { stored: true }, answer);
    }
    if (expected !== undefined && "stored" in expected) {
      const { stored } = expected;
      expectSame(EXACT, { stored }, { stored: answer.stored });
    }
    if (answer.stored) this.#counted = this.#stats.storedPages + 1;
    this.#entries.delete(key);
    if (answer.stored) this.#entries.set(key, { bytes, isLoaded: false });
    await this.#check();
  }

  async #load({ type, offset }: StepOf<"load">): Promise<void> {
    const answer = await this.#target.load(type, offset);
    const { data } = resultOf(RULES.succeeds, answer);
    const expected = await this.#model?.load(type, offset);
    const key = keyOf(type, offset);
    const entry = this.#entries.get(key);
    if (data === null) {
      await this.#miss(key, entry);
    } else {
      if (entry === undefined) {
        const page = { data: `a page, ${data.subarray(0, 8).toHex()}…` };
        throw new Disagreement(RULES.newest, { data: null }, page);
      }
      expectBytes(RULES.newest, entry.bytes, data);
      entry.isLoaded = true;
    }
    if (expected !== undefined && "data" in expected) {
      const shown = (page: Uint8Array | null) => ({
        data: page === null ? null : "a page",
      });
      expectSame(EXACT, shown(expected.data), shown(data));
    }
    await this.#check();
  }

  /** A page that is not there: it was never, was loaded, or written back unseen. */
  async #miss(key: string, entry: Entry | undefined): Promise<void> {
    const load = this.asked;
    this.#entries.delete(key);
    if (entry === undefined || entry.isLoaded) return;
    this.#lost++;
    await this.#check();
    this.asked = load;
    const unseen = this.#stats.writtenBackPages - this.#named;
    if (this.#lost <= unseen) return;
    throw new Disagreement(RULES.kept, { data: "a page" }, { data: null });
  }

  async #invalidate({ type, offset }: StepOf<"invalidate">): Promise<void> {
    const answer = await this.#target.invalidate(type, offset);
    resultOf(RULES.succeeds, answer);
    await this.#model?.invalidate(type, offset);
    this.#entries.delete(keyOf(type, offset));
    await this.#check();
  }

  async #writeback(entries: number): Promise<void> {
    const answer = await this.#target.writeback(entries);
    const { written } = resultOf(RULES.succeeds, answer);
    const expected = await this.#model?.writeback(entries);
    for (const [type, offset, data] of written) {
      const key = keyOf(type, offset);
      const entry = this.#entries.get(key);
      if (entry === undefined) {
        const found = { written: [type, offset, "…"] };
        throw new Disagreement(RULES.written, "a page that is stored", found);
      }
      expectBytes(RULES.written, entry.bytes, data);
      this.#entries.delete(key);
      this.#named++;
    }
    if (expected !== undefined && "written" in expected) {
      expectSame(EXACT, slotsOf(expected.written), slotsOf(written));
    }
    await this.#check();
  }

  /** Pages that the pool may have. */
  get #limit(): number {
    const { totalPages = 0, maxPoolPercent = 0 } = this.#setup ?? {};
    return Math.floor(totalPages * maxPoolPercent / 100);
  }

  #hasRoom(): boolean {
    return this.#limit >= this.#plan.profile.chainSize;
  }

  /** Asks for the counters. */
  async #check(): Promise<void> {
    this.asked = { op: "stats" };
    const answer = resultOf(RULES.succeeds, await this.#target.stats());
    const { storedPages, poolTotalSize, writtenBackPages } = answer;
    const found = { storedPages, poolTotalSize, writtenBackPages };
    const model = await this.#model?.stats();
    this.#checkWritten(found);
    this.#checkStored(found);
    this.#checkPool(found);
    if (model !== undefined) expectSame(EXACT, model, found);
    this.#stats = found;
  }

  #checkWritten(found: ZswapStats): void {
    const least = Math.max(this.#stats.writtenBackPages, this.#named);
    if (found.writtenBackPages >= least) return;
    const expected = { writtenBackPages: `at least ${least}` };
    throw new Disagreement(RULES.writtenBackPages, expected, found);
  }

  /** Pages that were written back unseen, or loaded, may be there or not. */
  #checkStored(found: ZswapStats): void {
    const entries = [...this.#entries.values()];
    const sure = entries.filter(({ isLoaded }) => !isLoaded).length;
    const unseen = found.writtenBackPages - this.#named - this.#lost;
    const least = Math.max(sure - Math.max(unseen, 0), 0);
    const { storedPages } = found;
    if (storedPages >= least && storedPages <= entries.length) return;
    const bound = storedPages < least
      ? `at least ${least}`
      : `at most ${entries.length}`;
    throw new Disagreement(RULES.storedPages, { storedPages: bound }, found);
  }

  /**
   * Up to 6.8 the pools were counted when a page was last stored or freed, and
   * not when an eviction then freed theirs.
   */
  #checkPool(found: ZswapStats): void {
    const { pageSize, chainSize, zswap } = this.#plan.profile;
    const countsLate = zswap.shrink !== "entries-in-worker";
    this.#counted = Math.max(this.#counted, found.storedPages);
    const stored = countsLate ? this.#counted : found.storedPages;
    const most = Math.min(stored * chainSize, this.#limit + chainSize);
    const { poolTotalSize } = found;
    const isWhole = poolTotalSize % pageSize === 0;
    if (isWhole && poolTotalSize <= most * pageSize) return;
    const expected = isWhole
      ? `at most ${most * pageSize}`
      : `a multiple of ${pageSize}`;
    throw new Disagreement(
      RULES.poolTotalSize,
      { poolTotalSize: expected },
      found,
    );
  }
}
