/** Random programs of zsmalloc that make meet what is of interest. */
import type { Profile } from "../../../linux/profile.ts";
import { pick, type Random } from "../../../programs/random.ts";
import type { RaceProgram } from "../room.ts";
import { randomObjects } from "./random_objects.ts";

/** Bytes of an object of which a zspage has three, the second in two frames. */
const SIZE = 2000;

/**
 * Threads with objects in zspages that they share, some of them gone, so that a
 * compaction has something to move; they compact, and migrate frames of anybody.
 */
export function randomZsmallocRace(
  random: Random,
  { compaction, movable }: Profile,
  threads: number,
  operations: number,
): RaceProgram {
  const compact = compaction === "none" ? undefined : "compact";
  return randomObjects(random, threads, operations, {
    make: "malloc",
    firstSize: () => SIZE,
    size: () => pick(random, SIZE, SIZE, SIZE, 4000),
    others(all) {
      const isolated: string[] = [];
      return [
        () => compact,
        () => compact && `${compact} contended`,
        () => movable ? `migrate ${pick(random, ...all)}` : undefined,
        () => {
          if (!movable) return undefined;
          const ended = isolated.pop();
          if (ended !== undefined) {
            return `${pick(random, "putback", "migrate")} ${ended}`;
          }
          isolated.push(pick(random, ...all));
          return `isolate ${isolated[0]}`;
        },
        () => movable ? "deferred" : undefined,
      ];
    },
  });
}
