/**
 * Workers, each on a thread of its own, that take turns until one fails. Which
 * failure that is depends on the order of the turns, not on how many workers
 * there are or who is first: turns before one that fails are taken to their end.
 */
import { listen } from "./listen.ts";

/** What a worker does at a time, and its place among all. */
export interface Turn {
  readonly order: number;
}

/** What the workers share. */
export interface Crew<One extends Turn, Failure> {
  /** Turns that nobody has taken. */
  readonly turns: Generator<One>;
  /** Ends those that are under way. */
  readonly running: Map<One, () => void>;
  /** The first turn that fails, as far as is known. */
  failed: { readonly turn: One; readonly failure: Failure } | undefined;
  /** Whether no more turns are handed out. */
  isClosed: boolean;
}

/** A crew that has begun nothing. */
export function crewOf<One extends Turn, Failure>(
  turns: Generator<One>,
): Crew<One, Failure> {
  return { turns, running: new Map(), failed: undefined, isClosed: false };
}

/** Who does the turns of a crew. */
export interface CrewOptions<One extends Turn> {
  /** The module that a worker runs. */
  readonly module: URL;
  /** Workers. */
  readonly jobs: number;
  /** Stops everything. */
  readonly signal: AbortSignal;
  /** Waits until a worker can take turns; answers whether it can. */
  begin?(worker: Worker): Promise<boolean>;
  /** Has a worker do a turn; answers whether it did so to the end. */
  run(worker: Worker, turn: One): Promise<boolean>;
}

/** Has every turn done, up to those behind one that fails. */
export async function runCrew<One extends Turn, Failure>(
  crew: Crew<One, Failure>,
  options: CrewOptions<One>,
): Promise<void> {
  const { jobs, signal } = options;
  const stop = () => closeCrew(crew, () => true);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop);
  try {
    await Promise.all(Array.from({ length: jobs }, () => work(crew, options)));
  } finally {
    stop();
    signal.removeEventListener("abort", stop);
  }
}

/** One worker's life: turns until there are none, or until one is ended. */
async function work<One extends Turn, Failure>(
  crew: Crew<One, Failure>,
  { module, begin, run }: CrewOptions<One>,
): Promise<void> {
  const worker = new Worker(module, { type: "module" });
  try {
    if (begin !== undefined && !await begin(worker)) return;
    // Closed before a turn is taken, lest it be lost.
    while (!crew.isClosed) {
      const { done, value: turn } = crew.turns.next();
      if (done || !await run(worker, turn)) return;
    }
  } finally {
    worker.terminate();
  }
}

/** Hands out no more turns, and ends those under way that `ends` names. */
export function closeCrew<One extends Turn, Failure>(
  crew: Crew<One, Failure>,
  ends: (turn: One) => boolean,
): void {
  crew.isClosed = true;
  for (const [turn, end] of crew.running) if (ends(turn)) end();
}

/** Notes how a turn fails, and ends the turns behind it. */
export function failTurn<One extends Turn, Failure>(
  crew: Crew<One, Failure>,
  turn: One,
  failure: Failure,
): void {
  const { failed } = crew;
  if (failed !== undefined && failed.turn.order < turn.order) return;
  crew.failed = { turn, failure };
  closeCrew(crew, ({ order }) => order > turn.order);
}

/** What a worker is told of a turn, and who is told what it tells. */
export interface Hearing<Report> {
  /** What the worker is told. */
  readonly task: unknown;
  /** What cannot be done where it ends by an error: `fuzz zram`. */
  readonly what: string;
  /** Milliseconds that it may be silent. */
  readonly patience: number;
  /** How many more once it told of what it then shrinks. */
  readonly shrinking: number;
  /** Told each report but that all is done. */
  report(one: Report): void;
  /** Told that it was silent for too long. */
  silent(): void;
  /** Told that the turn is ended before its time. */
  ended?(): void;
}

/** Has a worker do a turn; answers whether it did so to the end. */
export async function runTurn<One extends Turn, Failure, Report extends object>(
  crew: Crew<One, Failure>,
  worker: Worker,
  turn: One,
  { task, what, patience, shrinking, ...told }: Hearing<Report>,
): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = (milliseconds: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      told.silent();
      end(false);
    }, milliseconds);
  };
  const { promise, end } = listen<Report | "done", boolean>(
    worker,
    what,
    (one, end) => {
      if (one === "done") return end(true);
      wait(patience + ("found" in one ? shrinking : 0));
      told.report(one);
    },
  );
  crew.running.set(turn, () => {
    told.ended?.();
    end(false);
  });
  wait(patience);
  worker.postMessage(task);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    crew.running.delete(turn);
  }
}
