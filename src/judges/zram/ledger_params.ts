/** What algorithms are told in the ledger, and what they refuse of it. */
import type { Profile } from "../../linux/profile.ts";
import type { ZcompParams } from "../../linux/zcomp_params.ts";
import { argumentsOf, wholeNumber } from "../texts.ts";
import { ledgerFacts } from "./kernel_facts.ts";
import type { ZramLedger } from "./ledger.ts";

/**
 * What comes of setting an algorithm up: an errno, or that it stops this
 * kernel; nothing where it goes well.
 */
export function outcomeOfSetUp(
  profile: Profile,
  name: string,
  params: ZcompParams = {},
): string | undefined {
  const { level, winbits = 15, dict } = params;
  const isWindow = Math.abs(winbits) > 8 && Math.abs(winbits) < 16;
  const { stopsAtWindow, looksAtDictionary, looksAtParams } = ledgerFacts(
    profile,
  );
  if (name === "deflate" && !isWindow && stopsAtWindow) return "stops";
  const isHalf = dict !== undefined && !isWhole(dict) && looksAtDictionary;
  if (name === "lz4" && isHalf) return "EINVAL";
  const refused = looksAtParams ? refusedByAny(name, params) : undefined;
  if (refused !== undefined || name !== "deflate") return refused;
  return isWindow ? refusedBeyond(-1, level, 9) : "EINVAL";
}

/** What an algorithm refuses since 7.3, the window of deflate aside. */
function refusedByAny(
  name: string,
  { level, dict }: ZcompParams,
): string | undefined {
  switch (name) {
    case "lzo":
    case "lzo-rle":
    case "842":
      return dict === undefined && level === undefined
        ? undefined
        : "EOPNOTSUPP";
    case "deflate":
      return dict === undefined ? undefined : "EOPNOTSUPP";
    case "lz4":
      return refusedBeyond(1, level, Infinity);
    case "lz4hc":
      return refusedBeyond(1, level, 16);
    case "zstd":
      return refusedBeyond(-(2 ** 17), level, 22);
  }
}

/** A level that was said must be within an algorithm's own. */
function refusedBeyond(
  least: number,
  level: number | undefined,
  most: number,
): string | undefined {
  if (level === undefined) return undefined;
  return level < least || level > most ? "EINVAL" : undefined;
}

/** Whether lz4 takes all of a dictionary: a word at least, and 64 KiB at most. */
function isWhole({ length }: Uint8Array): boolean {
  return length >= 8 && length <= 65536;
}

/** What a text says to an algorithm. */
export interface Asked extends Omit<ZcompParams, "dict"> {
  /** The algorithm's priority. */
  readonly priority: number;
  /** Where its dictionary is. */
  readonly dict: string | undefined;
}

/** What `algorithm_params` is asked for; the errno where the text is refused. */
export function askedParams(ledger: ZramLedger, text: string): Asked | string {
  const { numberParams, multiComp, paramsTaken } = ledger.profile.zram;
  const asked = readArguments(text, numberParams);
  if (typeof asked === "string") return asked;
  const isEarly = paramsTaken === "before-disksize";
  if (isEarly && ledger.isInitialised) return "EBUSY";
  const { algo } = asked;
  const named = algo === undefined ? 0 : ledger.algorithms.indexOf(algo);
  // A name stands before a priority; since 7.1 the two must go together.
  const isNamed = !isEarly && algo !== undefined;
  const priority = isNamed ? named : Number(asked.priority ?? named);
  const isOther = algo !== undefined && ledger.algorithms[priority] !== algo;
  const isThere = priority >= 0 && priority < (multiComp ? 4 : 1);
  if (isOther || !isThere) return "EINVAL";
  return {
    priority,
    level: numberOf(asked.level),
    winbits: numberParams.includes("deflate.winbits")
      ? numberOf(asked["deflate.winbits"])
      : undefined,
    dict: asked.dict,
  };
}

/** An algorithm is told something: the errno where its dictionary cannot be read. */
export function tellParams(
  ledger: ZramLedger,
  { priority, level, winbits, dict: path }: Asked,
): string | undefined {
  const { files, isInitialised, profile, told } = ledger;
  const inUse = isInitialised ? ledger.algorithmAt(priority) : undefined;
  // What was said before is forgotten, also where the file is not there.
  told.tell(priority, undefined, inUse);
  const dict = path === undefined ? undefined : files.get(path);
  if (path !== undefined && dict === undefined) {
    return profile.zram.dictErrors === "own" ? "ENOENT" : "EINVAL";
  }
  if (dict?.length === 0) return "EINVAL";
  told.tell(priority, { level, winbits, dict }, inUse);
}

/**
 * Pairs of a name and a value, of which `numbers` must be whole: EINVAL where
 * one has no value.
 */
export function readArguments(
  text: string,
  numbers: readonly string[],
): Readonly<Record<string, string>> | string {
  const read: Record<string, string> = {};
  for (const [param, value = ""] of argumentsOf(text)) {
    if (value === "") return "EINVAL";
    const number = numbers.includes(param)
      ? wholeNumber(value, { bits: 32, signed: true })
      : value;
    if (number === "EINVAL" || number === "ERANGE") return number;
    read[param] = String(number);
  }
  return read;
}

/** A number that was said; the least of 32 bits stands for none. */
function numberOf(text: string | undefined): number | undefined {
  return text === undefined || text === "-2147483648"
    ? undefined
    : Number(text);
}
