/**
 * Transcripts of findings: JSON Lines, a header and then the steps that lead to
 * a failure, the last with what was expected and what was found.
 */
import { profileNamed, PROFILES } from "../linux/profile.ts";
import type { Finding } from "./finding.ts";
import { type Level, LEVELS, type Plan, type Step } from "./judge.ts";
import { TranscriptError } from "./transcript.ts";

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
  parse: (json: Readonly<Record<string, unknown>>) => One,
): FindingTranscript<One> {
  const lines = source.split("\n");
  if (lines.at(-1) === "") lines.pop();
  if (lines.length === 0) throw new TranscriptError(1, "the file is empty");
  const header = parseHeader(parseObject(1, lines[0]));
  const steps = lines.slice(1).map((text, nth) => {
    const line = nth + 2;
    const { rule: _rule, expected: _expected, found: _found, ...step } =
      parseObject(line, text);
    try {
      return parse(step);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      throw new TranscriptError(line, error.message);
    }
  });
  return { header, steps };
}

function parseObject(line: number, text: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new TranscriptError(line, "the line is not JSON, or was cut off");
  }
  if (typeof json === "object" && json !== null && !Array.isArray(json)) {
    return { ...json };
  }
  throw new TranscriptError(line, `the line is ${text}, not an object`);
}

function parseHeader(json: Record<string, unknown>): FindingHeader {
  const { zspec, target, level: asked, profile } = json;
  const refuse = (field: string, right: string): never => {
    const found = JSON.stringify(json[field]) ?? "missing";
    throw new TranscriptError(
      1,
      `the field '${field}' is ${found}, not ${right}`,
    );
  };
  if (zspec !== VERSION) refuse("zspec", `"${VERSION}"`);
  if (typeof target !== "string") return refuse("target", "text");
  const level = LEVELS.find((one) => one === asked);
  if (level === undefined) return refuse("level", LEVELS.join(" or "));
  if (typeof profile !== "string" || profileNamed(profile) === undefined) {
    return refuse("profile", PROFILES.map(({ name }) => name).join(" or "));
  }
  return { target, level, profile };
}
