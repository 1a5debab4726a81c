/** The stops of a schedule in words, each in its CPU's column. */
import { lockText } from "../../rules/lock.ts";
import type { Touch } from "../../rules/lockdep.ts";
import {
  isBlocked,
  type Locking,
  type Stop,
  type Wait,
} from "../../rules/stop.ts";
import { InvariantError } from "../../rules/invariant.ts";
import { ANYTHING } from "./linearizable.ts";
import type { ColumnLine } from "./report_columns.ts";
import type { Retraced, RetracedStop, Waiting } from "./retrace.ts";
import { THREAD_NAMES } from "./trial.ts";

/** Where a stop is: the kernel's function and its file, and what it does there. */
interface Told {
  readonly function: string;
  readonly file: string;
  readonly does: string;
}

/** Of a longer schedule only the first and the last stops are told. */
const MOST_TOLD = 200;
const FIRST_TOLD = 60;
const LAST_TOLD = 40;

/** Every stop of a schedule, numbered; of one without end not those between. */
export function scheduleLines({ stops }: Retraced): ColumnLine[] {
  const heading = headings();
  const lines = stops.map((stop, nth) => [
    ...stop.isPreemption
      ? [{ column: stops[nth - 1].thread, depth: 1, text: "<preempted>" }]
      : [],
    ...linesOf(stop, nth + 1, heading),
  ]);
  if (lines.length <= MOST_TOLD) return lines.flat();
  const left = lines.length - FIRST_TOLD - LAST_TOLD;
  return [
    ...lines.slice(0, FIRST_TOLD).flat(),
    { text: `… ${left} steps more …` },
    ...lines.slice(-LAST_TOLD).flat(),
  ];
}

/** A function's name where a thread comes to it; its file the first time. */
type Heading = (thread: number, told: Told, isNew: boolean) => ColumnLine[];

function headings(): Heading {
  const last = new Map<number, string>();
  const known = new Set<string>();
  return (thread, { function: name, file }, isNew) => {
    if (name === "" || (last.get(thread) === name && !isNew)) return [];
    last.set(thread, name);
    const isKnown = file === "" || known.has(name);
    if (file !== "") known.add(name);
    const call = name.split(", ").map((one) => `${one}()`).join(" or ");
    const text = isKnown ? call : `${call}, ${file}`;
    return [{ column: thread, depth: 1, text }];
  };
}

function linesOf(
  stop: RetracedStop,
  number: number,
  heading: Heading,
): ColumnLine[] {
  const { thread, begins, ends, waits, error } = stop;
  const at = (depth: number, text: string, number?: number): ColumnLine => ({
    column: thread,
    depth,
    text,
    number,
  });
  const told = stop.stop === undefined ? undefined : toldOf(stop.stop, stop);
  const wakes = stop.stop !== undefined && isBlocked(stop.stop);
  return [
    ...begins === undefined ? [] : [at(0, begins)],
    ...told === undefined ? [] : [
      ...heading(thread, told, begins !== undefined),
      at(2, wakes ? "looks again" : told.does, number),
    ],
    ...touchedTexts(stop.touched).map((text) => at(2, text)),
    ...error === undefined ? [] : [at(2, `← ${brokenText(error.thrown)}`)],
    ...waits === undefined ? [] : waitingLines(waits, heading),
    ...ends === undefined ? [] : [at(1, answerText(ends.answer))],
  ];
}

/** That a thread has to wait, and for whom. */
function waitingLines(waiting: Waiting, heading: Heading): ColumnLine[] {
  const { thread, stop, holders } = waiting;
  const told = toldOf(stop);
  const isLock = typeof stop !== "string" && "lock" in stop;
  const text = isLock
    ? `waits for ${lockText(stop.lock)}, which ${cpusText(holders)}`
    : `waits ${told.does}`;
  return [
    ...heading(thread, told, false),
    { column: thread, depth: 2, text },
  ];
}

function cpusText(threads: readonly number[]): string {
  const names = threads.map((one) => `CPU ${THREAD_NAMES[one]}`);
  return `${names.join(" and ")} ${names.length === 1 ? "has" : "have"}`;
}

function brokenText(thrown: unknown): string {
  return thrown instanceof InvariantError
    ? `${thrown.id} is broken`
    : "this fails";
}

function answerText(answer: unknown): string {
  const says = answer !== undefined && answer !== ANYTHING;
  return says ? `returns ${JSON.stringify(answer)}` : "returns";
}

function touchedTexts(touched: readonly Touch[]): string[] {
  const texts = touched.map(({ state, isChange }) =>
    `${isChange ? "changes" : "looks at"} ${state}`
  );
  return [...new Set(texts)];
}

/** A function or several, what of it where that is said, and its file. */
const WHERE = /^([^:]+?)(?:: ([^,]+))?(?:, ([^,]*[./][^,]*))?$/;
/** A function, and what is done there. */
const FUNCTION = /^([A-Za-z_]\w*): (.*)$/s;

/** What a stop does, and in which function. */
function toldOf(
  stop: Stop,
  { isTaken, holders }: Pick<RetracedStop, "isTaken" | "holders"> = {
    isTaken: true,
    holders: [],
  },
): Told {
  if (typeof stop === "string") return toldOfWait(stop);
  const does = "lock" in stop
    ? lockingText(stop, isTaken, holders)
    : stop.does === "sleep"
    ? "may sleep"
    : `${stop.does === "read" ? "looks at" : "changes"} ${stop.state}`;
  const [, name, part = "", file = ""] = WHERE.exec(stop.where) ??
    [stop.where, stop.where];
  return {
    function: name,
    file,
    does: part === "" ? does : `${part}: ${does}`,
  };
}

function toldOfWait(stop: Wait): Told {
  const plain = isBlocked(stop) ? stop.slice(stop.indexOf(": ") + 2) : stop;
  const [, name = "", does = plain] = FUNCTION.exec(plain) ?? [];
  return { function: name, file: "", does };
}

function lockingText(
  { does, lock, mode }: Locking,
  isTaken: boolean,
  holders: readonly number[],
): string {
  const what = lockText(lock) + (mode === "shared" ? ", shared" : "");
  if (does === "release") return `drops ${what}`;
  if (does === "acquire") return `takes ${what}`;
  if (isTaken) return `trylocks ${what}`;
  return `trylocks ${what} in vain: ${cpusText(holders)} it`;
}
