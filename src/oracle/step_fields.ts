/** Reads the fields of a step from a JSON value. */

/** A reader of one step's fields; what it was not asked for is refused. */
export class StepFields {
  readonly #json: Readonly<Record<string, unknown>>;
  readonly #asked = new Set<string>();

  /** `json` is the object that a line has. */
  constructor(json: Readonly<Record<string, unknown>>) {
    this.#json = json;
  }

  /** A field that passes `check`; `right` says what it should be. */
  checked<Value>(
    name: string,
    check: (value: unknown) => value is Value,
    right: string,
  ): Value {
    this.#asked.add(name);
    if (!Object.hasOwn(this.#json, name)) {
      throw new Error(`the field '${name}' is missing`);
    }
    const found = this.#json[name];
    if (check(found)) return found;
    throw new Error(
      `the field '${name}' is ${JSON.stringify(found)}, not ${right}`,
    );
  }

  /** A field that is text. */
  text(name: string): string {
    const isText = (value: unknown) => typeof value === "string";
    return this.checked(name, isText, "text");
  }

  /** A field that is a whole number from 0 on. */
  whole(name: string): number {
    const isWhole = (value: unknown): value is number =>
      Number.isSafeInteger(value) && Number(value) >= 0;
    return this.checked(name, isWhole, "a whole number from 0 on");
  }

  /** Answers `step` where it has every field that there is. */
  end<Step>(step: Step): Step {
    for (const name of Object.keys(this.#json)) {
      if (!this.#asked.has(name)) throw new Error(`unknown field '${name}'`);
    }
    return step;
  }

  /** Refuses an operation that is none of `known`. */
  unknownOp(known: string): never {
    throw new Error(`unknown op '${this.text("op")}', not ${known}`);
  }
}
