import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  BUDDY_OPS,
  type FuzzFailure,
  fuzzMachine,
  loadFastCheck,
  type Machine,
  MACHINES,
  PROFILES,
  repeatProgram,
  SWAP_COMBINATIONS,
  SWAP_OPS,
  swapMachine,
  ZRAM_OPS,
  zramMachine,
  ZSMALLOC_OPS,
  zsmallocMachine,
  ZSWAP_OPS,
  zswapMachine,
} from "../mod.ts";
import * as zspec from "../mod.ts";
import { commandTest, deno, ROOT } from "./command.ts";
import { seed } from "./fuzz.ts";

interface ListProgram {
  readonly steps: readonly { readonly op: string; readonly value: number }[];
}

/** Lists that grow and shrink; `remove` is what is tested. */
function listMachine(
  remove: (list: number[], at: number) => void,
  onRun: (program: ListProgram) => void = () => {},
): Machine<ListProgram> {
  return {
    name: "list",
    sentence: "A list is what was added to it less what was removed.",
    programs: (fc) =>
      fc.record({
        steps: fc.array(
          fc.record({
            op: fc.constantFrom("add", "remove"),
            value: fc.nat(1000),
          }),
          { maxLength: 30, size: "max" },
        ),
      }),
    run(program) {
      onRun(program);
      const [list, model]: number[][] = [[], []];
      program.steps.forEach(({ op, value }, nth) => {
        const at = value % list.length;
        if (op === "add") {
          list.push(value);
          model.push(value);
        } else if (model.length > 0) {
          remove(list, at);
          model.splice(at, 1);
        }
        if (list.join() !== model.join()) {
          throw new Error(`Step ${nth + 1}: the list is ${list}, not ${model}`);
        }
      });
    },
  };
}

const right = (list: number[], at: number) => void list.splice(at, 1);
/** From three elements on, the last one goes. */
const defective = (list: number[], at: number) =>
  void list.splice(list.length < 3 ? at : list.length - 1, 1);

/** The programs that a machine runs, as they are run. */
async function programsRun(from: number, programs: number): Promise<string[]> {
  const run: string[] = [];
  const machine = listMachine(
    right,
    (program) => run.push(JSON.stringify(program)),
  );
  const result = await fuzzMachine(machine, { seed: from, programs });
  assertEquals([result.programs, result.failure], [programs, undefined]);
  return run;
}

Deno.test("the same seed gives the same programs, however many are run, and another seed others", async () => {
  const programs = await programsRun(seed, 250);
  assertEquals(await programsRun(seed, 250), programs);
  assertEquals(await programsRun(seed, 130), programs.slice(0, 130));
  const others = new Set(await programsRun(seed + 1, 250));
  const common = programs.filter((program) => others.has(program));
  assert(common.length < 50, `${common.length} programs of 250 in common`);
});

Deno.test("programs of one seed differ from batch to batch", async () => {
  const programs = await programsRun(seed, 300);
  const first = new Set(programs.slice(0, 100));
  for (const later of [programs.slice(100, 200), programs.slice(200)]) {
    const common = later.filter((program) => first.has(program));
    assert(common.length < 20, `${common.length} programs of 100 in common`);
  }
});

async function findDefect(options = {}): Promise<FuzzFailure> {
  const { failure } = await fuzzMachine(listMachine(defective), {
    seed,
    programs: 1000,
    ...options,
  });
  assert(failure !== undefined, "the defect was not found");
  return failure;
}

Deno.test("a defect is found and shrunk to the steps that it takes", async () => {
  const { machine, error, program } = await findDefect();
  assertEquals(machine, "list");
  assert(error.startsWith("Step 4: the list is "), error);
  const { steps } = program as ListProgram;
  assertEquals(
    steps.map(({ op }) => op),
    ["add", "add", "add", "remove"],
  );
  assert(steps.every(({ value }) => value <= 1), JSON.stringify(steps));
});

Deno.test("seed and path of a failure repeat just that program", async () => {
  const found = await findDefect();
  let runs = 0;
  const machine = listMachine(defective, () => runs++);
  const again = await repeatProgram(machine, found);
  assertEquals(again, { programs: 1, steps: 4, failure: found });
  assertEquals(runs, 1);
  const mended = await repeatProgram(listMachine(right), found);
  assertEquals(mended, { programs: 1, steps: 4, failure: undefined });
});

Deno.test("a path that leads nowhere is refused", async () => {
  for (const path of ["100", "0:99999", "0:99999:0", "first"]) {
    const error = await repeatProgram(listMachine(right), { seed, path })
      .catch((error) => error);
    assert(error instanceof RangeError);
    assertStringIncludes(error.message, `the 'path' is '${path}', which leads`);
  }
});

Deno.test("programs are run until time is up", async () => {
  let asked = 0;
  const result = await fuzzMachine(listMachine(right), {
    seed,
    programs: Infinity,
    isTimeUp: () => ++asked === 321,
  });
  assertEquals([result.programs, result.failure], [321, undefined]);
});

Deno.test("shrinking ends when its time is up, and the failure is one all the same", async () => {
  const found = await findDefect();
  let runs = 0;
  const slow = listMachine(defective, () => {
    runs++;
    const end = performance.now() + 20;
    while (performance.now() < end);
  });
  const [programs] = found.path.split(":").map(Number);
  const at = { seed: found.seed, programs: programs + 1 };
  const limits = { ...at, shrinkMilliseconds: 50 };
  const { failure } = await fuzzMachine(slow, limits);
  assert(failure !== undefined);
  // Those before it, itself, and what 50 ms of shrinking try: itself again.
  assert(runs <= programs + 1 + 4, `${runs} programs were run`);
  const again = await repeatProgram(listMachine(defective), failure);
  assertEquals(again.failure, failure);
});

/** The operations of each machine. */
const OPS: Readonly<Record<string, readonly string[]>> = {
  zsmalloc: ZSMALLOC_OPS,
  zram: ZRAM_OPS,
  zbud: BUDDY_OPS,
  z3fold: BUDDY_OPS,
  zswap: ZSWAP_OPS,
  swap: SWAP_OPS,
};

interface AnyProgram {
  readonly profile?: { readonly name: string };
  readonly kernel?: { readonly release: string; readonly zpool: string };
  readonly steps: readonly { readonly op: string }[];
}

for (const machine of MACHINES) {
  Deno.test(`programs of ${machine.name} are JSON values, and among 100 is every operation`, async () => {
    const fc = await loadFastCheck();
    const programs = fc.sample(machine.programs(fc), {
      seed,
      numRuns: 100,
    }) as AnyProgram[];
    for (const program of programs) {
      assertEquals(JSON.parse(JSON.stringify(program)), program);
    }
    const ops = new Set(
      programs.flatMap(({ steps }) => steps.map(({ op }) => op)),
    );
    assertEquals([...ops].sort(), [...OPS[machine.name]].sort());
  });

  Deno.test(`zspec exports ${machine.name}Machine, which printed tests import`, () => {
    const exported: Readonly<Record<string, unknown>> = zspec;
    assertEquals(exported[`${machine.name}Machine`], machine);
  });
}

/** 100 programs of a machine, of which every kernel should be one's. */
async function programsOf(machine: Machine): Promise<AnyProgram[]> {
  const fc = await loadFastCheck();
  return fc.sample(machine.programs(fc), {
    seed,
    numRuns: 100,
  }) as AnyProgram[];
}

for (const machine of [zsmallocMachine, zramMachine]) {
  Deno.test(`among 100 programs of ${machine.name} is every profile`, async () => {
    const programs = await programsOf(machine as Machine);
    const names = new Set(programs.map(({ profile }) => profile?.name));
    assertEquals(names, new Set(PROFILES.map(({ name }) => name)));
  });
}

for (const machine of [zswapMachine, swapMachine]) {
  Deno.test(`among 100 programs of ${machine.name} is every release with every allocator`, async () => {
    const programs = await programsOf(machine as Machine);
    const names = new Set(
      programs.map(({ kernel }) => `${kernel?.release} ${kernel?.zpool}`),
    );
    assertEquals(
      names,
      new Set(SWAP_COMBINATIONS.map((one) => `${one.release} ${one.zpool}`)),
    );
  });
}

Deno.test("among 100 programs of zram is every release of the block device", async () => {
  const fc = await loadFastCheck();
  const programs = fc.sample(zramMachine.programs(fc), { seed, numRuns: 100 });
  const releases = new Set(programs.map(({ zram }) => zram));
  assertEquals(releases.size, 5);
});

commandTest("importing zspec does not load fast-check", async (folder) => {
  const { stdout } = await deno(folder, "info", "--json", `${ROOT}mod.ts`);
  interface Dependency {
    readonly specifier: string;
    readonly isDynamic?: boolean;
  }
  const { modules } = JSON.parse(stdout) as {
    readonly modules: readonly { readonly dependencies?: Dependency[] }[];
  };
  const dependencies = modules.flatMap((one) => one.dependencies ?? [])
    .filter(({ specifier }) => specifier.includes("fast-check"));
  assert(dependencies.length > 0);
  assert(dependencies.every(({ isDynamic }) => isDynamic === true));
});
