/** Commands that hold something which a signal must not leave behind. */
import { TargetMissing } from "../targets/target.ts";
import { UsageError } from "./usage.ts";

/** Exit status of a command that a signal ended. */
export const INTERRUPTED = 130;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs a command that hears of a signal by `stop` and then throws once all is
 * given back; returns its exit status, or 130 where a signal came. A target
 * that cannot be had is refused in one line.
 */
export async function heedingSignals(
  run: (stop: AbortSignal) => Promise<number>,
): Promise<number> {
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  SIGNALS.forEach((signal) => Deno.addSignalListener(signal, interrupt));
  try {
    const status = await run(interrupted.signal);
    return interrupted.signal.aborted ? INTERRUPTED : status;
  } catch (error) {
    if (interrupted.signal.aborted) return INTERRUPTED;
    if (error instanceof TargetMissing) throw new UsageError(error.message);
    throw error;
  } finally {
    SIGNALS.forEach((signal) => Deno.removeSignalListener(signal, interrupt));
  }
}
