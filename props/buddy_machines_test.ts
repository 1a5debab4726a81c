import { assert, assertEquals } from "@std/assert";
import { Reach, type Z3foldPool, type ZbudPool } from "../mod.ts";
import { naiveBuddyJudge } from "../src/judges/buddy/naive_judge.ts";
import { NaiveZ3fold } from "../src/judges/buddy/naive_z3fold.ts";
import { NaiveZbud } from "../src/judges/buddy/naive_zbud.ts";
import {
  type BuddyRules,
  Z3FOLD_NAIVE,
  ZBUD_NAIVE,
} from "../src/judges/buddy/rules.ts";
import {
  Z3FOLD_LANGUAGE,
  ZBUD_LANGUAGE,
} from "../src/programs/buddy/language.ts";
import type {
  BuddyResults,
  BuddyStep,
  BuddySteps,
} from "../src/programs/buddy/steps.ts";
import { Fields } from "../src/programs/fields.ts";
import type { Machine } from "../src/search/machine.ts";
import { z3foldMachine, zbudMachine } from "../src/search/machines/buddy.ts";
import { runSteps } from "../src/search/run.ts";
import { programAt } from "../src/search/search.ts";
import { runNow, trialOf } from "../src/search/trial.ts";
import {
  type BuddyAllocator,
  type BuddyPool,
  z3foldAllocator,
  zbudAllocator,
} from "../src/targets/buddy/allocator.ts";
import { modelBuddy } from "../src/targets/buddy/model.ts";
import type { StepTarget } from "../src/targets/step_target.ts";

/** The `nth` program of a seed. */
function programOf(machine: Machine<BuddyStep>, seed: number, nth: number) {
  return programAt(machine, { seed, nth });
}

const MACHINES = [zbudMachine, z3foldMachine];

for (const machine of MACHINES) {
  Deno.test(`${machine.name}: every step of a program can be written and read, and every simpler one`, () => {
    const seen = new Set<string>();
    const { language } = machine;
    for (let nth = 0; nth < 20; nth++) {
      const { steps } = programOf(machine, 2, nth);
      for (const step of steps) {
        seen.add(step.op);
        for (const one of [step, ...language.simpler(step)]) {
          assertEquals(readStep(machine, one), one);
        }
      }
      const renamed = language.renamed?.(steps) ?? [];
      assertEquals(renamed.map(({ op }) => op), steps.map(({ op }) => op));
    }
    const made = [...machine.scope.ops]
      .filter((op) => op !== "where" && op !== "order");
    assertEquals([...seen].sort(), made.sort());
  });
}

/** A step as JSON, read again. */
function readStep(
  { language }: Machine<BuddyStep>,
  step: BuddyStep,
): BuddyStep {
  const fields = new Fields(
    JSON.parse(JSON.stringify(step)),
    (message) => new Error(message),
  );
  const read = language.parse(fields);
  fields.end();
  return read;
}

Deno.test("a step that is none is refused in one line", () => {
  const refusals: [Record<string, unknown>, string][] = [
    [
      { op: "swap" },
      "unknown op 'swap', not create, malloc, free, work, write, read, map, unmap, reclaim, fail, where or order",
    ],
    [{ op: "malloc", object: 1 }, "the field 'size' is missing"],
    [
      { op: "fail", what: "page", after: 1 },
      `the field 'what' is "page", not frame or slab`,
    ],
    [
      { op: "create", pageSize: 5000 },
      "the field 'pageSize' is 5000, not 4096 or 8192 or 16384 or 32768 or 65536",
    ],
  ];
  for (const [json, expected] of refusals) {
    let message = "";
    const fields = new Fields(json, (text) => new Error(message = text));
    try {
      ZBUD_LANGUAGE.parse(fields);
    } catch { /* the message says why */ }
    assertEquals(message, expected);
  }
});

Deno.test("a step that names what is not there, or what is mapped, is passed over", () => {
  const target = modelBuddy(z3foldAllocator, z3foldMachine.scope.profiles[0]);
  const steps: BuddyStep[] = [
    { op: "create" },
    { op: "free", object: 1 },
    { op: "work" },
    { op: "malloc", object: 1, size: 100 },
    { op: "malloc", object: 1, size: 200 },
    { op: "unmap", object: 1 },
    { op: "map", object: 1 },
    { op: "map", object: 1 },
    { op: "read", object: 1 },
    { op: "free", object: 1 },
    { op: "unmap", object: 1 },
    { op: "free", object: 1 },
  ];
  const done = steps.filter((step) => typeof target.ask(step) !== "symbol");
  assertEquals(done.map(({ op }) => op), [
    "create",
    "malloc",
    "map",
    "unmap",
    "free",
  ]);
});

/** A target whose answers are changed. */
function distorted(
  target: StepTarget<BuddySteps, BuddyResults>,
  op: string,
  distort: (answer: Record<string, unknown>) => unknown,
): StepTarget<BuddySteps, BuddyResults> {
  return {
    ...target,
    ask(step) {
      const answer = target.ask(step);
      const isChanged = step.op === op && typeof answer === "object" &&
        answer !== null && !(answer instanceof Promise) &&
        !("error" in answer);
      // What a changed answer is, the judge is to say.
      return isChanged ? distort({ ...answer }) as typeof answer : answer;
    },
  };
}

/** The rules that a target breaks in the programs of a run. */
function brokenBy(
  machine: Machine<BuddyStep>,
  makeTarget: () => StepTarget<BuddySteps, BuddyResults>,
  rules: BuddyRules,
): ReadonlySet<string> {
  const broken = new Set<string>();
  const [profile] = machine.scope.profiles;
  for (let nth = 0; nth < 20; nth++) {
    const { steps } = programOf(machine, 3, nth);
    const judge = naiveBuddyJudge(
      rules,
      (setup) =>
        rules === ZBUD_NAIVE ? new NaiveZbud(setup) : new NaiveZ3fold(setup),
      profile,
      new Reach(),
    );
    const finding = runNow(runSteps(trialOf(makeTarget(), [judge]), steps));
    if (finding !== undefined) broken.add(finding.rule.id);
  }
  return broken;
}

/** Changes one number of an answer. */
const plus =
  (field: string, change: number) => (answer: Record<string, unknown>) => ({
    ...answer,
    [field]: Number(answer[field]) + change,
  });

/** Changes the last byte of what was read. */
function oneByte(answer: Record<string, unknown>) {
  const data = answer.data instanceof Uint8Array
    ? answer.data
    : new Uint8Array(1);
  data[data.length - 1] ^= 1;
  return { data };
}

/** For each rule the answer that breaks it. */
const DISTORTED: Readonly<
  Record<
    Exclude<keyof BuddyRules, "bug">,
    readonly [string, (answer: Record<string, unknown>) => unknown]
  >
> = {
  refusal: ["malloc", () => ({ error: "ENOMEM" })],
  // A new page may have any frame; where a last object goes, others were.
  bestFit: [
    "malloc",
    (answer) => answer.buddy === "LAST" ? plus("pfn", 1)(answer) : answer,
  ],
  whichBuddy: ["malloc", (answer) => ({ ...answer, buddy: "SECOND" })],
  offset: ["malloc", plus("offset", 64)],
  handle: ["malloc", plus("handle", 4)],
  bytes: ["read", oneByte],
  mapped: ["unmap", oneByte],
  counts: ["free", plus("frames", 1)],
  reclaim: ["reclaim", (answer) => ({ ...answer, outcome: "EIO" })],
  order: ["order", () => ({ pages: [-1] })],
  compaction: ["where", plus("offset", 64)],
};

Deno.test("each rule of the second models is broken by an answer that is another", () => {
  const pairs: [Machine<BuddyStep>, BuddyRules, BuddyAllocator<BuddyPool>][] = [
    [zbudMachine, ZBUD_NAIVE, asAny(zbudAllocator)],
    [z3foldMachine, Z3FOLD_NAIVE, asAny(z3foldAllocator)],
  ];
  for (const [machine, rules, allocator] of pairs) {
    const [profile] = machine.scope.profiles;
    for (const [name, [op, distort]] of Object.entries(DISTORTED)) {
      const rule = rules[name as keyof BuddyRules];
      if (rule === undefined) continue;
      const broken = brokenBy(
        machine,
        () => distorted(modelBuddy(allocator, profile), op, distort),
        rules,
      );
      assert(broken.has(rule.id), rule.id);
    }
  }
});

/** An allocator of any kind of pool. */
function asAny<Pool extends BuddyPool>(
  allocator: BuddyAllocator<Pool>,
): BuddyAllocator<BuddyPool> {
  // It is only given the pools that it made.
  return allocator as BuddyAllocator<never> as BuddyAllocator<BuddyPool>;
}

/** An allocator whose pools have a defect. */
function planted<Pool extends BuddyPool>(
  allocator: BuddyAllocator<Pool>,
  plant: (pool: Pool) => void,
): BuddyAllocator<Pool> {
  return {
    ...allocator,
    create(profile, setup) {
      const pool = allocator.create(profile, setup);
      plant(pool);
      return pool;
    },
  };
}

Deno.test("defects of zbud are found by the rules that they break", () => {
  const defects: [string, (pool: ZbudPool) => void][] = [
    ["zbud/best-fit", ({ buddy }) => {
      // The page that was listed first instead of last.
      buddy.first = (list) => buddy.last(list);
    }],
    ["zbud/refusal", ({ pages }) => {
      // The largest object leaves no chunk for another.
      Object.assign(pages, { maxSize: pages.maxSize + pages.chunkSize });
    }],
  ];
  for (const [id, plant] of defects) {
    const [profile] = zbudMachine.scope.profiles;
    const allocator = planted(zbudAllocator, plant);
    const broken = brokenBy(
      zbudMachine,
      () => modelBuddy(allocator, profile),
      ZBUD_NAIVE,
    );
    assert(broken.has(id), `${id}, ${plant}`);
  }
});

Deno.test("defects of z3fold are found by the rules that they break", () => {
  const [FIRST, MIDDLE, LAST] = [1, 2, 3];
  const defects: [string, (pool: Z3foldPool) => void][] = [
    ["z3fold/best-fit", ({ lists }) => {
      lists.unbuddied.first = (list) => lists.unbuddied.last(list);
    }],
    ["z3fold/best-fit", ({ pages }) => {
      // The middle object's room is what first and last leave.
      pages.numFreeChunks = (pfn) =>
        pages.nchunks - pages.chunks(pfn, FIRST) - pages.chunks(pfn, MIDDLE) -
        pages.chunks(pfn, LAST);
    }],
    ["z3fold/which-buddy", ({ pages }) => {
      // The middle comes before the last.
      const freeBuddy = pages.freeBuddy.bind(pages);
      pages.freeBuddy = (pfn, chunks) => {
        const buddy = freeBuddy(pfn, chunks);
        return buddy === LAST && pages.chunks(pfn, MIDDLE) === 0
          ? MIDDLE
          : buddy;
      };
    }],
    ["z3fold/lru-order", ({ lists }) => {
      // An object more does not make a page the newest.
      const { lru } = lists;
      lists.touch = (pfn) => lru.add(pfn);
    }],
    ["z3fold/counts", ({ slots }) => {
      // A structure stays when its last handle goes.
      slots.isEmpty = () => false;
    }],
    ["z3fold/compaction", ({ pages }) => {
      // Nothing keeps a mapped middle object where it is.
      const has = pages.has.bind(pages);
      pages.has = (pfn, flags) => flags !== 2 && has(pfn, flags);
    }],
  ];
  for (const [id, plant] of defects) {
    const [profile] = z3foldMachine.scope.profiles;
    const allocator = planted(z3foldAllocator, plant);
    const broken = brokenBy(
      z3foldMachine,
      () => modelBuddy(allocator, profile),
      Z3FOLD_NAIVE,
    );
    assert(broken.has(id), `${id}, ${plant}`);
  }
});

Deno.test("programs of zbud never ask for a worker, and both are languages of their own name", () => {
  assertEquals([ZBUD_LANGUAGE.name, Z3FOLD_LANGUAGE.name], ["zbud", "z3fold"]);
  for (let nth = 0; nth < 20; nth++) {
    const { steps } = programOf(zbudMachine, 5, nth);
    assert(steps.every((step) => step.op !== "work"));
    assert(steps.every((step) => step.op !== "free" || step.later !== true));
  }
});
