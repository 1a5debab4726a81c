/**
 * How fast programs are run and judged: each machine's random programs, every
 * rule checked on what a step touched, the second model and the contract beside
 * it.
 */
import {
  arenaOf,
  batchesOf,
  judgeProgram,
  type Machine,
  MACHINES,
  placesOf,
  type Program,
  programAt,
} from "../mod.ts";

/** Steps, at least, of the programs that are run. */
const STEPS = 20_000;
/** Those of `codec`, each of which is a page through an encoder and two decoders. */
const CODEC_STEPS = 1000;

/** The first programs of a seed that have so many steps together. */
function programsOf(machine: Machine): Program[] {
  const arena = arenaOf(machine);
  const most = machine.name === "codec" ? CODEC_STEPS : STEPS;
  const programs: Program[] = [];
  let steps = 0;
  for (const place of placesOf(batchesOf(1, Infinity))) {
    if (steps >= most) break;
    const program = programAt(arena, place);
    programs.push(program);
    steps += program.steps.length;
  }
  return programs;
}

for (const machine of MACHINES) {
  const programs = programsOf(machine);
  const steps = programs.reduce((sum, one) => sum + one.steps.length, 0);
  const what = `${steps} steps in ${programs.length} programs`;
  Deno.bench(`${machine.name}: ${what}, run and judged`, {
    group: machine.name,
    baseline: true,
  }, () => {
    for (const program of programs) judgeProgram(machine, program);
  });
  Deno.bench(`${machine.name}: as many programs, made only`, {
    group: machine.name,
  }, () => {
    programsOf(machine);
  });
}
