/** Judges the model of the swap path by a second, naive one. */
import {
  ONE_PROCESS,
  type PageChoice,
  type SwapResults,
  type SwapStep,
  type SwapSteps,
} from "../../programs/swap/steps.ts";
import { NO_PAGE } from "../../memory/memory.ts";
import type { Rule } from "../../rules/invariant.ts";
import type { Reach } from "../../rules/reach.ts";
import type { SwapSubject } from "../../targets/swap/subject.ts";
import type { SwapModel } from "../../targets/swap/swap_model.ts";
import { isRefusal, type Refusal } from "../../targets/target.ts";
import {
  Disagreement,
  expectBytes,
  expectSame,
  type Judge,
  type JudgeTable,
  judging,
} from "../judge.ts";
import { NaiveComparison } from "./naive_comparison.ts";
import { swapFactsOf } from "./kernels.ts";
import { faultIn, reclaim, swapOff, writePage } from "./naive_fault.ts";
import { mayKeepBack, pageOut } from "./naive_out.ts";
import type { NaivePage } from "./naive_page.ts";
import { NaiveSwap } from "./naive_swap.ts";
import { writeUnderWriteback } from "./naive_under_writeback.ts";
import { SWAP_MODEL } from "./rules.ts";

/** Where the page is that a step names. */
const placeOf = ({ process = ONE_PROCESS, page }: PageChoice) =>
  [process, page] as const;

/** What is known of a page before it is asked for. */
type Outlook = Partial<Pick<NaivePage, "lost" | "unread">>;

/** An answer's errno is the one that must come. */
function expectErrno(
  { reach }: NaiveSwap,
  expected: string | undefined,
  answer: unknown,
  before: Outlook = {},
): void {
  const found = isRefusal(answer) ? answer.error : undefined;
  const rule: Rule = before.lost
    ? SWAP_MODEL.lost
    : before.unread
    ? SWAP_MODEL.notAgain
    : expected === "EIO"
    ? SWAP_MODEL.unreadable
    : SWAP_MODEL.noMemory;
  if (expected !== undefined) reach.count(rule);
  expectSame(rule, expected ?? "no error", found ?? "no error");
}

/** What the naive model says to one machine's steps. */
class MachineJudge {
  readonly naive: NaiveSwap;
  readonly #subject: SwapSubject;
  readonly #model: SwapModel;
  readonly #comparison: NaiveComparison;
  readonly #zeros: Uint8Array;
  readonly after: Judge<SwapSteps, SwapResults>["after"];

  constructor(model: SwapModel, subject: SwapSubject, reach: Reach) {
    const { profile, setup, swap } = subject;
    const slots = [...swap.types.values()].map(({ device }) =>
      Math.max(0, device.pages - 1)
    );
    this.#model = model;
    this.#subject = subject;
    this.#zeros = new Uint8Array(profile.pageSize);
    const facts = swapFactsOf(profile);
    this.naive = new NaiveSwap({ profile, setup, facts, slots }, reach);
    this.#comparison = new NaiveComparison(this.naive, subject);
    this.after = judging(this.#table());
  }

  /** Judges an answer, then how the machine is. */
  judge(step: SwapStep, answer: SwapResults[SwapStep["op"]] | Refusal): void {
    const { naive } = this;
    naive.slotRule = SWAP_MODEL.slots;
    naive.requests.begin(this.#subject.requested.requests);
    this.after(step, answer);
    const isKnown = "page" in step;
    this.#comparison.compareStep(isKnown ? placeOf(step) : undefined);
  }

  /** Steps that end the machine: all is read, then nobody is left. */
  closing(): readonly SwapStep[] {
    const steps: SwapStep[] = [{ op: "evict_end" }, { op: "reclaim" }];
    for (const [process, pages] of this.naive.processes) {
      for (const page of pages.keys()) {
        steps.push({ op: "read", process, page });
      }
    }
    for (const process of this.naive.processes.keys()) {
      steps.push({ op: "exit", process });
    }
    // What the processor keeps, it gives up where a device goes.
    return [...steps, { op: "swapoff" }];
  }

  /** Nobody is left: nor is anything else. */
  end(): void {
    this.#comparison.compareEnd();
  }

  #table(): JudgeTable<SwapSteps, SwapResults> {
    const { naive } = this;
    return {
      set: ({ attr, value }, answer) =>
        naive.parameters.set(attr, value, answer),
      get: ({ attr }, answer) => naive.parameters.get(attr, answer),
      write: (step, answer) => this.#write(step, answer),
      read: (step, answer) => this.#read(step, answer),
      pageout: (step, answer) => this.#pageOut(step, answer),
      forget: ({ process = ONE_PROCESS, page }) => this.#forget(process, page),
      reclaim: () => this.#reclaim(),
      exit: ({ process = ONE_PROCESS }) => this.#exit(process),
      pageout_all: ({ process = ONE_PROCESS }, answer) =>
        this.#pageOutAll(process, answer),
      write_under_writeback: (step, answer) =>
        this.#writeUnderWriteback(step, answer),
      shrink: (_, answer) => this.#shrink(answer),
      evict: (_, answer) => this.#evict(answer),
      evict_end: () => this.#endEviction(),
      swapoff: (_, answer) => this.#swapOff(answer),
    };
  }

  #outlook(process: number, number: number): Outlook {
    const { lost, unread } = this.naive.pageOf(process, number) ?? {};
    return { lost, unread };
  }

  #reclaim(): void {
    this.naive.slotRule = SWAP_MODEL.reclaimed;
    reclaim(this.naive);
    this.#comparison.comparePages();
  }

  #write(step: SwapSteps["write"], answer: unknown): void {
    const [process, number] = placeOf(step);
    const before = this.#outlook(process, number);
    const data = this.#model.expand(step.data);
    const errno = writePage(this.naive, process, number, data);
    expectErrno(this.naive, errno, answer, before);
  }

  #writeUnderWriteback(
    step: SwapSteps["write_under_writeback"],
    answer: unknown,
  ): void {
    const [process, number] = placeOf(step);
    const before = this.#outlook(process, number);
    const data = this.#model.expand(step.data);
    const isMapped = () =>
      this.#subject.swap.pageOf(process, number)?.pfn !== NO_PAGE;
    const errno = writeUnderWriteback(
      this.naive,
      process,
      number,
      data,
      isMapped,
    );
    expectErrno(this.naive, errno, answer, before);
  }

  #read(step: PageChoice, answer: SwapResults["read"] | Refusal): void {
    const { naive } = this;
    const [process, number] = placeOf(step);
    const page = naive.pageOf(process, number);
    const before = this.#outlook(process, number);
    const errno = page === undefined
      ? writePage(naive, process, number, this.#zeros)
      : faultIn(naive, page, false);
    expectErrno(naive, errno, answer, before);
    if (isRefusal(answer)) return;
    const rule = page === undefined
      ? SWAP_MODEL.fresh
      : page.replaced
      ? SWAP_MODEL.replaced
      : SWAP_MODEL.page;
    expectBytes(rule, page?.data ?? this.#zeros, answer.data);
    if (page === undefined || page.wasOut) naive.reach.count(rule);
  }

  #pageOut(step: PageChoice, answer: SwapResults["pageout"] | Refusal): void {
    const [process, number] = placeOf(step);
    const page = this.naive.pageOf(process, number);
    const out = this.#goOut(process, number, 0);
    const hasNoSlot = page !== undefined && !page.lost && !out;
    const rule = hasNoSlot ? SWAP_MODEL.noSlot : SWAP_MODEL.pagedOut;
    this.naive.reach.count(rule);
    expectSame(rule, { out }, answer);
  }

  #pageOutAll(
    process: number,
    answer: SwapResults["pageout_all"] | Refusal,
  ): void {
    let [part, out] = [0, 0];
    for (const number of this.naive.processes.get(process)?.keys() ?? []) {
      if (this.#goOut(process, number, part++)) out++;
    }
    expectSame(SWAP_MODEL.pagedOut, { out }, answer);
  }

  #goOut(process: number, number: number, part: number): boolean {
    const page = this.naive.pageOf(process, number);
    return pageOut(this.naive, page, part, () => {
      const { type, offset } = page?.slot ?? {};
      return type !== undefined && offset !== undefined &&
        (this.#subject.swap.types.get(type)?.cache.has(offset) ?? false);
    });
  }

  #forget(process: number, number: number): void {
    const pages = this.naive.processes.get(process);
    const page = pages?.get(number);
    if (page === undefined) return;
    pages?.delete(number);
    this.naive.forget(page);
  }

  #exit(process: number): void {
    for (const page of this.naive.processes.get(process)?.values() ?? []) {
      this.naive.forget(page);
    }
    this.naive.processes.delete(process);
  }

  #swapOff(answer: unknown): void {
    const errno = swapOff(this.naive);
    expectErrno(this.naive, errno, answer);
    this.#lookAtAnything();
    this.#comparison.comparePages();
  }

  /** Nobody can say what is in a page that could not be read and is mapped. */
  #lookAtAnything(): void {
    const { swap } = this.#subject;
    for (const [process, pages] of this.naive.processes) {
      for (const [number, page] of pages) {
        const pfn = swap.pageOf(process, number)?.pfn ?? NO_PAGE;
        if (!page.anything || pfn === NO_PAGE) continue;
        page.data = swap.bytesOf(pfn).slice();
        page.anything = false;
        this.naive.reach.count(SWAP_MODEL.lost);
      }
    }
  }

  #shrink(answer: SwapResults["shrink"] | Refusal): void {
    const { naive } = this;
    const { counts, parameters } = naive;
    const isAsked = parameters.isOn("shrinker_enabled") &&
      !mayKeepBack(this.naive) && counts.stored > 0;
    const swapins = isAsked ? Math.min(counts.diskSwapins, counts.stored) : 0;
    counts.diskSwapins -= swapins;
    const backing = isAsked ? this.#comparison.chargedPagesBefore : 0;
    if (isAsked) naive.reach.count(SWAP_MODEL.shrinker);
    const { freeable, written } = isRefusal(answer)
      ? { freeable: answer.error, written: 0 }
      : answer;
    const left = counts.stored - swapins;
    const expected = Math.floor(left * backing / Math.max(1, counts.stored));
    expectSame(SWAP_MODEL.shrinker, expected, freeable);
    const before = counts.writtenBack;
    naive.takeWritebacks(0);
    const gone = counts.writtenBack - before;
    if (written !== 0) expectSame(SWAP_MODEL.shrinker, gone, written);
  }

  #evict(answer: SwapResults["evict"] | Refusal): void {
    const { naive } = this;
    naive.takeWritebacks(0);
    const isUnderWay = !isRefusal(answer) && answer.underWay;
    naive.leftWhileEvicting = isUnderWay ? new Set() : undefined;
  }

  #endEviction(): void {
    const { naive } = this;
    naive.takeWritebacks(0);
    naive.leftWhileEvicting = undefined;
  }
}

/** Judges every answer of the model by the naive model's, and how each page is. */
export function naiveSwapJudge(
  model: SwapModel,
  reach: Reach,
): Judge<SwapSteps, SwapResults> {
  let machine: MachineJudge | undefined;
  return {
    after(step, answer) {
      if (step.op !== "create") {
        machine?.judge(step, answer);
        return;
      }
      if (model.subject === undefined) {
        throw new Disagreement(SWAP_MODEL.exit, "a machine", "none");
      }
      machine = new MachineJudge(model, model.subject, reach);
    },
    // A kernel that stopped has nothing to be compared with.
    closing: () => model.subject === undefined ? [] : machine?.closing() ?? [],
    end() {
      if (model.subject !== undefined) machine?.end();
    },
  };
}
