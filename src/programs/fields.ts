/** Reads the fields of JSON objects, and refuses what is not right. */

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** Checks one field's value and returns it as what it should be. */
export type Check<Value> = (value: unknown) => Value | undefined;

/** A JSON object of those that {@linkcode JSON.parse} returns. */
export function object(value: unknown): Json | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? { ...value }
    : undefined;
}

/** Any text. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** A whole number from 0 on. */
export function whole(value: unknown): number | undefined {
  const isWhole = Number.isSafeInteger(value) && Number(value) >= 0;
  return isWhole ? Number(value) : undefined;
}

/** One from 1 on. */
export function positive(value: unknown): number | undefined {
  return whole(value) || undefined;
}

/** So many whole numbers. */
export function wholes(count: number): Check<number[]> {
  return (value) => {
    const list = numbers(value);
    return list?.length === count ? list : undefined;
  };
}

/** Whole numbers, however many. */
export function numbers(value: unknown): number[] | undefined {
  return Array.isArray(value) && value.every((one) => whole(one) !== undefined)
    ? value
    : undefined;
}

/** True or false. */
export function truth(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}

/** A text of some form. */
export function matching(pattern: RegExp): Check<string> {
  return (value) =>
    typeof value === "string" && pattern.test(value) ? value : undefined;
}

/** The symbolic name of an error. */
export const errno: Check<string> = matching(/^E[A-Z0-9]+$/);

/** The bytes of padded base64. */
export function base64(value: unknown): Uint8Array | undefined {
  if (typeof value !== "string") return undefined;
  try {
    return Uint8Array.fromBase64(value, { lastChunkHandling: "strict" });
  } catch {
    return undefined;
  }
}

/** A value's beginning as JSON, for messages. */
export function brief(value: unknown): string {
  const json = JSON.stringify(value);
  return json.length <= 40 ? json : json.slice(0, 37) + "…";
}

/** A reader of one object's fields. */
export class Fields {
  readonly #json: Json;
  readonly #refuse: (message: string) => Error;
  readonly #asked = new Set<string>();

  /** `refuse` makes the error that says what is wrong with the object. */
  constructor(json: Json, refuse: (message: string) => Error) {
    this.#json = json;
    this.#refuse = refuse;
  }

  /** Refuses the object. */
  fail(message: string): never {
    throw this.#refuse(message);
  }

  /** A field that must be there, and pass `check`; `right` says what it should be. */
  required<Value>(name: string, check: Check<Value>, right: string): Value {
    const value = this.optional(name, check, right);
    if (value === undefined) this.fail(`the field '${name}' is missing`);
    return value;
  }

  /** A field that passes `check` where it is there. */
  optional<Value>(
    name: string,
    check: Check<Value>,
    right: string,
  ): Value | undefined {
    this.skip(name);
    if (!this.has(name)) return undefined;
    const found = this.#json[name];
    return check(found) ??
      this.fail(`the field '${name}' is ${brief(found)}, not ${right}`);
  }

  /** A field that is text. */
  text(name: string): string {
    return this.required(name, text, "text");
  }

  /** A field that is a whole number from 0 on. */
  whole(name: string): number {
    return this.required(name, whole, "a whole number from 0 on");
  }

  /** Whether a field is there. */
  has(name: string): boolean {
    return Object.hasOwn(this.#json, name);
  }

  /** A field that may be there, whatever it is. */
  skip(name: string): void {
    this.#asked.add(name);
  }

  /** Refuses what was not asked for. */
  end(): void {
    for (const name of Object.keys(this.#json)) {
      if (!this.#asked.has(name)) this.fail(`unknown field '${name}'`);
    }
  }
}
