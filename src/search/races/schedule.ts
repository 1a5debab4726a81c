/** Schedules as texts: which thread goes on, and by how many stops. */
import type { Transition } from "./execution.ts";
import { THREAD_NAMES } from "./trial.ts";

/** A schedule in short: `A3 B2 A1`. */
export function scheduleText(trace: readonly Transition[]): string {
  const parts: { readonly thread: number; count: number }[] = [];
  for (const { thread } of trace) {
    const last = parts.at(-1);
    if (last?.thread === thread) last.count++;
    else parts.push({ thread, count: 1 });
  }
  return parts.map(({ thread, count }) => `${THREAD_NAMES[thread]}${count}`)
    .join(" ");
}

/**
 * The threads of a schedule, stop by stop. Throws a RangeError where the text
 * is none of so many threads.
 */
export function readSchedule(text: string, threads: number): number[] {
  return text.trim().split(/\s+/).flatMap((part) => {
    const [, letter = "", count = ""] = /^([A-H])(\d{1,6})$/.exec(part) ?? [];
    const thread = THREAD_NAMES.indexOf(letter);
    if (letter === "" || thread >= threads) {
      throw new RangeError(
        `Cannot read the schedule: '${part}' is not a thread from A to ${
          THREAD_NAMES[threads - 1]
        } and a number of stops, such as A3`,
      );
    }
    return Array<number>(Number(count)).fill(thread);
  });
}
