/** Observations compared with what a target shows, and counted. */

/** One observation that is not the target's. */
export interface Difference {
  /** What was observed. */
  readonly what: string;
  /** The recording's value. */
  readonly observed: string;
  /** The target's value. */
  readonly expected: string;
}

/** Compares what was observed with what a target shows. */
export class Comparison {
  /** Observations that were compared. */
  observations = 0;
  #differences: Difference[] = [];

  /** Compares one observation. */
  same(what: string, observed: unknown, expected: unknown): void {
    this.observations++;
    if (observed === expected) return;
    this.#differences.push({
      what,
      observed: shown(observed),
      expected: shown(expected),
    });
  }

  /** Compares the error of an operation, or that it had none. */
  errno(observed: string | undefined, expected: string | undefined): void {
    this.same("errno", observed ?? "none", expected ?? "none");
  }

  /** The differences since they were last asked for. */
  takeDifferences(): readonly Difference[] {
    const differences = this.#differences;
    this.#differences = [];
    return differences;
  }
}

function shown(value: unknown): string {
  return typeof value === "string" && /\s/.test(value)
    ? JSON.stringify(value)
    : String(value);
}
