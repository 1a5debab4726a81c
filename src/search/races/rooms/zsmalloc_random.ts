/** Random programs of zsmalloc that make meet what is of interest. */
import type { Profile } from "../../../linux/profile.ts";
import type { Random } from "../../../programs/random.ts";
import type { RaceProgram } from "../room.ts";

/** Bytes of an object of which a zspage has three, the second in two frames. */
const SIZE = 2000;

/**
 * Threads with objects of their own in zspages that they share, half of them
 * gone, so that a compaction has something to move and a free some to leave
 * empty; they compact, and migrate frames of anybody.
 */
export function randomZsmallocRace(
  random: Random,
  profile: Profile,
  threads: number,
  operations: number,
): RaceProgram {
  const names = Array.from(
    { length: threads },
    (_, thread) => [1, 2].map((nth) => `${"abcdefgh"[thread]}${nth}`),
  );
  const gone = Array.from({ length: threads }, (_, nth) => `x${nth}`);
  const inOrder = shuffled(random, [...names.flat(), ...gone]);
  return {
    before: [
      ...inOrder.map((name) => `malloc ${SIZE} ${name}`),
      ...gone.map((name) => `free ${name}`),
    ],
    threads: names.map((own) =>
      randomThread(random, profile, own, names.flat(), operations)
    ),
  };
}

/** What one thread does with its own objects, and with anybody's frames. */
function randomThread(
  random: Random,
  profile: Profile,
  own: readonly string[],
  all: readonly string[],
  operations: number,
): string[] {
  const live = [...own];
  const isolated: string[] = [];
  let made = 0;
  const any = <One>(ones: readonly One[]) => ones[random(ones.length)];
  const steps: (() => string | undefined)[] = [
    () => {
      const name = `${own[0][0]}${3 + made++}`;
      live.push(name);
      return `malloc ${any([SIZE, SIZE, SIZE, 4000])} ${name}`;
    },
    ...[0, 1].map(() => () =>
      live.length === 0
        ? undefined
        : `free ${live.splice(random(live.length), 1)[0]}`
    ),
    () => live.length === 0 ? undefined : `read ${any(live)}`,
    () => live.length === 0 ? undefined : `write ${any(live)} ${any(LETTERS)}`,
    () => profile.compaction === "none" ? undefined : "compact",
    () => profile.compaction === "none" ? undefined : "compact contended",
    () => profile.movable ? `migrate ${any(all)}` : undefined,
    () => {
      if (!profile.movable) return undefined;
      const ended = isolated.pop();
      if (ended !== undefined) return `${any(["putback", "migrate"])} ${ended}`;
      isolated.push(any(all));
      return `isolate ${isolated[0]}`;
    },
    () => profile.movable ? "deferred" : undefined,
  ];
  const thread: string[] = [];
  while (thread.length < operations) {
    const step = any(steps)();
    if (step !== undefined) thread.push(step);
  }
  return thread;
}

const LETTERS = ["A", "B"];

function shuffled<One>(random: Random, ones: readonly One[]): One[] {
  const left = [...ones];
  return ones.map(() => left.splice(random(left.length), 1)[0]);
}
