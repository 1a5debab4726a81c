import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  CONFORM_RUNS,
  type ConformOptions,
  conformZram,
  conformZsmalloc,
  conformZswap,
  findingTranscript,
  LEVELS,
  LINUX_6_18,
  modelZram,
  modelZsmalloc,
  modelZswap,
  parseFindingTranscript,
  type Profile,
  PROFILES,
  type Rule,
  type Step,
  type Target,
  TargetMissing,
  TranscriptError,
  trialOf,
  ZRAM_CONTRACT,
  ZSMALLOC_CONTRACT,
  ZSWAP_CONTRACT,
} from "../mod.ts";
import { conform, replaySteps } from "../src/search/conform.ts";
import type { Plan, Suite } from "../src/search/suite.ts";
import { ZRAM_SUITE } from "../src/search/suites/zram.ts";
import { ZSMALLOC_SUITE } from "../src/search/suites/zsmalloc.ts";
import { ZSWAP_SUITE } from "../src/search/suites/zswap.ts";
import { objectZsmalloc } from "../src/targets/zsmalloc/object.ts";
import {
  BROKEN_ZRAM,
  BROKEN_ZSMALLOC,
  BROKEN_ZSWAP,
} from "./conform/broken_targets.ts";
import { commandTest, ROOT } from "./command.ts";
import { seed } from "./fuzz.ts";
import { assertMinimal } from "./minimal.ts";

/** Kernels that are judged; the others are refused, see below. */
const JUDGED: Readonly<Record<string, readonly Profile[]>> = {
  zsmalloc: PROFILES,
  zram: PROFILES.filter(({ zram }) => "mm_stat" in zram.attributes),
  zswap: PROFILES.filter(({ zswap }) => zswap.frontswap !== "older-page-stays"),
};

/** How often a default run is to exercise each rule. */
const OFTEN = 100;

/**
 * The model of each kernel conforms to itself, and a default run of the newest
 * exercises every rule.
 */
function testModels<
  T extends Target,
  One extends Step,
  Known extends Plan,
>(
  suite: Suite<T, One, Known>,
  model: (profile: Profile) => T,
): void {
  for (const profile of JUDGED[suite.target]) {
    Deno.test(`${suite.target} of ${profile.name} conforms to itself at both levels`, async () => {
      for (const level of LEVELS) {
        const options = { level, profile, runs: 25, seed };
        const { finding, plan, programs } = await conform(
          suite,
          model(profile),
          options,
        );
        const said = findingTranscript(suite.target, plan, finding);
        assertEquals(finding, undefined, said);
        assertEquals(programs, 25);
      }
    });
  }
  for (const level of LEVELS) {
    Deno.test(`${suite.target}: a default run at level ${level} exercises each rule ${OFTEN} times`, async () => {
      const result = await conform(suite, model(LINUX_6_18), { level });
      const { finding, programs, reach } = result;
      assertEquals([finding, programs], [undefined, CONFORM_RUNS]);
      const seldom = suite.rules(level)
        .filter(({ id }) => !(reach[id] >= OFTEN));
      assertEquals(seldom.map(({ id }) => `${id}: ${reach[id]}`), []);
    });
  }
}

testModels(ZSMALLOC_SUITE, modelZsmalloc);
testModels(ZRAM_SUITE, modelZram);
testModels(ZSWAP_SUITE, modelZswap);

Deno.test("kernels without mm_stat, and those that break zswap's contract themselves, are refused", async () => {
  const [newest] = PROFILES;
  const old = (target: string) =>
    PROFILES.filter((profile) => !JUDGED[target].includes(profile));
  assert(old("zram").length > 0 && old("zswap").length > 0);
  const said = async (run: Promise<unknown>) => {
    const error = await run.catch((error) => error);
    assert(error instanceof TargetMissing, String(error));
    return error.message;
  };
  for (const profile of old("zram")) {
    assertStringIncludes(
      await said(conformZram(modelZram(newest), { profile })),
      `${profile.name} has no mm_stat`,
    );
  }
  for (const profile of old("zswap")) {
    assertStringIncludes(
      await said(conformZswap(modelZswap(newest), { profile })),
      `${profile.name} keeps a page where a newer one is refused`,
    );
  }
});

/**
 * Breaks every rule of a contract: each is found, in steps of which none can be
 * left out, the same ones for the same seed, and its transcript fails in the
 * same way.
 */
function testRules<
  T extends Target,
  One extends Step,
  Known extends Plan,
  Name extends string,
>(
  suite: Suite<T, One, Known>,
  contract: Readonly<Record<Name, Rule>>,
  broken: Readonly<Record<Name, () => T>>,
): void {
  for (const name in contract) {
    const rule = contract[name];
    Deno.test(`who breaks a rule of ${suite.target} is told so: ${rule.sentence}`, async () => {
      const find = () => conform(suite, broken[name](), { seed: 1 });
      const { plan, finding } = await find();
      assertEquals(finding?.rule, rule);
      assert(finding !== undefined);
      await assertMinimal(suite, broken[name](), plan, finding);
      assertEquals((await find()).finding, finding);

      const text = findingTranscript(suite.target, plan, finding);
      const { header, steps } = parseFindingTranscript(
        text,
        () => suite.language.parse,
      );
      assertEquals(header, {
        target: suite.target,
        level: "contract",
        profile: "linux-6.18",
      });
      assertEquals(steps, finding.steps);
      const asked = { level: header.level, profile: LINUX_6_18 };
      const again = await replaySteps(suite, broken[name](), asked, steps);
      assertEquals(again.finding, finding);
    });
  }
}

testRules(ZSMALLOC_SUITE, ZSMALLOC_CONTRACT, BROKEN_ZSMALLOC);
testRules(ZRAM_SUITE, ZRAM_CONTRACT, BROKEN_ZRAM);
testRules(ZSWAP_SUITE, ZSWAP_CONTRACT, BROKEN_ZSWAP);

commandTest(
  "the oracle protocol's document has every rule of every contract",
  async () => {
    const document = await Deno.readTextFile(
      `${ROOT}src/targets/oracle-protocol.md`,
    );
    const words = document.replaceAll(/\s+/g, " ");
    for (const contract of [ZSMALLOC_CONTRACT, ZRAM_CONTRACT, ZSWAP_CONTRACT]) {
      for (const { id, sentence } of Object.values(contract)) {
        assertStringIncludes(words, `- \`${id}\`: ${sentence}`);
      }
    }
  },
);

Deno.test("at level exact every answer is the model's, those that the contract leaves free too", async () => {
  const level = "exact";
  const ioStat = modelZram(LINUX_6_18);
  const zram = await conformZram({
    ...ioStat,
    get: async (attr) =>
      attr === "io_stat" ? { value: "0 0 0 0\n" } : await ioStat.get(attr),
  }, { level, seed: 1 });
  assertEquals(zram.finding?.steps.at(-1), { op: "get", attr: "io_stat" });

  const larger = modelZswap(LINUX_6_18);
  const stats = await conformZswap({
    ...larger,
    async stats() {
      const answer = await larger.stats();
      return "error" in answer || answer.storedPages === 0
        ? answer
        : { ...answer, poolTotalSize: answer.poolTotalSize - 4096 };
    },
  }, { level, seed: 1 });
  assertEquals(stats.finding?.steps.at(-1)?.op, "stats");

  const reversed = modelZswap(LINUX_6_18);
  const writeback = await conformZswap({
    ...reversed,
    async writeback(entries) {
      const answer = await reversed.writeback(entries);
      return "error" in answer
        ? answer
        : { written: answer.written.toReversed() };
    },
  }, { level, seed: 1 });
  assertEquals(writeback.finding?.steps.at(-1)?.op, "writeback");
  for (const { finding } of [zram, stats, writeback]) {
    assertEquals(finding?.rule.id, "exact/same-answer");
  }
});

Deno.test("what a run cannot be told is refused in one line, before anything is asked", async () => {
  const options: readonly [ConformOptions, string][] = [
    [{ runs: NaN }, "the 'runs' is NaN, not a whole number from 1 on"],
    [{ runs: 0 }, "the 'runs' is 0, not a whole number from 1 on"],
    [{ runs: 1.5 }, "the 'runs' is 1.5, not a whole number from 1 on"],
    [{ seed: -1 }, "the 'seed' is -1, not a whole number from 0 to 2^32 - 1"],
    [{ seed: 2 ** 32 }, "the 'seed' is 4294967296, not a whole number"],
    [
      // As who writes no TypeScript may.
      { level: "strict" as "exact" },
      "the 'level' is strict, not contract or exact",
    ],
  ];
  const target = {
    ...modelZsmalloc(LINUX_6_18),
    create: () => {
      throw new Error("it was asked");
    },
  };
  for (const [option, message] of options) {
    const error = await assertRejects(
      () => conformZsmalloc(target, option),
      RangeError,
      `Cannot conform: ${message}`,
    );
    assertEquals(error.message.split("\n").length, 1);
  }
});

Deno.test("a run in which nothing is exercised is no conformance", async () => {
  const suite = {
    ...ZSMALLOC_SUITE,
    trial: () => trialOf(objectZsmalloc(modelZsmalloc(LINUX_6_18)), []),
  };
  await assertRejects(
    () => conform(suite, modelZsmalloc(LINUX_6_18), { runs: 3 }),
    Error,
    "Cannot say that zsmalloc conforms: no rule was exercised in 3 programs",
  );
});

Deno.test("an allocator that never compacts keeps the contract, and is not Linux's", async () => {
  const lazy = () => ({
    ...modelZsmalloc(LINUX_6_18),
    compact: () => ({ pagesFreed: 0 }),
  });
  assertEquals((await conformZsmalloc(lazy(), { seed })).finding, undefined);
  const exact = await conformZsmalloc(lazy(), { level: "exact", seed: 1 });
  assertEquals(exact.finding?.rule.id, "exact/same-answer");
  assertEquals(exact.finding?.steps.at(-1), { op: "compact" });
});

Deno.test("what an implementation throws is a finding", async () => {
  const target = {
    ...modelZsmalloc(LINUX_6_18),
    compact() {
      throw new Error("out of luck");
    },
  };
  const { finding } = await conformZsmalloc(target, { seed: 1 });
  assertEquals(finding?.rule.id, "protocol/answers");
  assertEquals(finding?.found, { threw: "out of luck" });
  assertEquals(finding?.steps.map(({ op }) => op), ["create", "compact"]);
});

Deno.test("the objects of a finding are numbered from 0 on", async () => {
  for (const broken of Object.values(BROKEN_ZSMALLOC)) {
    const { finding } = await conformZsmalloc(broken(), { seed: 1 });
    const objects = finding?.steps.flatMap((step) =>
      step.op === "malloc" ? [step.object] : []
    ) ?? [];
    assertEquals(
      objects,
      objects.map((_, nth) =>
        nth
      ),
    );
  }
});

Deno.test("a state that outlives create is found in the programs that lead there", async () => {
  let programs = 0;
  const target = () => {
    const model = modelZsmalloc(LINUX_6_18);
    let frees = 0;
    return {
      ...model,
      restart: () => void (frees = 0),
      free(handle: string) {
        frees++;
        return model.free(handle);
      },
      create(setup: Parameters<typeof model.create>[0]) {
        return frees >= 3 ? { error: "ENOSPC" } : model.create(setup);
      },
    };
  };
  const { finding } = await conformZsmalloc(target(), {
    seed: 1,
    onProgram: (count) => programs = count,
  });
  assert(programs > 1);
  assertEquals(
    finding?.steps.map(({ op }) => op).sort().join(" "),
    "create create free free free malloc malloc malloc",
  );
});

Deno.test("a state that many programs lead to together is found in all of them", async () => {
  const model = modelZsmalloc(LINUX_6_18);
  let creates = 0;
  const { finding } = await conformZsmalloc({
    ...model,
    restart: () => void (creates = 0),
    create: (setup: Parameters<typeof model.create>[0]) =>
      ++creates > 10 ? { error: "ENOSPC" } : model.create(setup),
  }, { seed: 1 });
  assertEquals(finding?.steps.map(({ op }) => op), Array(11).fill("create"));
});

Deno.test("a failure that never comes again is told as it came", async () => {
  const model = modelZsmalloc(LINUX_6_18);
  let mallocs = 0;
  const target = {
    ...model,
    malloc: (size: number) =>
      ++mallocs === 200 ? { handle: "0" } : model.malloc(size),
  };
  const { finding } = await conformZsmalloc(target, { seed: 1 });
  assertEquals(finding?.rule, ZSMALLOC_CONTRACT.notZero);
  assertEquals(finding?.steps.at(-1)?.op, "malloc");
});

Deno.test("shrinking ends when its time is up", async () => {
  const broken = BROKEN_ZSMALLOC.packed;
  const [shrunk, whole] = await Promise.all([
    conformZsmalloc(broken(), { seed: 1 }),
    conformZsmalloc(broken(), { seed: 1, isShrunk: () => true }),
  ]);
  assertEquals(whole.programs, shrunk.programs);
  const length = (one: typeof whole) => one.finding?.steps.length ?? 0;
  assert(length(shrunk) < length(whole));
});

const HEADER =
  '{"zspec":"conform/1","target":"zsmalloc","level":"contract","profile":"linux-6.18"}';

/** Transcripts with something wrong: the line, and what is said of it. */
const WRONG: readonly [text: string, line: number, message: string][] = [
  ["", 1, "the file is empty"],
  ["create", 1, "the line is not JSON, or was cut off"],
  ["[]", 1, "the line is [], not an object"],
  ["{}", 1, "the field 'zspec' is missing"],
  [
    HEADER.replace("contract", "strict"),
    1,
    "the field 'level' is \"strict\", not contract or exact or model",
  ],
  [
    HEADER.replace("}", ',"seed":1}'),
    1,
    "unknown field 'seed'",
  ],
  [`${HEADER}\n{"op":"compact"`, 2, "the line is not JSON, or was cut off"],
  [
    `${HEADER}\n{"op":"compact"}\n{"op":"frob"}`,
    3,
    "unknown op 'frob', not create, malloc, free, write, read, compact, stats, classes, fail, map, write_mapped, unmap, compact_around, shrink, compact_memory, migrate, isolate, migrate_isolated, putback, lock, unlock, free_deferred, free_around, misuse or destroy",
  ],
  [`${HEADER}\n{"op":"free"}`, 2, "the field 'object' is missing"],
  [
    `${HEADER}\n{"op":"free","object":-1}`,
    2,
    "the field 'object' is -1, not a whole number from 0 on, or a list of them",
  ],
  [
    `${HEADER}\n{"op":"compact","size":3}`,
    2,
    "unknown field 'size'",
  ],
  [
    `${HEADER}\n{"op":"write","object":0,"data":"AAAA"}`,
    2,
    "the field 'data' is \"AAAA\", not bytes in one of their forms",
  ],
];

Deno.test("a transcript of a finding with something wrong is refused, and the line is told", () => {
  for (const [text, line, message] of WRONG) {
    try {
      parseFindingTranscript(text, () => ZSMALLOC_SUITE.language.parse);
      assert(false, text);
    } catch (error) {
      assert(error instanceof TranscriptError, String(error));
      assertEquals([error.line, error.message], [line, message]);
    }
  }
});
