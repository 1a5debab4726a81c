/**
 * A child process as a target: one JSON object a line each way, as the oracle
 * protocol has it. It is started when it is first asked, and again after it
 * failed.
 */
import { type Json, object } from "../programs/fields.ts";
import { ChildLines, type ChildStatus, shortened } from "./child_lines.ts";
import { killAll, markedEnvironment } from "./descendants.ts";
import { TargetFault, TargetMissing } from "./target.ts";

/** Milliseconds that a child has for an answer where nothing else is said. */
export const ANSWER_MILLISECONDS = 10_000;

/** The least that it has while a finding is shrunk, and for a first answer. */
const HURRIED_MILLISECONDS = { first: 1000, later: 250 } as const;
/** How many times as long as its slowest answer it then has. */
const HURRIED_TIMES = 20;

/** Milliseconds that a child has to be gone once it was killed. */
const KILL_MILLISECONDS = 1000;

/** What a child process can be told to be. */
export interface ChildOptions {
  /** The command and its arguments. */
  readonly command: readonly string[];
  /** Milliseconds for an answer. Default: {@linkcode ANSWER_MILLISECONDS}. */
  readonly timeout?: number;
  /** Once it is aborted, the child is killed, and every request throws. */
  readonly stop?: AbortSignal;
  /** Whether its standard error is closed: it may fail, and is not to say so. */
  readonly isQuiet?: boolean;
}

/** An answer's fields: a JSON object. */
export type ChildAnswer = Json;

interface Running {
  readonly lines: ChildLines;
  readonly status: Promise<ChildStatus>;
  kill(): void;
  /** Whether it has answered: until then, it may be starting. */
  hasAnswered: boolean;
}

/** A child process that answers requests. */
export class Child {
  readonly #command: readonly string[];
  readonly #timeout: number;
  readonly #stop: AbortSignal | undefined;
  readonly #isQuiet: boolean;
  #running: Running | undefined;
  #nextId = 1;
  /** How long its slowest answer took. */
  readonly #slowest = { first: 0, later: 0 };
  #isHurried = false;

  /** Starts nothing yet. */
  constructor(options: ChildOptions) {
    const { command, timeout = ANSWER_MILLISECONDS, stop } = options;
    this.#isQuiet = options.isQuiet ?? false;
    this.#command = command;
    this.#timeout = timeout;
    this.#stop = stop;
    stop?.addEventListener("abort", () => this.restart());
  }

  /**
   * Asks one request and returns the answer's fields. Throws a
   * {@linkcode TargetFault} where there is none, and the child is then gone; a
   * {@linkcode TargetMissing} where it cannot be started.
   */
  async ask(request: ChildAnswer): Promise<ChildAnswer> {
    this.#stop?.throwIfAborted();
    const running = this.#running ??= start(
      this.#command,
      this.#isHurried || this.#isQuiet ? "null" : "inherit",
    );
    const id = this.#nextId++;
    const which = running.hasAnswered ? "later" : "first";
    try {
      const started = performance.now();
      const answer = await this.#inTime(
        this.#exchange(running, id, request),
        this.#patience(which),
      );
      const took = performance.now() - started;
      this.#slowest[which] = Math.max(this.#slowest[which], took);
      running.hasAnswered = true;
      return answer;
    } catch (error) {
      const isLate = error instanceof TargetFault && error.kind === "late";
      const unfinished = isLate ? running.lines.unfinished() : undefined;
      await this.restart();
      throw unfinished ?? error;
    }
  }

  /** Kills the child; the next request starts another. */
  async restart(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    running.kill();
    await running.lines.cancel();
    await orAfter(KILL_MILLISECONDS, running.status);
  }

  /** Whether it is to have less time for an answer, and no standard error. */
  hurry(isHurried: boolean): void {
    this.#isHurried = isHurried;
  }

  /**
   * Ends the child's input and waits until it ends, as it must. Throws a
   * {@linkcode TargetFault} where it does not.
   */
  async end(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    try {
      const gone = running.lines.end().then(() => running.status);
      await this.#inTime(
        gone,
        this.#timeout,
        "its input ended, and it did not",
      );
      running.lines.assertNothingLeft();
    } finally {
      await this.restart();
    }
  }

  async #exchange(
    { lines, status }: Running,
    id: number,
    request: ChildAnswer,
  ): Promise<ChildAnswer> {
    lines.send(JSON.stringify({ id, ...request }));
    const line = await lines.receive();
    if (line === undefined) {
      throw outputEnded(await orAfter(KILL_MILLISECONDS, status));
    }
    const answer = parseAnswer(line);
    if (answer.id !== id) {
      throw new TargetFault(
        "wrong id",
        `it answered id ${JSON.stringify(answer.id)}, not ${id}`,
      );
    }
    lines.assertNothingLeft();
    return answer;
  }

  /** Milliseconds that it has for an answer. */
  #patience(which: "first" | "later"): number {
    if (!this.#isHurried) return this.#timeout;
    const least = HURRIED_MILLISECONDS[which];
    const milliseconds = Math.max(least, HURRIED_TIMES * this.#slowest[which]);
    return Math.min(this.#timeout, milliseconds);
  }

  /** A result, unless time is up before. */
  async #inTime<Result>(
    result: Promise<Result>,
    milliseconds: number,
    what = "it did not answer",
  ): Promise<Result> {
    const late = new TargetFault(
      "late",
      `${what} within ${milliseconds / 1000} s`,
    );
    // Who comes too late fails unheard.
    result.catch(() => {});
    const first = await orAfter(milliseconds, result.then((value) => [value]));
    if (first === undefined) throw late;
    return first[0];
  }
}

/** What `promise` gives, or `undefined` after so many milliseconds. */
async function orAfter<Value>(
  milliseconds: number,
  promise: Promise<Value>,
): Promise<Value | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function start(
  [path, ...args]: readonly string[],
  stderr: "inherit" | "null",
): Running {
  let child: Deno.ChildProcess;
  const env = markedEnvironment();
  try {
    child = new Deno.Command(path, {
      args,
      env,
      stdin: "piped",
      stdout: "piped",
      stderr,
      // A group of its own: what it starts is killed with it.
      detached: Deno.build.os !== "windows",
    }).spawn();
  } catch (error) {
    throw new TargetMissing(
      `Cannot run '${path}': ${reasonOf(error)}`,
    );
  }
  return {
    lines: new ChildLines(child.stdout, child.stdin),
    status: child.status,
    kill: () => killAll(child.pid, env),
    hasAnswered: false,
  };
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such command";
  if (error instanceof Deno.errors.PermissionDenied) {
    return "permission is denied";
  }
  return error instanceof Error ? error.message : String(error);
}

/** That there is no more output: the child is gone, or has closed it. */
function outputEnded(status: ChildStatus | undefined): TargetFault {
  if (status === undefined) {
    return new TargetFault("died", "it closed its output, and did not end");
  }
  const { code, signal } = status;
  const how = signal === null ? `with status ${code}` : `by ${signal}`;
  return new TargetFault("died", `it ended ${how}`);
}

function parseAnswer(line: string): ChildAnswer {
  let answer: unknown;
  try {
    answer = JSON.parse(line);
  } catch {
    // What is no JSON is no object either.
  }
  const fields = object(answer);
  if (fields !== undefined) return fields;
  throw new TargetFault(
    "malformed",
    `it answered ${shortened(JSON.stringify(line))}, not a JSON object`,
  );
}
