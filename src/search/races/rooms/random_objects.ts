/** Random programs of threads that make, use and free objects with names. */
import { pick, type Random } from "../../../programs/random.ts";
import type { RaceProgram } from "../room.ts";

/** What is drawn for a step, if it can be done just now. */
type Draw = () => string | undefined;

/** What a room's objects are like. */
export interface RandomObjects {
  /** The word by which one is made: `malloc`. */
  readonly make: string;
  /** Draws the bytes of one that is there from the first. */
  firstSize(): number;
  /** Draws the bytes of one that a thread makes. */
  size(): number;
  /** What else a thread may do, `all` being everybody's first objects. */
  others(all: readonly string[]): readonly Draw[];
}

/**
 * Threads with two objects of their own each, among which one for each thread is
 * gone: pages that they share have room, and are left empty soon.
 */
export function randomObjects(
  random: Random,
  threads: number,
  operations: number,
  objects: RandomObjects,
): RaceProgram {
  const own = Array.from(
    { length: threads },
    (_, thread) => [1, 2].map((nth) => `${"abcdefgh"[thread]}${nth}`),
  );
  const gone = own.map((_, nth) => `x${nth}`);
  const names = [...own.flat(), ...gone];
  const left = [...names];
  const inOrder = names.map(() => takeAny(random, left));
  return {
    before: [
      ...inOrder.map((name) =>
        `${objects.make} ${objects.firstSize()} ${name}`
      ),
      ...gone.map((name) => `free ${name}`),
    ],
    threads: own.map((names) => {
      const draws = [
        ...ownDraws(random, names, objects),
        ...objects.others(own.flat()),
      ];
      return randomThread(random, draws, operations);
    }),
  };
}

function takeAny<One>(random: Random, ones: One[]): One {
  return ones.splice(random(ones.length), 1)[0];
}

/** What a thread does with its own objects. */
function ownDraws(
  random: Random,
  names: readonly string[],
  { make, size }: RandomObjects,
): Draw[] {
  const live = [...names];
  let made = names.length;
  const ofOne = (words: () => string): Draw => () =>
    live.length === 0 ? undefined : words();
  const free = ofOne(() => `free ${takeAny(random, live)}`);
  return [
    () => {
      const name = `${names[0][0]}${++made}`;
      live.push(name);
      return `${make} ${size()} ${name}`;
    },
    free,
    free,
    ofOne(() => `read ${pick(random, ...live)}`),
    ofOne(() => `write ${pick(random, ...live)} ${pick(random, "A", "B")}`),
  ];
}

function randomThread(
  random: Random,
  draws: readonly Draw[],
  operations: number,
): string[] {
  const thread: string[] = [];
  while (thread.length < operations) {
    const step = pick(random, ...draws)();
    if (step !== undefined) thread.push(step);
  }
  return thread;
}
