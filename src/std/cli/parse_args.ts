/**
 * A stand-in for the package `@std/cli` where JSR is out of reach: the part of
 * `parseArgs` that zspec uses, with that package's signature and behaviour,
 * over `node:util`.
 */
import { parseArgs as nodeParseArgs } from "node:util";

/** What {@linkcode parseArgs} is told of the options there are. */
export interface ParseOptions {
  /** Options with a value; `_` keeps arguments that are numbers as text. */
  string?: readonly string[];
  /** Options that are there or not. */
  boolean?: readonly string[];
  /**
   * Called with each argument that is none of these, options with their name
   * and value; where it answers false, the argument is left out.
   */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** Options by name, and the other arguments under `_`. */
export interface Args {
  /** The arguments that are no options. */
  _: (string | number)[];
  /** The options' values. */
  // deno-lint-ignore no-explicit-any -- the package's own signature
  [name: string]: any;
}

/**
 * An option with a value takes no argument that looks like an option: its
 * value is then empty.
 */
function giveEmptyValues(args: string[], names: readonly string[]): string[] {
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  return args.map((arg, nth) => {
    const isBare = nth < end && names.some((name) => arg === `--${name}`);
    const next = args[nth + 1];
    return isBare && (next === undefined || next.startsWith("-"))
      ? `${arg}=`
      : arg;
  });
}

/** Reads command line arguments. */
export function parseArgs(args: string[], options: ParseOptions = {}): Args {
  const { string = [], boolean = [], unknown } = options;
  const known = new Map<string, "string" | "boolean">([
    ...string.map((name) => [name, "string"] as const),
    ...boolean.map((name) => [name, "boolean"] as const),
  ]);
  const { tokens } = nodeParseArgs({
    args: giveEmptyValues(args, string),
    options: Object.fromEntries(
      [...known].map(([name, type]) => [name, { type }]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const parsed: Args = { _: [] };
  for (const name of boolean) parsed[name] = false;
  for (const token of tokens) {
    if (token.kind === "positional") {
      if (unknown?.(token.value) === false) continue;
      const isNumber = !string.includes("_") && token.value.trim() !== "" &&
        Number.isFinite(Number(token.value));
      parsed._.push(isNumber ? Number(token.value) : token.value);
    } else if (token.kind === "option") {
      const value = token.value ?? true;
      const type = known.get(token.name);
      if (
        type === undefined &&
        unknown?.(token.rawName, token.name, value) === false
      ) continue;
      parsed[token.name] = type === "boolean" ? value !== "false" : value;
    }
  }
  return parsed;
}
