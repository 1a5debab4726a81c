/** KTAP, which kselftest and KernelCI read: the kernel's own test protocol. */
import type { TestCase } from "./test_case.ts";

/** A test case: why it failed, in lines. */
export type KtapCase = TestCase<readonly string[]>;

/** How deep the lines of a test's own tests are. */
const INDENT = "  ";

/**
 * The lines before the results of one test: `notes` tell of it, and are known
 * however it ends.
 *
 * Source: `Documentation/dev-tools/ktap.rst`.
 */
export function ktapStart(notes: readonly string[]): string {
  return ["KTAP version 1", "1..1", ...notes.flatMap(diagnostic), ""]
    .join("\n");
}

/**
 * The result of that test: a subtest for each case, and `isOk` for all of it.
 * Where it is skipped as a whole `skipped` says why.
 */
export function ktapResult(
  name: string,
  cases: readonly KtapCase[],
  isOk: boolean,
  skipped?: string,
): string {
  const lines = [
    "KTAP version 1",
    `1..${cases.length}`,
    ...cases.flatMap(caseLines),
  ].map((line) => INDENT + line);
  return [...lines, resultLine(isOk, 1, name, skipped), ""].join("\n");
}

/** The result of that test where it cannot be run. */
export function ktapSkippedResult(name: string, reason: string): string {
  return resultLine(true, 1, name, reason) + "\n";
}

/** The result of that test where something ended it. */
export function ktapError(name: string, reason: string): string {
  return `not ok 1 ${described(name)} # ERROR ${oneLine(reason)}\n`;
}

function caseLines(
  { name, failure, skipped }: KtapCase,
  nth: number,
): string[] {
  const result = resultLine(failure === undefined, nth + 1, name, skipped);
  return [...(failure ?? []).flatMap(diagnostic), result];
}

function resultLine(
  isOk: boolean,
  number: number,
  name: string,
  skipped: string | undefined,
): string {
  const directive = skipped === undefined ? "" : ` # SKIP ${oneLine(skipped)}`;
  return `${isOk ? "ok" : "not ok"} ${number} ${described(name)}${directive}`;
}

/** A description ends where a `#` is. */
function described(name: string): string {
  return oneLine(name).replaceAll("#", "");
}

function oneLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}]+/gu, " ").trim();
}

/** A text as diagnostic lines: one for each of its own. */
function diagnostic(text: string): string[] {
  return text.trimEnd().split(/\r?\n/)
    .map((line) => `# ${line.replaceAll(/\p{Cc}/gu, " ")}`.trimEnd());
}
