/** Whether what operations answered could come of them one after another. */
import { InvariantError } from "../../rules/invariant.ts";
import { runToEnd } from "../../rules/stop.ts";
import type { Completed } from "./execution.ts";
import { RACE_RULES } from "./rules.ts";
import type { RaceTrial } from "./trial.ts";

/** An operation's answer that says nothing of the order. */
export const ANYTHING = "anything";

/** What one order of the operations gives: answers by thread, and what is left. */
export interface Sequential {
  /** What each operation of each thread answers, as JSON. */
  readonly answers: readonly (readonly string[])[];
  /** What is left, as JSON. */
  readonly left: string;
}

/** Compares what came of schedules with what any order gives. */
export class Linearizable<Subject> {
  readonly #trial: RaceTrial<Subject>;
  /** What each order gives; nothing where somebody would wait for ever. */
  readonly #orders = new Map<string, Sequential | undefined>();
  readonly #known = new Set<string>();

  /** Of the operations of a trial. */
  constructor(trial: RaceTrial<Subject>) {
    this.#trial = trial;
  }

  /** Throws where no order gives what the operations answered and left. */
  assert(completed: readonly Completed[], left: unknown): void {
    const text = JSON.stringify([completed, left]);
    if (this.#known.has(text)) return;
    if (!this.#isGivenBySome(completed, JSON.stringify(left))) {
      throw new InvariantError(RACE_RULES.linearizable, {
        where: completed.map((one) => this.#textOf(one)).join("; "),
        expected: `what one of ${this.#orders.size} orders gives`,
        found: JSON.stringify(left) ?? "nothing",
      });
    }
    this.#known.add(text);
  }

  #textOf({ thread, operation, answer }: Completed): string {
    const { text } = this.#trial.threads[thread][operation];
    return `${text} answered ${JSON.stringify(answer) ?? "nothing"}`;
  }

  #isGivenBySome(completed: readonly Completed[], left: string): boolean {
    for (const order of ordersOf(completed)) {
      const sequential = this.#sequential(order);
      if (sequential !== undefined && fits(sequential, completed, left)) {
        return true;
      }
    }
    return false;
  }

  #sequential(order: readonly number[]): Sequential | undefined {
    const key = order.join();
    if (this.#orders.has(key)) return this.#orders.get(key);
    const sequential = runInOrder(this.#trial, order);
    this.#orders.set(key, sequential);
    return sequential;
  }
}

/**
 * The orders in which operations may have come one after another: the threads
 * of the first, the second, …
 */
export function* ordersOf(
  completed: readonly Completed[],
  order: readonly number[] = [],
): Generator<readonly number[]> {
  if (order.length === completed.length) {
    yield order;
    return;
  }
  const counts: number[] = [];
  for (const thread of order) counts[thread] = (counts[thread] ?? 0) + 1;
  for (const one of completed) {
    if (one.operation !== (counts[one.thread] ?? 0)) continue;
    if (!mayBeNext(one, completed, counts)) continue;
    yield* ordersOf(completed, [...order, one.thread]);
  }
}

/** Whether none that is left ended before an operation began. */
function mayBeNext(
  { began }: Completed,
  completed: readonly Completed[],
  counts: readonly number[],
): boolean {
  return completed.every(({ thread, operation, ended }) =>
    operation < (counts[thread] ?? 0) || ended > began
  );
}

/** What an order gives; nothing where somebody would wait for ever. */
export function runInOrder<Subject>(
  trial: RaceTrial<Subject>,
  order: readonly number[],
): Sequential | undefined {
  const subject = trial.create();
  const answers: string[][] = trial.threads.map(() => []);
  try {
    for (const thread of order) {
      const operation = trial.threads[thread][answers[thread].length];
      answers[thread].push(textOf(runToEnd(operation.begin(subject))));
    }
    return { answers, left: textOf(trial.atRest(subject)) };
  } catch (error) {
    // Alone it would wait for what comes later: no order.
    if (error instanceof Error && error.message.startsWith("Cannot go on")) {
      return undefined;
    }
    throw error;
  }
}

function textOf(value: unknown): string {
  return JSON.stringify(value) ?? "";
}

function fits(
  sequential: Sequential,
  completed: readonly Completed[],
  left: string,
): boolean {
  return sequential.left === left &&
    completed.every(({ thread, operation, answer }) =>
      answer === ANYTHING ||
      sequential.answers[thread][operation] === textOf(answer)
    );
}
