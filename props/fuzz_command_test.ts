import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { cpSync } from "node:fs";
import { loadFastCheck, MACHINES, zsmallocMachine } from "../mod.ts";
import { commandTest, deno, type Outcome, ROOT, zspec } from "./command.ts";

commandTest(
  "zspec fuzz runs every machine and prints what it ran, the seed first",
  async (folder) => {
    const { code, stdout, stderr } = await zspec(
      folder,
      ...["fuzz", "--runs", "20", "--jobs", "2"],
    );
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /^seed \d+\nmachine +programs +steps +programs\/s\n/);
    for (const { name } of MACHINES) {
      assertMatch(stdout, new RegExp(`\\n${name} +20 +[\\d,]+ +[\\d,]+\\n`));
    }
    assertMatch(stdout, /\n120 programs in [\d.]+ s\. All hold\.\n$/);
  },
);

commandTest(
  "zspec fuzz runs the same programs for the same seed, however many jobs share them",
  async (folder) => {
    const run = async (...args: string[]) => {
      const { code, stdout } = await zspec(
        folder,
        ...["fuzz", "zsmalloc", "--seed", "7", "--runs", "110", "--json"],
        ...args,
      );
      assertEquals(code, 0);
      const { seed, machines: [{ machine, programs, steps }] } = JSON.parse(
        stdout,
      );
      return { seed, machine, programs, steps };
    };
    const first = await run("--jobs", "1");
    assertEquals([first.seed, first.programs], [7, 110]);
    assertEquals(await run("--jobs", "2"), first);
  },
);

commandTest("zspec fuzz --time ends when it is over", async (folder) => {
  const { code, stdout } = await zspec(
    folder,
    ...["fuzz", "zram", "--time", "1", "--json"],
  );
  assertEquals(code, 0);
  const { seconds, interrupted, machines: [{ programs }] } = JSON.parse(stdout);
  assert(seconds >= 1 && seconds < 10, `it took ${seconds} s`);
  assertEquals(interrupted, false);
  assert(programs > 0);
});

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
      if (text === "") setTimeout(() => child.kill("SIGINT"), 500);
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

/** Finds the defect below, and not among the very first programs. */
const FIND = ["fuzz", "zsmalloc", "--seed", "6"];

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
      /^seed 6\nzsmalloc fails: (Step \d+ of \d+, \w+: zsmalloc\/compaction-.*)\n/
        .exec(found.stdout)?.[1] ?? "";
    assert(error !== "", found.stdout);
    // Later batches have one too: whoever is first, the first batch counts.
    assertEquals(await planted(folder, ...FIND, "--jobs", "1"), found);

    const command = /\n {2}zspec (fuzz zsmalloc --seed \d+ --path [\d:]+)\n/
      .exec(found.stdout)?.[1] ?? "";
    const again = await planted(folder, ...command.split(" "));
    assertEquals(again.code, 1);
    assertEquals(found.stdout, `seed 6\n${again.stdout}`);

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
    assertStringIncludes(tested.stdout, `StepError: ${error}`);
    // The same file holds where the defect is not.
    const { code, stderr } = await deno(
      ROOT,
      ...["test", "-A", `--config=${ROOT}deno.json`, `${folder}/found_test.ts`],
    );
    assertEquals(code, 0, stderr);
  },
);

const HANGING = `
import { fuzzInWorkers } from "./src/explore/fuzz_pool.ts";
import { MACHINES } from "./src/explore/machines.ts";

const { failure } = await fuzzInWorkers({
  machines: MACHINES.filter(({ name }) => name === "zsmalloc"),
  seed: 1,
  programs: 200,
  jobs: 2,
  milliseconds: undefined,
  programMilliseconds: 3000,
  signal: new AbortController().signal,
  now: () => performance.now(),
  onProgram() {},
});
console.log(JSON.stringify(failure));
// The worker that hangs was ended, and Deno waits for it all the same.
Deno.exit(0);
`;

/** Steps that compact. */
const COMPACTING = ["compact", "compactAround", "shrink"];

commandTest(
  "a program that does not end is found by that, and its path says which it is",
  async (folder) => {
    await plant(
      folder,
      "src/zsmalloc/pool.ts",
      "  *compactSteps(): Generator<Wait, number> {\n",
      "  *compactSteps(): Generator<Wait, number> {\n    for (;;);\n",
    );
    await Deno.writeTextFile(`${folder}/hanging.ts`, HANGING);
    const { stdout, stderr } = await deno(
      folder,
      ...["run", "-A", "--quiet", "--no-check", "hanging.ts"],
    );
    assertEquals(stderr, "");
    const { seed, path, error, program: { steps } } = JSON.parse(stdout);
    assertEquals([seed, error], [1, "It did not end within 3 seconds"]);
    assert(steps.some(({ op }: { op: string }) => COMPACTING.includes(op)));
    const fc = await loadFastCheck();
    const before = fc.sample(zsmallocMachine.programs(fc), {
      seed,
      numRuns: Number(path),
    });
    assert(
      before.every((one) => one.steps.every(({ op }) => op !== "compact")),
    );
  },
);
