/** A progress bar on a terminal; nothing in a pipe. */
import { grouped } from "../report/table.ts";

/** Columns of the bar where there is room. */
const WIDTH = 32;
/** Columns of what is done. */
const LABEL_WIDTH = 10;
/** Columns that a terminal is taken to have where it says nothing. */
const NARROWEST = 40;
/** Seconds before anything is said of speed. */
const SETTLED = 0.5;
const encoder = new TextEncoder();

/** Shows how far `label` is; `end` wipes the line. */
export interface Progress {
  /** Takes the number of steps done. */
  step(done: number): void;
  /** Leaves the line as it was. */
  end(): void;
}

/** How far work is. */
export interface Progressed {
  /** What is done. */
  readonly label: string;
  /** Steps done, and all steps. */
  readonly done: number;
  readonly total: number;
  /** Seconds since it began. */
  readonly seconds: number;
  /** What a step is, in the plural; nothing where steps are time. */
  readonly steps?: string;
}

/** Seconds as a clock shows them: `0:07`, `1:02:03`. */
function clock(seconds: number): string {
  const whole = Math.ceil(seconds);
  const two = (value: number) => `${value}`.padStart(2, "0");
  const [minutes, rest] = [Math.floor(whole / 60), whole % 60];
  return minutes < 60
    ? `${minutes}:${two(rest)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(rest)}`;
}

/**
 * A line of fewer than `width` characters, so that a terminal does not scroll:
 * the bar takes what percent, speed and time left leave, and speed goes where
 * that is too little.
 */
export function progressLine(
  { label, done, total, seconds, steps }: Progressed,
  width: number,
): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const percent = `${Math.floor(100 * share)}%`.padStart(4);
  const isSettled = seconds >= SETTLED && share > 0;
  const left = isSettled
    ? ` ${clock(seconds * (1 - share) / share)} left`.padStart(11)
    : " ".repeat(11);
  const speed = isSettled && steps !== undefined
    ? ` ${grouped(Math.round(done / seconds))} ${steps}/s`
    : "";
  const name = label.slice(0, LABEL_WIDTH).padEnd(LABEL_WIDTH);
  const barOf = (tail: string) =>
    Math.min(WIDTH, width - 1 - name.length - 1 - tail.length);
  const long = `${percent}${left}${speed}`;
  const tail = barOf(long) >= 10 ? long : `${percent}${left}`;
  const columns = Math.max(0, barOf(tail));
  const filled = Math.round(columns * share);
  return `${name} ${"█".repeat(filled)}${"░".repeat(columns - filled)}${tail}`
    .trimEnd();
}

/**
 * A bar for `total` steps on standard error; `steps` says what they are, in the
 * plural.
 */
export function progress(
  label: string,
  total: number,
  steps?: string,
): Progress {
  if (!Deno.stderr.isTerminal()) return { step() {}, end() {} };
  const width = errorColumns();
  const began = performance.now();
  // Steps are many: the clock is looked at a thousand times at most.
  const stride = total / 1000;
  let next = 0;
  let shown = "";
  return {
    step(done) {
      if (done < next && done < total) return;
      next = done + stride;
      const seconds = (performance.now() - began) / 1000;
      const line = progressLine({ label, done, total, seconds, steps }, width);
      if (line === shown) return;
      shown = line;
      Deno.stderr.writeSync(encoder.encode(`\r${line}\x1b[K`));
    },
    end() {
      Deno.stderr.writeSync(encoder.encode("\r\x1b[K"));
    },
  };
}

/**
 * A bar of programs, or of the time that they have where nobody says how many
 * there are; `step` is called after each.
 */
export function programProgress(
  label: string,
  programs: number,
  milliseconds = 0,
): { step(): void; end(): void } {
  const isCounted = Number.isFinite(programs);
  const { step, end } = isCounted
    ? progress(label, programs, "programs")
    : progress(label, milliseconds);
  const began = performance.now();
  let done = 0;
  return {
    step: () => step(isCounted ? ++done : performance.now() - began),
    end,
  };
}

/** Columns of the terminal that standard error goes to. */
function errorColumns(): number {
  try {
    return Math.max(20, Deno.consoleSize().columns);
  } catch {
    return NARROWEST;
  }
}
