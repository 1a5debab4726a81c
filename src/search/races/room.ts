/** What can be explored: the operations of one part of the kernel, in words. */
import { assertText } from "../../rules/argument.ts";
import type { Profile } from "../../linux/profile.ts";
import type { Random } from "../../programs/random.ts";
import type { Lock } from "../../rules/lock.ts";
import type { Lockdep } from "../../rules/lockdep.ts";
import { runToEnd } from "../../rules/stop.ts";
import { wrongName } from "./names.ts";
import type { RaceOperation, RaceTrial } from "./trial.ts";

/** Threads of operations in words, and what was done before they begin. */
export interface RaceProgram {
  /** What one did alone. */
  readonly before: readonly string[];
  /** What several do at once. */
  readonly threads: readonly (readonly string[])[];
}

/** How the operations of a part of the kernel are made. */
export interface RoomParts<Subject> {
  /** Its name: `zsmalloc`. */
  readonly name: string;
  /** Its operations, as a help shows them: `write PAGE LETTER`. */
  readonly operations: readonly string[];
  /** Whether a kernel has it. */
  isIn(profile: Profile): boolean;
  /** A fresh one, as small as lets everything happen. */
  create(profile: Profile): Subject;
  /**
   * What brings one back to what it is now, where that costs less than another:
   * each schedule has the same one then.
   */
  remember?(subject: Subject): () => void;
  /** Who is told which thread runs. */
  lockdepOf(subject: Subject): Lockdep;
  /**
   * The operation of some words; what is wrong with them, or nothing, where they
   * are none.
   */
  operationOf(
    words: readonly string[],
    profile: Profile,
  ): RaceOperation<Subject>["begin"] | string | undefined;
  /** The name of an object among the words of an operation, if there is one. */
  nameIn?(words: readonly string[]): string | undefined;
  /**
   * Whether objects are found by their names, under a lock: only then may a
   * thread name what another makes meanwhile.
   */
  readonly findsByName?: boolean;
  /** As {@linkcode RaceTrial.consistent}. */
  consistent?(subject: Subject, lock: Lock): void;
  /** As {@linkcode RaceTrial.atRest}. */
  atRest(subject: Subject): unknown;
  /** A random program of so many threads, each of so many operations. */
  random(
    random: Random,
    profile: Profile,
    threads: number,
    operations: number,
  ): RaceProgram;
}

/** A part of the kernel that can be explored. */
export interface RaceRoom
  extends Pick<RoomParts<never>, "name" | "operations" | "isIn" | "random"> {
  /**
   * Explores a program in a way, such as `exploreRaces` is one. Throws a
   * RangeError at words that are no operation, and at names that are made by
   * nothing, or twice.
   */
  explore<Result>(
    profile: Profile,
    program: RaceProgram,
    way: <Subject>(trial: RaceTrial<Subject>) => Result,
  ): Result;
}

/** A room made of its parts. */
export function raceRoom<Subject>(parts: RoomParts<Subject>): RaceRoom {
  const { name, operations } = parts;
  const refused = (why: string) =>
    new RangeError(`Cannot explore ${name}: ${why}`);
  const operationOf = (
    text: string,
    profile: Profile,
  ): RaceOperation<Subject> => {
    const begin = parts.operationOf(text.split(/\s+/), profile);
    if (typeof begin === "function") return { text, begin };
    throw refused(begin ?? `'${text}' is none of ${operations.join(", ")}`);
  };
  return {
    name,
    operations,
    isIn: parts.isIn,
    random: parts.random,
    explore(profile, program, way) {
      const operationsOf = (texts: readonly string[]) =>
        texts.map((text) => operationOf(text, profile));
      const first = operationsOf(program.before);
      const threads = program.threads.map(operationsOf);
      const wrong = wrongName(program, parts);
      if (wrong !== undefined) throw refused(wrong);
      const create = () => {
        const subject = parts.create(profile);
        for (const { begin } of first) runToEnd(begin(subject));
        return subject;
      };
      return way({
        threads,
        create: parts.remember === undefined
          ? create
          : again(create, parts.remember),
        lockdepOf: parts.lockdepOf,
        consistent: parts.consistent,
        atRest: parts.atRest,
      });
    },
  };
}

/** The same subject each time, brought back to what it was at first. */
function again<Subject>(
  create: () => Subject,
  remember: (subject: Subject) => () => void,
): () => Subject {
  let known: { subject: Subject; restore: () => void } | undefined;
  return () => {
    if (known === undefined) {
      const subject = create();
      known = { subject, restore: remember(subject) };
    } else known.restore();
    return known.subject;
  };
}

/** Operations in words: `write 0 A; read 0`. */
function readOperations(text: string): string[] {
  return text.split(";").map((one) => one.trim().replace(/\s+/g, " "))
    .filter((one) => one !== "");
}

/**
 * A program in words: threads between bars, and behind a slash what they do,
 * where anything was done before: `write 0 A / write 0 B; read 0 | discard 0`.
 */
export function readRaceProgram(text: string): RaceProgram {
  assertText("read the threads", "text", text);
  const parts = text.split("/");
  const threads = (parts.at(-1) ?? "").split("|").map(readOperations);
  const before = parts.length < 2 ? [] : readOperations(parts[0]);
  const wrong = wrongThreads(parts, threads);
  if (wrong === undefined) return { before, threads };
  throw new RangeError(
    `Cannot read the threads: '${text}' has ${wrong}, unlike 'write 0 A / write 0 B; read 0 | discard 0'`,
  );
}

function wrongThreads(
  parts: readonly string[],
  threads: RaceProgram["threads"],
): string | undefined {
  if (parts.length > 2) return "more than one '/'";
  if (parts.length === 2 && parts[0].includes("|")) return "a '/' behind a '|'";
  if (threads.some((one) => one.length === 0)) return "a thread of nothing";
}

/** The same as a text. */
export function raceProgramText({ before, threads }: RaceProgram): string {
  const text = threads.map((one) => one.join("; ")).join(" | ");
  return before.length === 0 ? text : `${before.join("; ")} / ${text}`;
}

/** Smaller programs: without a thread, an operation, or what was before. */
export function* smallerRaces(
  { before, threads }: RaceProgram,
): Generator<RaceProgram> {
  if (threads.length > 1) {
    for (let nth = 0; nth < threads.length; nth++) {
      yield { before, threads: threads.toSpliced(nth, 1) };
    }
  }
  for (const [nth, operations] of threads.entries()) {
    if (operations.length < 2) continue;
    for (let at = 0; at < operations.length; at++) {
      const fewer = operations.toSpliced(at, 1);
      yield { before, threads: threads.with(nth, fewer) };
    }
  }
  for (let at = 0; at < before.length; at++) {
    yield { before: before.toSpliced(at, 1), threads };
  }
}
