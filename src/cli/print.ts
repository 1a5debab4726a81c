/** What a command writes for its caller. */
import type { Options } from "./usage.ts";
import { UsageError } from "./usage_error.ts";

/** Writes text to standard output, and one end of line. */
export function print(text: string): void {
  try {
    console.log(text.trimEnd());
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`Cannot write to standard output: ${reason}`);
  }
}

/** Writes a result: in JSON where `--json` asks for it, else as its text. */
export function printResult(
  options: Options,
  result: unknown,
  text: () => string,
): void {
  print(options.flag("json") ? JSON.stringify(result, null, 2) : text());
}
