import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import {
  assertRefused,
  commandTest,
  exists,
  ROOT,
  until,
  zspec,
} from "./command.ts";
import { defective, pythonTest, sound } from "./conform/python.ts";

/** A defect, and the options that find it soon. */
const FIND = ["conform", "zswap", "--seed", "1", "--timeout", "60", "--"];
const LOSES = [...FIND, ...defective("zswap", "writeback-of-older")];

/** The rule that it breaks. */
const RULE = "contract/written";

pythonTest(
  "zspec conform says in one line what conforms, after the seed, and ends with 0",
  async (folder) => {
    const { code, stdout, stderr } = await zspec(
      folder,
      ...["conform", "zswap", "--level", "exact", "--runs", "20", "--"],
      ...sound("zswap"),
    );
    assertEquals([code, stderr], [0, ""]);
    assertMatch(
      stdout,
      /^seed \d+\n(Not exercised, so not known to hold: [^.]+\.\n)?zswap conforms at level exact to linux-6\.18, \d+ of \d+ rules exercised: 20 programs, [\d,]+ steps in [\d.]+ s\.\n$/,
    );
  },
);

/** The transcript among what is printed. */
function transcriptIn(stdout: string): string {
  return stdout.split("\n").filter((line) => line.startsWith("{")).join("\n");
}

/** What is printed, but for the time that it took. */
const timeless = (text: string) => text.replace(/ in [\d.]+ s\.\n/, "\n");

pythonTest(
  "what does not conform ends it with 1: the rule, what was expected and found, and a transcript that fails again",
  async (folder) => {
    const found = await zspec(folder, ...LOSES);
    assertEquals([found.code, found.stderr], [1, ""]);
    assertMatch(
      found.stdout,
      /^seed 1\nzswap does not conform at level contract to linux-6\.18: contract\/written after /,
    );
    for (
      const row of ["the rule  ", "its source", "expected  ", "found     "]
    ) {
      assertStringIncludes(found.stdout, `\n  ${row} `);
    }
    const transcript = transcriptIn(found.stdout);
    const [header, ...steps] = transcript.split("\n").map((line) =>
      JSON.parse(line)
    );
    assertEquals(header, {
      zspec: "conform/1",
      target: "zswap",
      level: "contract",
      profile: "linux-6.18",
    });
    assert(steps.length <= 12);
    assertEquals(steps.at(-1).rule, RULE);

    // The command that it prints finds the same.
    const command = /\n {2}\S.*main\.ts (conform .*) -- /.exec(found.stdout)
      ?.[1];
    const again = await zspec(
      folder,
      ...(command ?? "").split(" "),
      ...LOSES.slice(LOSES.indexOf("--")),
    );
    assertEquals(timeless(again.stdout), timeless(found.stdout));

    await Deno.writeTextFile(`${folder}/found.jsonl`, `${transcript}\n`);
    const replay = ["conform", "zswap", "--replay", "found.jsonl", "--"];
    const replayed = await zspec(
      folder,
      ...replay,
      ...defective("zswap", "writeback-of-older"),
    );
    assertEquals([replayed.code, replayed.stderr], [1, ""]);
    assertEquals(transcriptIn(replayed.stdout), transcript);
    const mended = await zspec(folder, ...replay, ...sound("zswap"));
    assertEquals([mended.code, mended.stderr], [0, ""]);
    assertMatch(
      mended.stdout,
      /\nzswap conforms at level contract to linux-6\.18, \d+ of \d+ rules exercised: 1 program, /,
    );
  },
);

pythonTest(
  "the command that is printed of a shard runs the same programs of it",
  async (folder) => {
    const command = ["--", ...defective("zsmalloc", "zero-handle")];
    const run = (...options: string[]) =>
      zspec(folder, "conform", "zsmalloc", ...options, ...command);
    const found = await run("--seed", "1", "--shard", "2/3");
    assertEquals([found.code, found.stderr], [1, ""]);
    const printed = /\n {2}\S.*main\.ts conform zsmalloc (.*) -- /.exec(
      found.stdout,
    );
    const again = await run(...(printed?.[1] ?? "").split(" "));
    assertEquals(timeless(again.stdout), timeless(found.stdout));
  },
);

/** Reads JUnit's XML as others do, and tells its test cases. */
const READ_JUNIT = `
import json, sys, xml.etree.ElementTree
suite = xml.etree.ElementTree.parse(sys.argv[1]).getroot().find("testsuite")
print(json.dumps({
    "tests": int(suite.get("tests")),
    "failures": int(suite.get("failures")),
    "silent": int(suite.get("skipped")),
    "cases": [case.get("name") for case in suite.iter("testcase")],
    "skipped": [case.get("name") for case in suite.iter("testcase") if case.find("skipped") is not None],
    "failed": [[case.get("name"), case.find("failure").get("message"), case.find("failure").text]
               for case in suite.iter("testcase") if case.find("failure") is not None],
}))
`;

async function readJunit(path: string) {
  const command = new Deno.Command("python3", {
    args: ["-c", READ_JUNIT, path],
  });
  const { code, stdout } = await command.output();
  assertEquals(code, 0);
  return JSON.parse(new TextDecoder().decode(stdout));
}

pythonTest(
  "zspec conform --json and --junit tell the same to machines, a test case for each rule",
  async (folder) => {
    const told = ["--json", "--junit", "found.xml"];
    const found = await zspec(
      folder,
      ...LOSES.toSpliced(LOSES.indexOf("--"), 0, ...told),
    );
    assertEquals([found.code, found.stderr], [1, ""]);
    const { target, level, seed, finding, command } = JSON.parse(found.stdout);
    assertEquals([target, level, seed], ["zswap", "contract", 1]);
    assertEquals(finding.rule.id, RULE);
    assertMatch(command, /^zspec conform zswap --level contract /);

    const junit = await readJunit(`${folder}/found.xml`);
    assertEquals(junit.tests, junit.cases.length);
    assertEquals(new Set(junit.cases).size, junit.tests);
    assertEquals([junit.failures, junit.failed.length], [1, 1]);
    const [[name, message, text]] = junit.failed;
    assertEquals(name, `${RULE}: ${finding.rule.sentence}`);
    assertStringIncludes(message, JSON.stringify(finding.expected));
    assertStringIncludes(text, finding.transcript);

    const passing = await zspec(
      folder,
      ...["conform", "zram", "--runs", "3", "--junit", "sound.xml", "--"],
      ...sound("zram"),
    );
    assertEquals(passing.code, 0);
    assertEquals((await readJunit(`${folder}/sound.xml`)).failures, 0);
  },
);

pythonTest(
  "a rule that nothing exercised is skipped in JUnit's form, and named for people",
  async (folder) => {
    const run = ["conform", "zsmalloc", "--seed", "1", "--runs", "1"];
    const told = ["--json", "--junit", "found.xml"];
    const json = await zspec(
      folder,
      ...[...run, ...told, "--", ...sound("zsmalloc")],
    );
    assertEquals([json.code, json.stderr], [0, ""]);
    const [{ reach }] = JSON.parse(json.stdout).machines;
    const silent = Object.keys(reach).filter((id) => reach[id] === 0);
    assert(silent.length > 0 && silent.length < Object.keys(reach).length);
    const { failures, skipped, ...junit } = await readJunit(
      `${folder}/found.xml`,
    );
    assertEquals([failures, junit.silent], [0, skipped.length]);
    assertEquals(skipped.map((name: string) => name.split(": ")[0]), silent);

    const text = await zspec(folder, ...run, "--", ...sound("zsmalloc"));
    const named = /Not exercised, so not known to hold: ([^.]+)\.\n/
      .exec(text.stdout)?.[1];
    assertEquals(named?.split(/,\s+/), silent);
  },
);

pythonTest(
  "steps that come before any create are asked of nobody: zspec conform --replay says so, and ends with 2",
  async (folder) => {
    const header =
      '{"zspec":"conform/1","target":"zsmalloc","level":"contract","profile":"linux-6.18"}';
    await Deno.writeTextFile(
      `${folder}/idle.jsonl`,
      `${header}\n{"op":"compact"}\n`,
    );
    assertRefused(
      await zspec(
        folder,
        ...["conform", "zsmalloc", "--replay", "idle.jsonl", "--"],
        ...sound("zsmalloc"),
      ),
      "Cannot replay 'idle.jsonl' there: step 1 'compact' is not 'create', which comes first",
    );
  },
);

/** Ways to call it wrongly, and what is said of them. */
const WRONG: readonly [args: string[], message: string][] = [
  [["zsmalloc"], "no COMMAND is given after '--'"],
  [["--", "true"], "one TARGET is needed, of zsmalloc, zram, zswap"],
  [["slab", "--", "true"], "Unknown target 'slab'"],
  [
    ["zram", "--level", "strict", "--", "true"],
    "'--level' is 'strict', not contract or exact",
  ],
  [["zram", "--runs", "0", "--", "true"], "'--runs' is '0'"],
  [["zram", "--timeout", "0", "--", "true"], "'--timeout' is '0'"],
  [["zram", "--shard", "3/2", "--", "true"], "'--shard' is '3/2'"],
  [
    ["zram", "--junit", "none/found.xml", "--", "touch", "started"],
    "Cannot write 'none/found.xml': there is no such file or folder",
  ],
  [["zram", "--profile", "linux-9", "--", "true"], "'linux-9'"],
  [
    ["zram", "--replay", "x", "--seed", "1", "--", "true"],
    "'--seed' is given with '--replay'",
  ],
  [["zram", "--replay", "nowhere", "--", "true"], "nowhere"],
  [
    ["zram", "--replay", "cut.jsonl", "--", "true"],
    "cut.jsonl:1: the line is not JSON, or was cut off",
  ],
  [
    ["zram", "--replay", "other.jsonl", "--", "true"],
    "other.jsonl:1: the field 'target' is 'zswap', not 'zram'",
  ],
];

pythonTest(
  "who calls zspec conform wrongly is told so in one line, and it ends with 2",
  async (folder) => {
    await Deno.writeTextFile(`${folder}/cut.jsonl`, '{"zspec":');
    const header =
      '{"zspec":"conform/1","target":"zswap","level":"exact","profile":"linux-6.18"}';
    await Deno.writeTextFile(`${folder}/other.jsonl`, header);
    for (const [args, message] of WRONG) {
      assertRefused(await zspec(folder, "conform", ...args), message);
    }
    const isStarted = await exists(`${folder}/started`);
    assert(!isStarted, "the command was run all the same");
  },
);

pythonTest(
  "a command that cannot be started ends zspec conform with 2",
  async (folder) => {
    const args = ["conform", "zram", "--seed", "1", "--", "./none"];
    const { code, stdout, stderr } = await zspec(folder, ...args);
    assertEquals([code, stdout], [2, "seed 1\n"]);
    assertStringIncludes(stderr, "Cannot run './none'");
    assertEquals(stderr.trimEnd().split("\n").length, 1);
  },
);

/** A command that leaves its process's number in the file `pid`. */
const numbered = (command: readonly string[]): string[] => [
  ...["sh", "-c", 'echo $$ > "pid.new"; mv pid.new pid; exec "$@"', "sh"],
  ...command,
];

/** Whether the process whose number is in the file `pid` is there. */
async function isRunning(folder: string): Promise<boolean> {
  const pid = (await Deno.readTextFile(`${folder}/pid`)).trim();
  const command = new Deno.Command("kill", {
    args: ["-0", pid],
    stderr: "null",
  });
  return (await command.output()).success;
}

pythonTest(
  "a command that does not end when its input ends is a finding, and is killed",
  async (folder) => {
    const { code, stdout } = await zspec(
      folder,
      ...["conform", "zsmalloc", "--runs", "2", "--timeout", "5", "--"],
      ...numbered(defective("zsmalloc", "stays")),
    );
    assertEquals(code, 1);
    assertStringIncludes(
      stdout,
      "its input ended, and it did not within 5 s",
    );
    assertEquals(await isRunning(folder), false);
  },
);

pythonTest(
  "Ctrl-C ends zspec conform with 130, whatever the command does, and with it the command and what that has started",
  async (folder) => {
    const command = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--quiet", `${ROOT}src/cli/main.ts`],
        ...["conform", "zram", "--timeout", "600", "--"],
        ...["sh", "-c", "sleep 600 & echo $! > new; mv new pid; wait"],
      ],
      cwd: folder,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    });
    const child = command.spawn();
    const hasStarted = () => exists(`${folder}/pid`);
    await until(hasStarted, "the command has started another");
    assert(await isRunning(folder));
    child.kill("SIGINT");
    const { code, stderr } = await child.output();
    assertEquals(code, 130);
    assertEquals(
      new TextDecoder().decode(stderr),
      "zspec: Interrupted after 0 programs\n",
    );
    await until(async () => !await isRunning(folder), "it has ended");
  },
);

/** The transcript of a program of a model, in a file. */
async function foundFile(
  folder: string,
  target: string,
  ...steps: readonly object[]
): Promise<string> {
  const header = { level: "model", profile: "linux-6.18" };
  const path = `${folder}/${target}.jsonl`;
  const lines = [{ zspec: "conform/1", target, ...header }, ...steps];
  await Deno.writeTextFile(
    path,
    lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
  );
  return path;
}

pythonTest(
  "zspec replay asks a command for what fuzzing found of zram, whether or not it begins with create",
  async (folder) => {
    const path = await foundFile(
      folder,
      "zram",
      { op: "set", attr: "disksize", value: "64k" },
      {
        op: "write",
        page: 0,
        data: { kind: "stated", lengths: [93], seed: 0 },
      },
    );
    const { code, stdout, stderr } = await zspec(
      folder,
      ...["replay", path, "--", ...sound("zram")],
    );
    assertEquals([code, stderr], [0, ""]);
    assertMatch(
      stdout,
      /\nzram conforms at .*, [1-9]\d* of \d+ rules exercised/,
    );
  },
);

commandTest(
  "zspec replay refuses what a command can be asked nothing of, and says which step and why",
  async (folder) => {
    const path = await foundFile(
      folder,
      "zswap",
      {
        ...{ op: "create", totalPages: 9, maxPoolPercent: 9 },
        ...{ acceptThresholdPercent: 9, allocator: "zsmalloc", stated: true },
      },
      { op: "store", type: 0, offset: 5, data: { word: "0101010101010101" } },
    );
    assertRefused(
      await zspec(folder, "replay", path, "--", "true"),
      `Cannot replay '${path}' there: step 1 'create' has 'stated', which no request can say`,
    );
    assertRefused(
      await zspec(folder, "replay", path, path, "--", "true"),
      "one FILE is taken at a time with '--device', '--guest' or '-- COMMAND', not 2",
    );
  },
);
