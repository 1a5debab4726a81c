import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { cpSync } from "node:fs";
import {
  arenaOf,
  MACHINES,
  type Place,
  programAt,
  Reach,
  zsmallocMachine,
} from "../mod.ts";
import { planOf, silentMachines } from "../src/cli/fuzz_plan.ts";
import { fuzzText } from "../src/cli/fuzz_report.ts";
import { parseOptions } from "../src/cli/usage.ts";
import {
  assertRefused,
  commandTest,
  deno,
  type Outcome,
  ROOT,
  zspec,
} from "./command.ts";

commandTest(
  "zspec fuzz runs every machine and prints what it ran, the seed first",
  async (folder) => {
    const { code, stdout, stderr } = await zspec(
      folder,
      ...["fuzz", "--seed", "1", "--runs", "20", "--jobs", "2"],
    );
    assertEquals([code, stderr], [0, ""]);
    assertMatch(
      stdout,
      /^seed 1\nmachine +programs +steps +steps\/s +rules exercised\n/,
    );
    for (const { name, rules } of MACHINES) {
      const row =
        `\\n${name} +20 +[\\d,]+ +[\\d,]+ +\\d+ of ${rules.length}\\n`;
      assertMatch(stdout, new RegExp(row));
    }
    const programs = 20 * MACHINES.length;
    const sum = `\\n${programs} programs in [\\d.]+ s\\. All hold\\.\\n$`;
    assertMatch(stdout, new RegExp(sum));
  },
);

commandTest(
  "zspec fuzz runs the same programs for the same seed, however many jobs share them",
  async (folder) => {
    const run = async (...args: string[]) => {
      const { code, stdout } = await zspec(
        folder,
        ...["fuzz", "zsmalloc", "--seed", "7", "--runs", "50", "--json"],
        ...args,
      );
      assertEquals(code, 0);
      const { seed, machines: [{ machine, programs, steps, reach }] } = JSON
        .parse(stdout);
      return { seed, machine, programs, steps, reach };
    };
    const first = await run("--jobs", "1");
    assertEquals([first.seed, first.programs], [7, 50]);
    assertEquals(await run("--jobs", "2"), first);
  },
);

commandTest(
  "zspec fuzz --time ends when it is over, whatever was run by then, or with the last of --runs",
  async (folder) => {
    const run = async (...args: string[]) => {
      const { code, stdout } = await zspec(
        folder,
        ...["fuzz", "zbud", "--json"],
        ...args,
      );
      const { seconds, interrupted, machines } = JSON.parse(stdout);
      assertEquals(interrupted, false);
      const [{ programs, reach }] = machines;
      const isExercised = Object.values(reach).some((count) => count !== 0);
      // A slow machine may not have come to its first program.
      assertEquals(code, isExercised ? 0 : 1);
      return { seconds, programs };
    };
    const { seconds } = await run("--time", "1");
    assert(seconds >= 1, `it took ${seconds} s`);
    assertEquals((await run("--time", "3600", "--runs", "5")).programs, 5);
  },
);

/** What `zspec fuzz --json` prints, in a file. */
async function shardFile(
  folder: string,
  ...args: readonly string[]
): Promise<string> {
  const { code, stdout, stderr } = await zspec(
    folder,
    ...["fuzz", "zbud", "zsmalloc", "--seed", "5", "--runs", "48", "--json"],
    ...args,
  );
  assertEquals([code, stderr], [0, ""]);
  const path = `${folder}/${crypto.randomUUID()}.json`;
  await Deno.writeTextFile(path, stdout);
  return path;
}

commandTest(
  "zspec merge makes of a run's shards what the whole run is, and misses a shard",
  async (folder) => {
    const whole = await shardFile(folder);
    const shards = await Promise.all(
      [1, 2, 3].map((index) => shardFile(folder, "--shard", `${index}/3`)),
    );
    const merged = async (paths: readonly string[]) => {
      const { code, stdout } = await zspec(folder, "merge", "--json", ...paths);
      assertEquals(code, 0);
      return JSON.parse(stdout).machines;
    };
    assertEquals(await merged(shards.toReversed()), await merged([whole]));
    const missing = await zspec(folder, "merge", shards[0], shards[2]);
    assertEquals([missing.code, missing.stdout, missing.stderr], [
      2,
      "",
      "zspec: Cannot merge: shard 2 of 3 is missing\n",
    ]);
    const twice = await zspec(folder, "merge", shards[0], ...shards);
    assertEquals(
      twice.stderr,
      "zspec: Cannot merge: shard 1 of 3 is there 2 times\n",
    );
    const other = await zspec(folder, "merge", whole, shards[0]);
    assertStringIncludes(other.stderr, "they are of different runs");
    const text = await zspec(folder, "merge", ...shards);
    assertMatch(text.stdout, /^fuzz, seed 5, 3 shards\nmachine /);
    assertMatch(text.stdout, /\nAll hold\.\n$/);
    const one = await zspec(folder, "merge", whole);
    assertMatch(one.stdout, /^fuzz, seed 5, 1 shard\n/);
  },
);

commandTest(
  "zspec merge says of a run that time ended that it is no whole one",
  async (folder) => {
    const { runs, ...ended } = JSON.parse(
      await Deno.readTextFile(await shardFile(folder)),
    );
    assertEquals(runs, 48);
    for (const cut of [ended, { ...ended, runs: 49 }]) {
      await Deno.writeTextFile(`${folder}/cut.json`, JSON.stringify(cut));
      const { code, stdout } = await zspec(folder, "merge", "cut.json");
      assertEquals(code, 0);
      assertMatch(stdout, /\nAll that were run hold: time ended them, .*\n$/);
    }
  },
);

commandTest(
  "zspec fuzz --corpus keeps the programs that reach more, by their contents' hash",
  async (folder) => {
    const corpus = `${folder}/corpus`;
    const run = async (seed: string, into = corpus) => {
      const { code } = await zspec(
        folder,
        ...["fuzz", "zbud", "--seed", seed, "--runs", "24", "--jobs", "1"],
        ...["--corpus", into],
      );
      assertEquals(code, 0);
      return Array.from(Deno.readDirSync(into), ({ name }) => name);
    };
    const kept = await run("1");
    assert(kept.length > 0 && kept.length < 12, `${kept.length} are kept`);
    for (const name of kept) {
      const bytes = await Deno.readFile(`${corpus}/${name}`);
      const digest = await crypto.subtle.digest("SHA-256", bytes);
      const hash = new Uint8Array(digest).toHex().slice(0, 16);
      assertEquals(name, `zbud-${hash}.jsonl`);
    }
    // What is kept reaches all that its own programs do.
    assertEquals((await run("1")).toSorted(), kept.toSorted());
    // Of others those are kept that reach more still, and no more.
    const alone = await run("2", `${folder}/alone`);
    const added = (await run("2")).length - kept.length;
    assert(added < alone.length, `${added} of ${alone.length} are added`);
    const replayed = await zspec(
      folder,
      "replay",
      ...kept.map((name) => `${corpus}/${name}`),
    );
    assertEquals([replayed.code, replayed.stderr], [0, ""]);
  },
);

commandTest(
  "a shard of a run that is too short for it has no programs: zspec fuzz says so, and ends with 0",
  async (folder) => {
    // All programs are of the first batch, which the first shard runs.
    const { code, stdout } = await zspec(
      folder,
      ...["fuzz", "zbud", "z3fold", "--seed", "1", "--runs", "2"],
      ...["--shard", "2/2"],
    );
    assertEquals(code, 0);
    assertMatch(
      stdout,
      /\n0 programs in .* s\. The shard has no programs\.\n$/,
    );
  },
);

Deno.test("where nothing is exercised nothing is known: zspec fuzz says so", () => {
  const plan = planOf(parseOptions(["zbud", "--seed", "1"], {
    string: ["seed"],
    boolean: [],
  }));
  const counts = [
    { machine: "zbud", programs: 0, steps: 0, busy: 0, reach: new Reach() },
  ];
  const outcome = {
    counts,
    failure: undefined,
    seconds: 0,
    interrupted: false,
  };
  assertEquals(silentMachines(plan, outcome), ["zbud"]);
  assertMatch(
    fuzzText(plan, outcome),
    /Nothing was exercised of zbud, so nothing is known of that/,
  );
});

commandTest(
  "the shards of a run that starts from a corpus count it once",
  async (folder) => {
    const run = async (...args: readonly string[]) => {
      const { code, stdout } = await zspec(
        folder,
        ...["fuzz", "zbud", "--seed", "5", "--runs", "32", "--json"],
        ...["--corpus", "corpus", ...args],
      );
      assertEquals(code, 0);
      return JSON.parse(stdout).machines[0].programs;
    };
    await run();
    const names = [...Deno.readDirSync(`${folder}/corpus`)];
    const kept = names.length;
    assert(kept > 0);
    // The same program under another name is no other.
    await Deno.copyFile(
      `${folder}/corpus/${names[0].name}`,
      `${folder}/corpus/mine.jsonl`,
    );
    assertEquals(await run("--shard", "1/2"), 16 + kept);
    assertEquals(await run("--shard", "2/2"), 16);
  },
);

commandTest(
  "zspec merge refuses parts of runs of other machines, or of other lengths",
  async (folder) => {
    const part = async (...args: readonly string[]) => {
      const { stdout } = await zspec(
        folder,
        ...["fuzz", ...args, "--seed", "5", "--json"],
      );
      const path = `${folder}/${crypto.randomUUID()}.json`;
      await Deno.writeTextFile(path, stdout);
      return path;
    };
    const first = await part("zbud", "--runs", "32", "--shard", "1/2");
    const others = [
      [["z3fold", "--runs", "32"], "one of zbud, and one of z3fold"],
      [
        ["zbud", "--runs", "33"],
        "fuzz of 32 programs, seed 5, in 2 shards, and",
      ],
    ] as const;
    for (const [args, message] of others) {
      const other = await part(...args, "--shard", "2/2");
      const { code, stderr } = await zspec(folder, "merge", first, other);
      assertEquals(code, 2);
      assertStringIncludes(stderr, `they are of different runs: ${message}`);
    }
  },
);

/** Where one program stands. */
const PLACE = ["--seed", "1", "--path", "1"];

/** Ways to call it wrongly, and what is said of them. */
const WRONG: readonly (readonly [args: string[], message: string])[] = [
  [["slab"], "Unknown machine 'slab': the machines are zsmalloc, zram"],
  [["--runs", "0"], "'--runs' is '0', not a whole number from 1"],
  [["--seed", "4294967296"], "'--seed' is '4294967296', not a whole number"],
  [["--shard", "3/2"], "'--shard' is '3/2', not such as 2/8"],
  [["--shard", "0/2"], "'--shard' is '0/2', not such as 2/8"],
  [["--corpus", "file"], "'file'"],
  [["--corpus", "kept"], "kept/cut.jsonl:1: the line is not JSON"],
  [["--seed", "1", "--seed=2"], "'--seed' is given twice"],
  // No batch has more programs.
  [
    ["zram", "--seed", "1", "--path", "16"],
    "'--path' is '16', not a whole number from 0 to 15",
  ],
  [["zram", "--path", "1"], "'--path' needs one MACHINE and '--seed'"],
  [["zram", "zbud", ...PLACE], "'--path' needs one MACHINE and '--seed'"],
  ...["--runs=1", "--time=1", "--jobs=1", "--shard=1/1", "--corpus=kept"].map(
    (option): [string[], string] => [
      ["zram", ...PLACE, option],
      "and none of '--runs', '--time', '--jobs', '--shard', '--corpus'",
    ],
  ),
];

commandTest(
  "who calls zspec fuzz wrongly is told so in one line, and it ends with 2",
  async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    await Deno.mkdir(`${folder}/kept`);
    await Deno.writeTextFile(`${folder}/kept/cut.jsonl`, '{"zspec":');
    for (const [args, message] of WRONG) {
      const { stdout, ...outcome } = await zspec(folder, "fuzz", ...args);
      // The seed is there before the corpus is read.
      const told = stdout.replace(/^seed \d+\n$/, "");
      assertRefused({ ...outcome, stdout: told }, message);
    }
  },
);

commandTest(
  "Ctrl-C ends zspec fuzz with 130, and it prints what was run",
  async () => {
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", `${ROOT}src/cli/main.ts`, "fuzz", "--time", "600"],
      stdin: "null",
      stdout: "piped",
    });
    const child = command.spawn();
    let text = "";
    for await (
      const chunk of child.stdout.pipeThrough(new TextDecoderStream())
    ) {
      // The seed is there: from now on it listens.
      if (text === "") setTimeout(() => child.kill("SIGINT"), 2000);
      text += chunk;
    }
    const { code } = await child.status;
    assertEquals(code, 130);
    assertMatch(text, /^seed \d+\nmachine /);
    assertMatch(text, /\n[\d,]+ programs in [\d.]+ s\. Interrupted/);
  },
);

/** A checkout in `folder`, with `from` replaced by `to` in one of its files. */
async function plant(
  folder: string,
  file: string,
  from: string,
  to: string,
): Promise<void> {
  for (const name of ["deno.json", "deno.lock", "mod.ts", "src"]) {
    cpSync(`${ROOT}${name}`, `${folder}/${name}`, { recursive: true });
  }
  const source = await Deno.readTextFile(`${folder}/${file}`);
  const parts = source.split(from);
  assertEquals(parts.length, 2, `'${from}' is not once in ${file}`);
  await Deno.writeTextFile(`${folder}/${file}`, parts.join(to));
}

/** Runs the command of the checkout in `folder`. */
function planted(folder: string, ...args: string[]): Promise<Outcome> {
  return deno(folder, "run", "-A", "--quiet", "src/cli/main.ts", ...args);
}

/** Finds the defect below. */
const FIND = ["fuzz", "zsmalloc", "--seed", "7"];

commandTest(
  "a defect makes zspec fuzz end with 1; the command and the test that it prints both repeat it",
  async (folder) => {
    // Compaction leaves the last byte of a small chunk where it was.
    await plant(
      folder,
      "src/zsmalloc/compaction.ts",
      "(freeIndex * size) & mask,\n    size,",
      "(freeIndex * size) & mask,\n    size - Number(size < 400),",
    );
    const found = await planted(folder, ...FIND, "--jobs", "3");
    assertEquals([found.code, found.stderr], [1, ""]);
    const error =
      /^seed 7\nzsmalloc fails: (Step \d+ of \d+, \w+: zsmalloc\/compaction-.*)\n/
        .exec(found.stdout)?.[1] ?? "";
    assert(error !== "", found.stdout);
    // Later batches have one too: whoever is first, the first batch counts.
    assertEquals(await planted(folder, ...FIND, "--jobs", "1"), found);

    const command = /\n {2}\S.*main\.ts (fuzz zsmalloc --seed \d+ --path \d+)\n/
      .exec(found.stdout)?.[1] ?? "";
    const again = await planted(folder, ...command.split(" "));
    assertEquals(again.code, 1);
    assertEquals(found.stdout, `seed 7\n${again.stdout}`);

    const test = found.stdout.slice(found.stdout.indexOf("// zspec"));
    assert(test.split("\n").length < 40, `the counterexample is long: ${test}`);
    await Deno.writeTextFile(`${folder}/found_test.ts`, test);
    assertEquals(
      (await deno(folder, "fmt", "--check", "found_test.ts")).code,
      0,
    );
    const tested = await deno(
      folder,
      "test",
      "-A",
      "--no-check",
      "found_test.ts",
    );
    assertEquals(tested.code, 1);
    assertStringIncludes(tested.stdout, `ProgramError: ${error}`);
    // The same file holds where the defect is not.
    const { code, stderr } = await deno(
      ROOT,
      ...["test", "-A", `--config=${ROOT}deno.json`, `${folder}/found_test.ts`],
    );
    assertEquals(code, 0, stderr);
  },
);

commandTest(
  "what zspec fuzz prints of a failure is a transcript that zspec replay runs",
  async (folder) => {
    await plant(
      folder,
      "src/zsmalloc/compaction.ts",
      "(freeIndex * size) & mask,\n    size,",
      "(freeIndex * size) & mask,\n    size - Number(size < 400),",
    );
    const found = await planted(folder, ...FIND);
    await Deno.writeTextFile(`${folder}/found`, found.stdout);
    const replayed = await planted(folder, "replay", "found");
    assertEquals(replayed.code, 1);
    assertStringIncludes(replayed.stdout, "zsmalloc/compaction-");
    const elsewhere = await zspec(folder, "replay", `${folder}/found`);
    assertEquals([elsewhere.code, elsewhere.stderr], [0, ""]);
  },
);

const HANGING = `
import { MACHINES } from "./src/search/machines.ts";
import { searchInWorkers } from "./src/search/workers.ts";

const { failure } = await searchInWorkers({
  machines: MACHINES.filter(({ name }) => name === "zsmalloc"),
  seed: 1,
  programs: 200,
  shard: { index: 1, count: 1 },
  jobs: 2,
  milliseconds: undefined,
  programMilliseconds: 5_000,
  known: undefined,
  signal: new AbortController().signal,
  now: () => performance.now(),
  onProgram() {},
  onKept() {},
});
console.log(JSON.stringify(failure));
// The worker that hangs was ended, and Deno waits for it all the same.
Deno.exit(0);
`;

/** Steps that compact. */
const COMPACTING = ["compact", "compact_around", "shrink", "free_around"];

commandTest(
  "a program that does not end is found by that, and its place says which it is",
  async (folder) => {
    await plant(
      folder,
      "src/zsmalloc/compact.ts",
      '  if (compactions === "one") {\n',
      '  for (;;);\n  if (compactions === "one") {\n',
    );
    await Deno.writeTextFile(`${folder}/hanging.ts`, HANGING);
    const { stdout, stderr } = await deno(
      folder,
      ...["run", "-A", "--quiet", "--no-check", "hanging.ts"],
    );
    assertEquals(stderr, "");
    const { found: { seed, nth, finding } } = JSON.parse(stdout);
    assertEquals(finding.found, "none within 5 seconds");
    const compacts = (place: Place) =>
      programAt(arenaOf(zsmallocMachine), place).steps
        .some(({ op }) => COMPACTING.includes(op));
    assertEquals(finding.steps.length > 0, true);
    assertEquals(compacts({ seed, nth }), true);
    for (let before = 0; before < nth; before++) {
      assertEquals(compacts({ seed, nth: before }), false);
    }
  },
);
