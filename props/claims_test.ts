/** What every experiment and every claim of `zspec claims` has. */
import { assert, assertEquals } from "@std/assert";
import {
  type Experiment,
  type Found,
  optionOf,
} from "../src/claims/experiment.ts";
import { EXPERIMENTS } from "../src/claims/experiments.ts";
import { THREADS } from "../src/claims/threads.ts";
import { UNDECIDED } from "../src/claims/undecided.ts";
import { askWorker } from "../src/cli/ask_worker.ts";
import { USAGE } from "../src/cli/claims.ts";
import { askedOf } from "../src/cli/claims_names.ts";
import { experimentText } from "../src/cli/claims_report.ts";
import type { ExperimentReply } from "../src/cli/claims_worker.ts";
import { PAGES } from "./claim_rulings.ts";

function threadNamed(name: string) {
  const thread = THREADS.find((one) => one.name === name);
  assert(thread !== undefined, name);
  return thread;
}

const CLAIMS = [...EXPERIMENTS.flatMap(({ claims }) => claims), ...UNDECIDED];

Deno.test("every claim and every experiment has a name of its own", () => {
  const names = [...EXPERIMENTS, ...CLAIMS].map(({ name }) => name);
  assertEquals(new Set(names).size, names.length);
  for (const name of names) {
    assert(/^[a-z0-9]+(-[a-z0-9]+)+$|^[a-z]+$/.test(name), name);
  }
});

Deno.test("every claim says in one sentence what is claimed, by whom, and where in the threads", () => {
  for (const { name, says, who, passages } of CLAIMS) {
    assert(/^[A-Za-z].*[.?]$/.test(says), `${name}: ${says}`);
    assert(who.length > 0, name);
    assert(passages.length > 0, name);
    for (const { thread, at } of passages) {
      const { cited } = threadNamed(thread);
      assertEquals(
        /^lines? \d+(-\d+)?$/.test(at),
        cited === "by lines",
        `${name}: ${at}`,
      );
    }
  }
});

Deno.test("every number of an experiment has a range, and what it is where nobody says it", () => {
  for (const { name, sizes } of EXPERIMENTS) {
    for (const [size, { usual, least, most, means }] of Object.entries(sizes)) {
      assert(least <= usual && usual <= most, `${name}: ${size}`);
      assert(means.length > 0, `${name}: ${size}`);
    }
  }
});

/** Cells, titles and evidence of a run that are no finite number, or tell of one. */
function unsound({ figures, verdicts }: Found): readonly (string | number)[] {
  const told = Object.values(verdicts).flatMap((one) =>
    one === undefined ? [] : [one.evidence, one.condition ?? ""]
  );
  const cells = figures.flatMap(({ title, rows }) => [title, ...rows.flat()]);
  return [...told, ...cells].filter((cell) =>
    typeof cell === "number"
      ? !Number.isFinite(cell)
      : /\b(NaN|Infinity|undefined)\b/.test(cell)
  );
}

const leastSizes = ({ sizes }: Experiment) =>
  Object.fromEntries(
    Object.entries(sizes).map(([name, { least }]) => [name, least]),
  );

Deno.test("every experiment runs with the least of its numbers, and tells of finite ones", () => {
  for (const experiment of EXPERIMENTS) {
    for (const profile of experiment.kernels) {
      const sizes = leastSizes(experiment);
      const found = experiment.run({
        profile,
        seed: 1,
        sizes,
        realPages: PAGES,
      });
      assertEquals(unsound(found), [], `${experiment.name}, ${profile.name}`);
    }
  }
});

Deno.test("a claim that is asked for alone is shown whole, with every figure of its experiment and none of its other claims", () => {
  const name = "zram-refuses-with-holes-inside";
  const { experiments: [experiment], isTold, isWhole } = askedOf([name]);
  const sizes = leastSizes(experiment);
  const found = experiment.kernels.map((profile) =>
    experiment.run({ profile, seed: 1, sizes, realPages: PAGES })
  );
  const done = [{ experiment, sizes, found }];
  const outcome = { done, undecided: [], seed: 1, isTold };
  const text = experimentText(outcome, 1000);
  assert(isWhole);
  const claims = experiment.claims.filter((claim) => text.includes(claim.says));
  assertEquals(claims.map((claim) => claim.name), [name]);
  for (const { title } of found.flatMap(({ figures }) => figures)) {
    assert(text.includes(title), title);
  }
});

Deno.test("every thread is told of once, and some claim is of it", () => {
  const named = CLAIMS.flatMap(({ passages }) =>
    passages.map(({ thread }) => thread)
  );
  assertEquals(
    THREADS.map(({ name }) => name).toSorted(),
    [...new Set(named)].toSorted(),
  );
});

Deno.test("an experiment that fails says why to who asked, and its thread goes on", async () => {
  const url = new URL("../src/cli/claims_worker.ts", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  try {
    const ask = (experiment: string): Promise<ExperimentReply> =>
      askWorker(
        worker,
        { experiment, kernel: 0, seed: 1, sizes: {} },
        `run ${experiment}`,
      );
    assertEquals(await ask("nothing"), {
      failed: "there is no nothing",
      isOutOfMemory: false,
    });
    assert("found" in await ask("chain-formulas"));
  } finally {
    worker.terminate();
  }
});

Deno.test("the help names every experiment, its options, every claim and every thread, apart from what stands beside", () => {
  const words = new Set(USAGE.split(/[\s,;]+/));
  const options = EXPERIMENTS.flatMap(({ sizes }) =>
    Object.keys(sizes).map((size) => `--${optionOf(size)}`)
  );
  const names = [...EXPERIMENTS, ...CLAIMS, ...THREADS].map(({ name }) => name);
  assertEquals([...names, ...options].filter((one) => !words.has(one)), []);
});
