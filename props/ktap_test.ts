import {
  assert,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { LINUX_6_1 } from "../mod.ts";
import {
  conformJson,
  conformJunit,
  conformKtap,
  type ConformReport,
  conformText,
} from "../src/cli/conform_report.ts";
import { ANSWERS, EXACT } from "../src/judges/judge.ts";
import {
  ktapError,
  ktapResult,
  ktapSkippedResult,
  ktapStart,
} from "../src/report/ktap.ts";
import { WHOLE_RUN } from "../src/search/batches.ts";
import { findingOf } from "../src/search/finding.ts";
import { assertRefused, commandTest, zspec } from "./command.ts";
import { defective, pythonTest, sound } from "./conform/python.ts";

/** A test's result as a reader of KTAP finds it. */
interface Result {
  ok: boolean;
  name: string;
  directive: string;
  reason: string;
  /** The diagnostic lines right before it. */
  notes: string[];
  tests: Result[];
}

const RESULT =
  /^(ok|not ok) ([0-9]+)(?: ([^#]*?))?(?: # ?([A-Z]+)?(?: (.*))?)?$/;

/**
 * Reads KTAP by the grammar of Documentation/dev-tools/ktap.rst and nothing of
 * zspec: version, plan, as many results as that says, numbered from 1; a test's
 * own tests two spaces deeper, before its result; a test fails where one of
 * them does. Throws at a line that is none of the four kinds.
 */
function parseKtap(text: string): Result[] {
  assert(text.endsWith("\n"), "the last line has no end");
  const lines = text.slice(0, -1).split("\n");
  const [results, end] = parseTests(lines, 0, "");
  assertEquals(end, lines.length, `line ${end + 1} is beyond the plan`);
  return results;
}

function parseTests(
  lines: readonly string[],
  from: number,
  indent: string,
): [Result[], number] {
  const at = (line: number) => {
    const text = lines[line] ?? "";
    assert(text.startsWith(indent), `line ${line + 1} is too far left`);
    return text.slice(indent.length);
  };
  assertEquals(at(from), "KTAP version 1");
  const [, plan] = /^1\.\.([0-9]+)$/.exec(at(from + 1)) ?? [];
  assert(plan !== undefined, `line ${from + 2} is no plan`);
  const results: Result[] = [];
  let line = from + 2;
  let tests: Result[] = [];
  let notes: string[] = [];
  while (results.length < Number(plan)) {
    const text = at(line);
    if (text.startsWith("  ")) {
      assertEquals(tests, [], "a test has its own tests once");
      [tests, line] = parseTests(lines, line, `${indent}  `);
      continue;
    }
    line++;
    if (/^#( |$)/.test(text)) {
      notes.push(text.slice(2));
      continue;
    }
    const [, word, number, name = "", directive = "", reason = ""] =
      RESULT.exec(text) ?? [];
    assert(word !== undefined, `line ${line} is of no kind: '${text}'`);
    assertEquals(Number(number), results.length + 1);
    const ok = word === "ok";
    if (tests.length > 0) {
      assertEquals(ok, tests.every((one) => one.ok), `line ${line} differs`);
    }
    results.push({ ok, name, directive, reason, notes, tests });
    [notes, tests] = [[], []];
  }
  return [results, line];
}

Deno.test("the reader of KTAP refuses what the grammar has not", () => {
  const good = "KTAP version 1\n1..1\n  KTAP version 1\n  1..1\n";
  parseKtap(`${good}  ok 1 a\nok 1 b\n`);
  for (
    const bad of [
      "1..1\nok 1\n",
      "KTAP version 1\nok 1\n",
      "KTAP version 1\n1..2\nok 1\n",
      "KTAP version 1\n1..1\nok 2\n",
      "KTAP version 1\n1..1\nok 1\nok 2\n",
      "KTAP version 1\n1..1\nseed 1\nok 1\n",
      `${good}  not ok 1 a\nok 1 b\n`,
      `${good}ok 1 b\n`,
      "KTAP version 1\n1..1\nok 1",
    ]
  ) {
    assertThrows(() => parseKtap(bad), Error, undefined, bad);
  }
});

Deno.test("each case is a subtest: passed, failed after its diagnostics, or skipped with the reason", () => {
  const text = ktapStart(["seed 1", "two\nlines"]) + ktapResult("all # of it", [
    { name: "a" },
    { name: "b\nc", failure: ["one", "two\r\n\x1b[0mthree\n"] },
    { name: "d", skipped: "nothing\n# reached it" },
  ], false);
  const test = (parts: Partial<Result>): Result => ({
    ok: true,
    name: "",
    directive: "",
    reason: "",
    notes: [],
    tests: [],
    ...parts,
  });
  assertEquals(
    parseKtap(text),
    [
      test({
        ok: false,
        name: "all  of it",
        notes: ["seed 1", "two", "lines"],
        tests: [
          test({ name: "a" }),
          test({ ok: false, name: "b c", notes: ["one", "two", " [0mthree"] }),
          test({
            name: "d",
            directive: "SKIP",
            reason: "nothing # reached it",
          }),
        ],
      }),
    ],
  );
  const [skipped] = parseKtap(ktapStart([]) + ktapSkippedResult("t", "none"));
  assertEquals([skipped.ok, skipped.directive, skipped.reason], [
    true,
    "SKIP",
    "none",
  ]);
  const [ended] = parseKtap(ktapStart(["seed 1"]) + ktapError("t", "a signal"));
  assertEquals([ended.ok, ended.directive, ended.reason, ended.notes], [
    false,
    "ERROR",
    "a signal",
    ["seed 1"],
  ]);
});

/** A report of a run that found `error`. */
function reportOf(error: Error): ConformReport {
  return {
    target: "zram",
    plan: { level: "exact", profile: LINUX_6_1 },
    rules: [ANSWERS, EXACT],
    reach: { [EXACT.id]: 1 },
    seed: 7,
    shard: WHOLE_RUN,
    runs: 1,
    replayed: undefined,
    programs: 1,
    steps: 1,
    finding: findingOf(error, [{ op: "create" }]),
    tested: "--image image",
    command: "zspec guest conform",
    isProfileFound: true,
    seconds: 1,
  };
}

Deno.test("a guest that panics is a result that is not ok, with the last lines of its console", () => {
  const panic = new Error(
    "The guest does not answer 'read x': the guest is gone; its console says\n[ 1.0] BUG: kernel NULL pointer\n[ 1.1] Kernel panic - not syncing",
  );
  const [all] = parseKtap(ktapStart([]) + conformKtap(reportOf(panic)));
  assertEquals(all.ok, false);
  const [answers, exact] = all.tests;
  assertEquals([answers.ok, answers.name], [false, ANSWERS.id]);
  assertEquals([exact.ok, exact.directive], [true, ""]);
  for (
    const line of [
      `rule: ${ANSWERS.id}: ${ANSWERS.sentence}`,
      "seed: 7",
      "[ 1.0] BUG: kernel NULL pointer",
      "[ 1.1] Kernel panic - not syncing",
      "program, 1 step:",
      "repeat: zspec guest conform zram --level exact --seed 7 --runs 1 --image image",
    ]
  ) {
    assert(answers.notes.includes(line), `no line '${line}'`);
  }
});

pythonTest(
  "zspec conform --ktap prints KTAP alone: a subtest for each rule, those that nothing exercised skipped",
  async (folder) => {
    const { code, stdout } = await zspec(
      folder,
      ...["conform", "zsmalloc", "--ktap", "--seed", "5", "--runs", "2"],
      ...["--junit", "junit", "--", ...sound("zsmalloc")],
    );
    assertEquals(code, 0);
    const [all, ...more] = parseKtap(stdout);
    assertEquals(more, []);
    assertEquals([all.ok, all.name], [true, "zspec zsmalloc contract"]);
    assertStringIncludes(stdout, "\n# seed 5\n");
    const junit = await Deno.readTextFile(`${folder}/junit`);
    const [, cases, skips] = /tests="(\d+)" failures="0" skipped="(\d+)"/
      .exec(junit) ?? [];
    assertEquals(all.tests.length, Number(cases));
    const skipped = all.tests.filter(({ directive }) => directive === "SKIP");
    assertEquals(skipped.length, Number(skips));
    assert(all.tests.every(({ ok }) => ok));
  },
);

pythonTest(
  "what fails is one subtest that is not ok, whose diagnostics name the rule, the seed and the program",
  async (folder) => {
    const { code, stdout } = await zspec(
      folder,
      ...["conform", "zswap", "--ktap", "--seed", "1", "--timeout", "60", "--"],
      ...defective("zswap", "writeback-of-older"),
    );
    assertEquals(code, 1);
    const [all] = parseKtap(stdout);
    assertEquals(all.ok, false);
    const failed = all.tests.filter(({ ok }) => !ok);
    assertEquals(failed.map(({ name }) => name), ["contract/written"]);
    const [{ notes }] = failed;
    assert(notes.some((one) => one.startsWith("rule: contract/written: ")));
    assert(notes.includes("seed: 1"));
    assert(notes.some((one) => one.startsWith('{"zspec":"conform/1"')));
    // The diagnostics are a file that is replayed.
    await Deno.writeTextFile(`${folder}/notes`, notes.join("\n"));
    const again = await zspec(
      folder,
      ...["conform", "zswap", "--ktap", "--replay", "notes", "--"],
      ...defective("zswap", "writeback-of-older"),
    );
    assertEquals(again.code, 1);
    assertEquals(
      parseKtap(again.stdout)[0].tests.filter(({ ok }) => !ok).length,
      1,
    );
  },
);

commandTest(
  "a target that cannot be had is skipped as a whole, and the command ends with 2",
  async (folder) => {
    const lines = [
      ["conform", "zram", "--ktap", "--", "./nosuch"],
      ["conform", "zram", "--ktap", "--device", "/dev/nosuch"],
      ["guest", "conform", "zram", "--ktap", "--image", folder],
    ];
    for (const args of lines) {
      const { code, stdout, stderr } = await zspec(folder, ...args);
      assertEquals(code, 2, stderr);
      const [all, ...more] = parseKtap(stdout);
      assertEquals([more.length, all.directive, all.tests], [0, "SKIP", []]);
      assertEquals(stderr, `zspec: ${all.reason}\n`);
    }
    assertRefused(
      await zspec(folder, "conform", "zram", "--json", "--ktap", "--", "x"),
      "both '--json' and '--ktap' are given",
    );
  },
);

Deno.test("where shrinking was cut off a line says so, in every form", () => {
  const report = reportOf(new Error("no"));
  const shrinking = "was cut off: some of the steps may not be needed";
  const cut = {
    ...report,
    finding: report.finding && { ...report.finding, shrinking },
  };
  for (
    const [form, line] of [
      [conformText, `\n  shrinking  ${shrinking}\n`],
      [conformJunit, `\nshrinking ${shrinking}\n`],
      [conformKtap, `# shrinking ${shrinking}\n`],
      [conformJson, `"shrinking": "${shrinking}"`],
    ] as const
  ) {
    assertStringIncludes(form(cut), line);
    assert(!form(report).includes("shrinking"));
  }
});
