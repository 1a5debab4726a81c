/** What a command writes for its caller. */
import { UsageError } from "./usage.ts";

/** Writes text to standard output, and one end of line. */
export function print(text: string): void {
  try {
    console.log(text.trimEnd());
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`Cannot write to standard output: ${reason}`);
  }
}
