/** Command line options, and how a wrong one is refused. */
import { parseArgs } from "@std/cli/parse-args";
import { profileOfConfig } from "../linux/description.ts";
import { LINUX_6_18, type Profile, PROFILES } from "../linux/profile.ts";
import {
  assertBuildable,
  buildableProfile,
} from "../zsmalloc/define_profile.ts";
import { wrap } from "../report/wrap.ts";
import { readText } from "./text_file.ts";
import { unknown } from "./unknown.ts";
import { onPath, UsageError } from "./usage_error.ts";

export { UsageError };

/** A command's options as they were given. */
export interface Options {
  /** Arguments that are no options. */
  readonly paths: readonly string[];
  /** An option's value, or `undefined` where it was not given. */
  text(name: string): string | undefined;
  /** Whether an option without a value was given. */
  flag(name: string): boolean;
  /** The values of an option that takes several, or `undefined` likewise. */
  list(name: string): readonly string[] | undefined;
}

/** The options that a command knows, by how many values they take. */
export interface KnownOptions {
  /** One. */
  readonly string: readonly string[];
  /** None. */
  readonly boolean: readonly string[];
  /** All the arguments up to the next option: at least one. */
  readonly list?: readonly string[];
}

/** Takes the options with several values out of a command's arguments. */
function takeLists(args: readonly string[], names: readonly string[]) {
  const lists = new Map<string, string[]>();
  const rest: string[] = [];
  let list: string[] | undefined;
  for (const arg of args) {
    const option = /^--([^=]+)(?:=(.*))?$/.exec(arg);
    if (option !== null) {
      const [, name, value] = option;
      list = names.includes(name) ? lists.get(name) ?? [] : undefined;
      if (list !== undefined) lists.set(name, list);
      if (value !== undefined) list?.push(value);
    } else {
      list?.push(arg);
    }
    if (list === undefined) rest.push(arg);
  }
  return { lists, rest };
}

/**
 * Negative numbers belong to the options before them, so that it is said what
 * is wrong with their values.
 */
function joinNegatives(
  args: readonly string[],
  names: readonly string[],
): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const last = joined.at(-1);
    const isValue = last !== undefined && /^-[0-9]/.test(arg) &&
      names.some((name) => last === `--${name}`);
    if (isValue) joined[joined.length - 1] = `${last}=${arg}`;
    else joined.push(arg);
  }
  return joined;
}

/** Refuses an option that is given twice, of which one value would be lost. */
function refuseTwice(args: readonly string[], name: string): void {
  const given = args.filter((arg) =>
    arg === `--${name}` || arg.startsWith(`--${name}=`)
  );
  if (given.length > 1) {
    throw new UsageError(`The option '--${name}' is given twice`);
  }
}

/** Reads a command's arguments; refuses those it does not know. */
export function parseOptions(
  args: readonly string[],
  known: KnownOptions,
): Options {
  const listNames = known.list ?? [];
  const names = [...known.string, ...listNames, ...known.boolean]
    .map((name) => `--${name}`);
  const { lists, rest } = takeLists(
    joinNegatives(args, known.string),
    listNames,
  );
  for (const name of known.string) refuseTwice(rest, name);
  const parsed = parseArgs(rest, {
    string: ["_", ...known.string],
    boolean: known.boolean,
    unknown: (arg, key) => {
      if (key !== undefined) {
        throw unknown("option", arg, names);
      }
    },
  });
  return {
    paths: parsed._.map(String),
    text(name) {
      const value: unknown = parsed[name];
      if (value === undefined) return undefined;
      if (typeof value !== "string" || value === "") {
        throw new UsageError(`The option '--${name}' needs a value`);
      }
      return value;
    },
    flag: (name) => parsed[name] === true,
    list(name) {
      const values = lists.get(name);
      if (values?.length === 0) {
        throw new UsageError(`The option '--${name}' needs a value`);
      }
      return values;
    },
  };
}

/** Every profile's name, for helps and refusals. */
const PROFILE_NAMES: string = namesOf(PROFILES);

/** Profiles by their names. */
export function namesOf(profiles: readonly Profile[]): string {
  return profiles.map(({ name }) => name).join(", ");
}

/** Columns of a help's lines. */
const COLUMNS = 80;

/** The help of an option whose words begin at a column. */
export function optionHelp(
  option: string,
  column: number,
  text: string,
): string {
  const indent = " ".repeat(column);
  const words = wrap(text, COLUMNS, indent).slice(column);
  return `  ${option} `.padEnd(column) + words;
}

/** The help of several. */
export function optionsHelp(
  column: number,
  options: Readonly<Record<string, string>>,
): string {
  return Object.entries(options)
    .map(([option, text]) => optionHelp(option, column, text)).join("");
}

/**
 * The help of the options that say which kernel to be: `what` it is for, and
 * the column at which words begin.
 */
export function profileHelp(column: number, what: string): string {
  return optionHelp(
    "--profile P",
    column,
    `${what}: ${PROFILE_NAMES}; and after commas what of its configuration is another, as in linux-7.3,chain-size=16,algorithms=lzo-rle:lz4`,
  ) + optionHelp(
    "--config FILE",
    column,
    "the kernel's own .config, for what was built in",
  );
}

/** The options that say which kernel to be. */
export const PROFILE_OPTIONS: readonly string[] = ["profile", "config"];

/** The profile that an option describes. */
export function findProfile(description: string): Profile {
  return refused(() => buildableProfile(description));
}

/** A kernel that Linux cannot be built as is the caller's mistake. */
export function refused<Result>(build: () => Result): Result {
  try {
    return build();
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

/** The profile that `--profile` and `--config` describe, or else `fallback`. */
export function profileOption(
  options: Options,
  fallback: Profile = LINUX_6_18,
): Profile {
  return namedProfile(options).profile ?? fallback;
}

/**
 * The profile that `--profile` describes and `--config` configures, as an
 * option of its own; or none.
 */
export function namedProfile(
  options: Options,
): { readonly profile?: Profile } {
  const description = options.text("profile");
  const path = options.text("config");
  const profile = description === undefined
    ? undefined
    : findProfile(description);
  if (path === undefined) return profile === undefined ? {} : { profile };
  if (description?.includes(",")) {
    throw new UsageError(
      `The option '--profile' is '${description}', not a release alone: '--config' says what was built in`,
    );
  }
  return { profile: configuredAs(path, profile) };
}

/** The kernel that was built with the `.config` at `path`. */
function configuredAs(path: string, profile: Profile | undefined): Profile {
  const text = readText(path);
  try {
    const built = profileOfConfig(text, profile);
    assertBuildable(built);
    return built;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`${path}: ${error.message}`);
  }
}

/** Refuses options that make no sense as a command is called: `why` not. */
export function refuseOptions(
  options: Options,
  names: readonly string[],
  why: string,
): void {
  for (const name of names) {
    if ((options.text(name) ?? options.list(name)) === undefined) continue;
    throw new UsageError(`The option '--${name}' ${why}`);
  }
}

/** Refuses arguments that are no options. */
export function refuseArguments({ paths }: Options, why: string): void {
  if (paths.length === 0) return;
  throw new UsageError(`Unknown argument '${paths[0]}': ${why}`);
}

/** The one of several words that an option gives. */
export function choiceOption<Choice extends string>(
  options: Options,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  const named = options.text(name);
  const choice = choices.find((one) => one === named);
  if (named === undefined || choice !== undefined) return choice;
  throw new UsageError(
    `The option '--${name}' is '${named}', not ${choices.join(" or ")}`,
  );
}

/** A command's own arguments, and those behind `--`: another program's. */
export function splitArguments(args: readonly string[]): {
  readonly own: readonly string[];
  readonly command: readonly string[] | undefined;
} {
  const end = args.indexOf("--");
  return end < 0
    ? { own: args, command: undefined }
    : { own: args.slice(0, end), command: args.slice(end + 1) };
}

/** The seed that an option gives. */
export function seedOption(options: Options): number | undefined {
  return wholeOption(options, "seed", 0, 2 ** 32 - 1);
}

/** How much options have searched, and how: as far as they say it. */
export function searchOptions(options: Options): Readonly<
  Record<"runs" | "time" | "jobs", number | undefined>
> {
  return {
    runs: wholeOption(options, "runs", 1, 1e9),
    time: wholeOption(options, "time", 1, 1e6),
    jobs: wholeOption(options, "jobs", 1, 1024),
  };
}

/** A seed that nobody had before. */
export function freshSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}

/** The parts of an option's value that commas separate, each once. */
export function listOption(
  options: Options,
  name: string,
): string[] | undefined {
  const value = options.text(name);
  return value === undefined ? undefined : [...new Set(value.split(","))];
}

/** A whole number from `from` to `to` that an option gives. */
export function wholeOption(
  options: Options,
  name: string,
  from: number,
  to: number,
): number | undefined {
  const value = options.text(name);
  return value === undefined
    ? undefined
    : parseWhole(value, `The option '--${name}'`, from, to);
}

/** Whole numbers, likewise, that commas separate. */
export function wholesOption(
  options: Options,
  name: string,
  from: number,
  to: number,
): number[] | undefined {
  const values = listOption(options, name)
    ?.map((value) => parseWhole(value, `The option '--${name}'`, from, to));
  return values === undefined ? undefined : [...new Set(values)];
}

/** The whole number that `value` is, of what `subject` names. */
export function parseWhole(
  value: string,
  subject: string,
  from: number,
  to: number,
): number {
  const number = /^[0-9]+$/.test(value) ? Number(value) : NaN;
  if (!(number >= from && number <= to)) {
    throw new UsageError(
      `${subject} is '${value}', not a whole number from ${from} to ${to}`,
    );
  }
  return number;
}

/** A size in bytes that an option gives, with a suffix from K to E or none. */
export function bytesOption(
  options: Options,
  name: string,
): number | undefined {
  const value = options.text(name);
  if (value === undefined) return undefined;
  const bytes = sizeOf(value);
  if (bytes >= 1 && bytes <= Number.MAX_SAFE_INTEGER) return bytes;
  throw new UsageError(
    `The option '--${name}' is '${value}', not a size such as 512M or 1.5G`,
  );
}

/** Bytes of a size: `4096`, `16K`, `1.5G`, `512MiB`; NaN where it is none. */
function sizeOf(text: string): number {
  const size = /^([0-9]+(?:\.[0-9]+)?)(?:([KMGTPE])(?:i?B)?|B)?$/i.exec(text);
  if (size === null) return NaN;
  const [, number, suffix = ""] = size;
  const power = suffix === "" ? 0 : "KMGTPE".indexOf(suffix.toUpperCase()) + 1;
  return Math.floor(Number(number) * 1024 ** power);
}

/** Writes a file that an option names. */
export function writeText(path: string, text: string): void {
  writeBytes(path, new TextEncoder().encode(text));
}

/**
 * Refuses a path that cannot be written before what is to be written there is
 * worked for; a file that is there is left as it is.
 */
export function checkWritable(path: string): void {
  const isThere = fileExists(path);
  onPath(path, () => {
    Deno.openSync(path, { append: true, create: true }).close();
    if (!isThere) Deno.removeSync(path);
  }, "write");
}

function fileExists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Writes bytes, likewise. */
export function writeBytes(path: string, bytes: Uint8Array): void {
  onPath(path, () => Deno.writeFileSync(path, bytes), "write");
}

/** Whether an error says that the machine has no memory for an array. */
export function isOutOfMemory(error: unknown): boolean {
  // V8 gives these no code, only words.
  return error instanceof RangeError &&
    /^(Array buffer allocation failed|Invalid typed array length)/.test(
      error.message,
    );
}
