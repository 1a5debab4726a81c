/** How a child process is asked by the oracle protocol, whatever it is. */
import { errno, Fields } from "../programs/fields.ts";
import type { Child, ChildAnswer } from "./child.ts";
import { type Refusal, TargetFault } from "./target.ts";

/** A target that is a process, and can be ended. */
export interface Ending {
  /** Ends its input; throws a `TargetFault` where it does not end too. */
  end(): Promise<void>;
  /** Kills it. */
  restart(): Promise<void>;
}

/** Asks, and reads what comes: the result's fields, or `error`. */
export type Asker = <Result>(
  request: ChildAnswer,
  read: (fields: Fields) => Result,
) => Promise<Result | Refusal>;

/** What asks a child. */
export function asker(child: Child): Asker {
  return async <Result>(
    request: ChildAnswer,
    read: (fields: Fields) => Result,
  ): Promise<Result | Refusal> => {
    const answer = await child.ask(request);
    const fields = new Fields(
      answer,
      (message) => new TargetFault("malformed", message),
    );
    if (!Object.hasOwn(answer, "error")) return read(fields);
    return { error: fields.required("error", errno, "an errno's name") };
  };
}

/** Reads an answer that has no fields. */
export const nothing = (): void => {};

/** How a target that is a process is told what every target can be told. */
export function processOf(
  child: Child,
): Ending & { hurry(isHurried: boolean): void } {
  return {
    restart: () => child.restart(),
    hurry: (isHurried: boolean) => child.hurry(isHurried),
    end: () => child.end(),
  };
}
