/**
 * Transcripts of findings: JSON Lines, a header and then the steps that lead to
 * a failure, the last with what was expected and what was found.
 */
import { type Level, LEVELS } from "../judges/judge.ts";
import { profileNamed } from "../linux/description.ts";
import { PROFILES } from "../linux/profile.ts";
import type { Check, Fields } from "../programs/fields.ts";
import type { Step } from "../programs/program.ts";
import { linesOf, parseLine } from "../programs/transcript_fields.ts";
import type { Finding } from "./finding.ts";

/** What the first line says the steps were judged by. */
export interface FindingHeader {
  /** What kind of target. */
  readonly target: string;
  /** What was asked of it. */
  readonly level: Level;
  /** The kernel that it was compared with. */
  readonly profile: string;
}

/** A transcript of a finding. */
export interface FindingTranscript<One extends Step> {
  /** Its first line. */
  readonly header: FindingHeader;
  /** The lines after it. */
  readonly steps: readonly One[];
}

const VERSION = "conform/1";
/** What the last step has besides its own fields. */
const OUTCOME = ["rule", "where", "expected", "found"];
const ALL_LEVELS: readonly Level[] = [...LEVELS, "model"];

/** The transcript of steps: what `zspec replay` reads. */
export function stepsTranscript(
  { target, level, profile }: FindingHeader,
  steps: readonly object[],
): string {
  return [{ zspec: VERSION, target, level, profile }, ...steps]
    .map((line) => `${JSON.stringify(line)}\n`).join("");
}

/**
 * The transcript of a finding: what `zspec replay` and `zspec conform --replay`
 * read.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { conformZsmalloc, findingTranscript, LINUX_6_18, modelZsmalloc } from "zspec";
 *
 * const target = modelZsmalloc(LINUX_6_18);
 * const zero = { ...target, malloc: () => ({ handle: "0" }) };
 * const { plan, finding } = await conformZsmalloc(zero);
 * const lines = findingTranscript("zsmalloc", plan, finding).split("\n");
 * assertEquals(lines.slice(0, 2), [
 *   '{"zspec":"conform/1","target":"zsmalloc","level":"contract","profile":"linux-6.18"}',
 *   '{"op":"create","pageSize":4096,"wordBits":64,"chainSize":8}',
 * ]);
 * ```
 */
export function findingTranscript(
  target: string,
  { level, profile }: {
    readonly level: Level;
    readonly profile: { readonly name: string };
  },
  finding: Finding | undefined,
): string {
  const steps: object[] = [...finding?.steps ?? []];
  const last = steps.pop();
  if (finding !== undefined && last !== undefined) {
    const { rule, where, expected, found } = finding;
    steps.push({ ...last, rule: rule.id, where, expected, found });
  }
  return stepsTranscript({ target, level, profile: profile.name }, steps);
}

/** Whether a text is, or has among other lines, the transcript of a finding. */
export function hasFinding(source: string): boolean {
  return source.split("\n").some((line) =>
    line.startsWith(`{"zspec":"${VERSION}"`)
  );
}

/**
 * Reads a transcript of a finding; what was expected and found is left out: a
 * replay finds out anew. Lines before the header and after the last step that
 * are no JSON, as a finding is printed with, are passed over. Throws a
 * `TranscriptError` with the line of the first thing that is wrong.
 */
export function parseFindingTranscript<One extends Step>(
  source: string,
  parse: (header: FindingHeader) => (fields: Fields) => One,
): FindingTranscript<One> {
  const lines = linesOf(source);
  const begin = Math.max(0, lines.findIndex((line) => line.startsWith("{")));
  const end = lines.findLastIndex((line) => line.startsWith("{")) + 1;
  const header = parseHeader(parseLine(begin + 1, lines[begin]));
  const parseStep = parse(header);
  const steps = lines.slice(begin + 1, end).map((text, nth) => {
    const fields = parseLine(begin + nth + 2, text);
    OUTCOME.forEach((name) => fields.skip(name));
    const step = parseStep(fields);
    fields.end();
    return step;
  });
  return { header, steps };
}

const named: Check<string> = (value) =>
  typeof value === "string" && profileNamed(value) !== undefined
    ? value
    : undefined;

function parseHeader(fields: Fields): FindingHeader {
  const isVersion: Check<string> = (value) =>
    value === VERSION ? VERSION : undefined;
  fields.required("zspec", isVersion, `"${VERSION}"`);
  const header = {
    target: fields.text("target"),
    level: fields.required(
      "level",
      (value) => ALL_LEVELS.find((one) => one === value),
      ALL_LEVELS.join(" or "),
    ),
    profile: fields.required(
      "profile",
      named,
      PROFILES.map(({ name }) => name).join(" or "),
    ),
  };
  fields.end();
  return header;
}
