import { assertEquals } from "@std/assert";
import { LINUX_6_1, LINUX_6_18, runToEnd } from "../mod.ts";
import type { Profile } from "../mod.ts";
import type { Judge } from "../src/judges/judge.ts";
import { naiveSwapJudge } from "../src/judges/swap/naive.ts";
import { type SWAP_MODEL, SWAP_MODEL_RULES } from "../src/judges/swap/rules.ts";
import type {
  SwapResults,
  SwapStep,
  SwapSteps,
} from "../src/programs/swap/steps.ts";
import { Reach } from "../src/rules/reach.ts";
import { addToSwapCache } from "../src/swap/swap_slots.ts";
import { forgetSlot } from "../src/swap/swapoff.ts";
import { assertProgram } from "../src/search/machine.ts";
import { swapMachine } from "../src/search/machines/swap.ts";
import { runSteps } from "../src/search/run.ts";
import { runNow, trialOf } from "../src/search/trial.ts";
import type { SwapSubject } from "../src/targets/swap/subject.ts";
import { type SwapModel, swapModel } from "../src/targets/swap/swap_model.ts";

type Answer = SwapResults[keyof SwapSteps] | { readonly error: string };

/** How a rule is broken: after some steps, in the answer or in what it leaves. */
interface Break {
  readonly profile?: Profile;
  readonly steps: readonly SwapStep[];
  readonly change: (subject: SwapSubject) => Answer;
}

const NOISE = { xorshift: 5, bytes: 1500 };
const page = 0;
const write: SwapStep = { op: "write", page, data: NOISE };
const pageout: SwapStep = { op: "pageout", page };
const readBack: SwapStep = { op: "read", page };
/** A machine whose pages come in through the swap cache. */
const create: SwapStep = {
  op: "create",
  below: "zswap-disk",
  slots: 4,
  poolPages: 50,
};
const disk: SwapStep = { op: "create", below: "disk", slots: 1, failReads: 1 };
const OUT = [create, write, pageout];

/** Does something, and then answers nothing. */
const silently =
  (does: (subject: SwapSubject) => unknown) => (subject: SwapSubject) => {
    does(subject);
    return undefined;
  };

const zswapOf = ({ swap }: SwapSubject) => {
  if (swap.zswap === undefined) throw new Error("there is no zswap");
  return swap.zswap;
};

const other = () => ({ data: new Uint8Array(4096).fill(3) });

/** What breaks each rule. */
const BREAKS: Readonly<Record<keyof typeof SWAP_MODEL, Break>> = {
  page: { steps: [...OUT, readBack], change: other },
  fresh: { steps: [create, { op: "read", page: 9 }], change: other },
  noMemory: {
    steps: [create, write],
    change: () => ({ error: "ENOMEM" }),
  },
  unreadable: { steps: [disk, write, pageout, readBack], change: other },
  notAgain: {
    steps: [disk, write, pageout, readBack, { ...readBack }],
    change: other,
  },
  reclaimed: {
    steps: [disk, write, pageout, readBack, { op: "reclaim" }],
    change: silently(({ swap }) =>
      addToSwapCache(swap, swap.typeOf(0), 1, swap.memory.allocPage())
    ),
  },
  singlePage: {
    steps: [{ op: "create", below: "zram", slots: 4 }, write, pageout],
    change({ requested }) {
      requested.requests.length = 0;
      requested.requests.push({
        kind: "write",
        type: 0,
        slot: 1,
        alone: false,
        failed: false,
        part: 0,
      });
      return { out: true };
    },
  },
  cachedWrite: {
    steps: [create, write, pageout, readBack, { ...write }],
    change: silently(({ swap }) => swap.typeOf(0).inUse++),
  },
  lost: {
    steps: [disk, write, pageout, { op: "swapoff" }, readBack],
    change: other,
  },
  pagedOut: { steps: OUT, change: () => ({ out: false }) },
  noSlot: {
    steps: [
      { op: "create", below: "disk", swapPages: 1 },
      write,
      pageout,
    ],
    change: () => ({ out: true }),
  },
  slots: {
    steps: [create, write],
    change: silently(({ swap }) => swap.typeOf(0).inUse++),
  },
  keptSlots: {
    steps: [
      { op: "create", below: "disk", slots: 400 },
      write,
      pageout,
    ],
    change({ swap }) {
      swap.typeOf(0).inUse = 1;
      return { out: true };
    },
  },
  swapFull: {
    steps: [
      { op: "create", below: "disk", slots: 1 },
      write,
      pageout,
      write,
      pageout,
      readBack,
    ],
    change({ swap }) {
      const found = swap.pageOf(1, 0);
      if (found !== undefined) runToEnd(forgetSlot(swap, found));
      return { data: swap.bytesOf(found?.pfn ?? 0).slice() };
    },
  },
  request: {
    steps: [disk, write, pageout],
    change({ requested }) {
      requested.requests.length = 0;
      return { out: true };
    },
  },
  vmstat: {
    steps: [create, write],
    change: silently(({ swap }) => swap.stats.pswpin++),
  },
  frontswap: {
    steps: [create, write],
    change: silently((subject) => zswapOf(subject).frontswap.loads++),
  },
  stored: {
    steps: [create, write],
    change: silently((subject) => zswapOf(subject).counters.stored_pages++),
  },
  writtenBack: {
    steps: [create, write],
    change: silently((subject) =>
      zswapOf(subject).counters.written_back_pages++
    ),
  },
  rejections: {
    steps: [create, write],
    change: silently((subject) => zswapOf(subject).counters.pool_limit_hit++),
  },
  disabled: {
    steps: [
      create,
      { op: "set", attr: "enabled", value: "0" },
      write,
      pageout,
    ],
    change({ requested }) {
      requested.requests.length = 0;
      return { out: true };
    },
  },
  frames: {
    steps: [create, write],
    change: silently(({ swap, requested }) => {
      swap.memory.allocPage();
      requested.requests.pop();
    }),
  },
  underWriteback: {
    steps: [create, { op: "write", page, data: { word: "0101010101010101" } }, {
      op: "write_under_writeback",
      page,
      data: NOISE,
    }],
    change: silently(({ swap }) => swap.typeOf(0).inUse++),
  },
  replaced: {
    steps: [
      ...OUT,
      { op: "evict" },
      write,
      pageout,
      { op: "evict_end" },
      readBack,
    ],
    change: other,
  },
  shrinker: {
    profile: LINUX_6_18,
    steps: [create, write],
    change: silently((subject) => zswapOf(subject).nrDiskSwapins++),
  },
  parameters: {
    steps: [create, { op: "get", attr: "enabled" }],
    change: () => ({ value: "Y" }),
  },
  exit: {
    steps: [
      { op: "create", below: "zram", slots: 4 },
      { op: "exit" },
    ],
    change: silently(({ zrams }) => zrams[0].memory.allocPage()),
  },
};

/** The model, but for what a break makes of its last answer. */
function brokenModel(
  profile: Profile,
  { steps, change }: Break,
): SwapModel {
  const model = swapModel(profile);
  return {
    get subject() {
      return model.subject;
    },
    expand: (data) => model.expand(data),
    ask(step) {
      const answer = model.ask(step);
      if (step !== steps.at(-1) || model.subject === undefined) return answer;
      // A break answers as its last step's operation does.
      return change(model.subject) as typeof answer;
    },
  };
}

function judged(one: Break): string | undefined {
  const { profile = LINUX_6_1, steps } = one;
  const model = brokenModel(profile, one);
  const judges: Judge<SwapSteps, SwapResults>[] = [
    naiveSwapJudge(model, new Reach()),
  ];
  return runNow(runSteps(trialOf(model, judges), steps))?.rule.id;
}

Deno.test("each rule of the naive model of the swap path is broken by what it forbids, and by nothing else", () => {
  const spoke = Object.values(BREAKS).map(judged);
  assertEquals(spoke, SWAP_MODEL_RULES.map(({ id }) => id));
  for (const { profile = LINUX_6_1, steps } of Object.values(BREAKS)) {
    const program = { profile, steps };
    assertProgram(swapMachine, program, new Reach());
  }
});
