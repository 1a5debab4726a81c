/**
 * Transcripts of findings: JSON Lines, a header and then the steps that lead to
 * a failure, the last with what was expected and what was found.
 */
import { profileNamed, PROFILES } from "../linux/profile.ts";
import type { Check, Fields } from "../programs/fields.ts";
import type { Finding } from "./finding.ts";
import { type Level, LEVELS, type Plan, type Step } from "./judge.ts";
import { linesOf, parseLine } from "../programs/transcript_fields.ts";

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
const OUTCOME = ["rule", "expected", "found"];

/**
 * The transcript of a finding: what `zspec conform --replay` reads.
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
  { level, profile }: Plan,
  finding: Finding | undefined,
): string {
  const header = { zspec: VERSION, target, level, profile: profile.name };
  const steps = finding?.steps ?? [];
  const lines: object[] = steps.map((step, nth) =>
    finding !== undefined && nth === steps.length - 1
      ? {
        ...step,
        rule: finding.rule.id,
        expected: finding.expected,
        found: finding.found,
      }
      : step
  );
  return [header, ...lines].map((line) => `${JSON.stringify(line)}\n`).join("");
}

/**
 * Reads a transcript of a finding; what was expected and found is left out: a
 * replay finds out anew. Throws a {@linkcode TranscriptError} with the line of
 * the first thing that is wrong.
 */
export function parseFindingTranscript<One extends Step>(
  source: string,
  parse: (fields: Fields) => One,
): FindingTranscript<One> {
  const [first, ...rest] = linesOf(source);
  const header = parseHeader(parseLine(1, first));
  const steps = rest.map((text, nth) => {
    const fields = parseLine(nth + 2, text);
    OUTCOME.forEach((name) => fields.skip(name));
    const step = parse(fields);
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
      (value) => LEVELS.find((one) => one === value),
      LEVELS.join(" or "),
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
