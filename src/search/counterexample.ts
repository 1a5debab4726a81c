/** A program that fails, as a test that whoever reads it can run. */
import type { Program, Step } from "../programs/program.ts";
import { profileNamed } from "../linux/description.ts";
import { TranscriptError } from "../programs/transcript_fields.ts";
import {
  findingTranscript,
  parseFindingTranscript,
} from "./finding_transcript.ts";
import { assertProgram, type Machine } from "./machine.ts";
import { machineNamed, MACHINES } from "./machines.ts";
import type { MachineFailure } from "./workers.ts";

/** The command that runs just this program again, from its seed or its file. */
export function repeatCommand(
  { machine, path, only, found }: MachineFailure,
): string {
  if (path !== undefined) return `zspec replay ${path}`;
  const profile = only === undefined ? "" : ` --profile ${only}`;
  return `zspec fuzz ${machine}${profile} --seed ${found.seed} --path ${found.nth}`;
}

/** The transcript of a program that fails. */
export function failureTranscript({ machine, found }: MachineFailure): string {
  const plan = { level: "model", profile: { name: found.profile } } as const;
  return findingTranscript(machine, plan, found.finding);
}

/** A whole test file that runs just this program. */
export function counterexampleTest(failure: MachineFailure): string {
  const { machine, path, found: { seed } } = failure;
  const whence = path === undefined ? `seed ${seed}` : path;
  return `// ${repeatCommand(failure)}
import { assertTranscript } from "zspec";

Deno.test("${machine}: a counterexample of ${whence}", () => {
  assertTranscript(String.raw\`
${failureTranscript(failure)}\`);
});
`;
}

/** Reads a transcript of a machine's program, and which machine it is of. */
export function parseMachineTranscript(
  source: string,
): { readonly machine: Machine; readonly program: Program } {
  let machine: Machine | undefined;
  const { header, steps } = parseFindingTranscript<Step>(
    source,
    ({ target }) => {
      machine = machineNamed(target);
      if (machine !== undefined) return machine.language.parse;
      throw new TranscriptError(
        1,
        `the field 'target' is '${target}', not ${
          MACHINES.map(({ name }) => name).join(" or ")
        }`,
      );
    },
  );
  if (machine === undefined) throw new Error("a header was read without one");
  const profile = profileNamed(header.profile);
  if (profile === undefined) throw new Error(`no profile ${header.profile}`);
  return { machine, program: { profile, steps } };
}

/**
 * Runs the steps of a transcript that `zspec fuzz` printed on a fresh model,
 * under all its judges. Throws a `ProgramError` where they fail, and a
 * `TranscriptError` for what is no such transcript.
 *
 * @example
 * ```ts
 * import { assertTranscript } from "zspec";
 *
 * assertTranscript(String.raw`
 * {"zspec":"conform/1","target":"zsmalloc","level":"model","profile":"linux-6.18"}
 * {"op":"create","pageSize":4096,"wordBits":64,"chainSize":8}
 * {"op":"malloc","size":100,"object":0}
 * `);
 * ```
 */
export function assertTranscript(source: string): void {
  const { machine, program } = parseMachineTranscript(source);
  assertProgram(machine, program);
}
