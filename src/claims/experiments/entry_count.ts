/** How a count of references may be changed: under a lock or not, in one step or two. */
import { LINUX_3_12, LINUX_6_1, type Profile } from "../../linux/profile.ts";
import { InvariantError } from "../../rules/invariant.ts";
import { createLock, type Lock } from "../../rules/lock.ts";
import { LOCK_RULES } from "../../rules/lockdep.ts";
import type { Rule } from "../../rules/rule.ts";
import {
  acquire,
  reads,
  release,
  type Stop,
  writes,
} from "../../rules/stop.ts";
import { ZSWAP_RACES } from "../../search/races/rooms/zswap.ts";
import type { RaceOperation, RaceTrial } from "../../search/races/trial.ts";
import { holds } from "../claim.ts";
import { experiment, type Given } from "../experiment.ts";
import {
  isSound,
  type Overlap,
  overlap,
  overlapFigures,
  overlapIn,
  preemptionsSize,
  toldOf,
} from "../runs/explored.ts";

/** An entry with its count, and the lock of its tree. */
interface Counted {
  readonly lock: Lock;
  /** Whether the tree has it, which is a reference. */
  inTree: boolean;
  references: number;
  frees: number;
}

/** How a reference is dropped. */
interface Put {
  readonly of: string;
  readonly isLocked: boolean;
  readonly isAtomic: boolean;
}

const PUTS = {
  locked: {
    of: "in two steps under the tree's lock",
    isLocked: true,
    isAtomic: false,
  },
  unlocked: {
    of: "in two steps outside of it",
    isLocked: false,
    isAtomic: false,
  },
  atomic: { of: "in one step outside of it", isLocked: false, isAtomic: true },
} as const satisfies Readonly<Record<string, Put>>;

const COUNT = "the entry's count";
const GET = "zswap_entry_get, mm/zswap.c";
const PUT = "zswap_entry_put, mm/zswap.c";

const FREED_ONCE: Rule = {
  id: "entry/freed-once",
  sentence:
    "An entry is freed once, by whoever drops its last reference, and not before.",
  source: "zswap_entry_put, mm/zswap.c, 3.13",
};

/** Adds to the count, others seeing it between the look and the change or not. */
function* add(
  entry: Counted,
  change: number,
  isAtomic: boolean,
  where: string,
): Generator<Stop, number> {
  let before = entry.references;
  if (!isAtomic) {
    yield reads(COUNT, where);
    before = entry.references;
  }
  yield writes(COUNT, where);
  if (isAtomic) before = entry.references;
  return entry.references = before + change;
}

/** Drops a reference; the last one frees the entry. */
function* put(entry: Counted, how: Put): Generator<Stop, void> {
  if (how.isLocked) yield acquire(entry.lock, PUT);
  if ((yield* add(entry, -1, how.isAtomic, PUT)) === 0) entry.frees++;
  if (how.isLocked) yield release(entry.lock, PUT);
}

const load = (how: Put): RaceOperation<Counted> => ({
  text: "load",
  *begin(entry) {
    yield acquire(entry.lock, GET);
    const isThere = entry.inTree;
    if (isThere) yield* add(entry, 1, how.isAtomic, GET);
    yield release(entry.lock, GET);
    if (isThere) yield* put(entry, how);
  },
});

const invalidate = (how: Put): RaceOperation<Counted> => ({
  text: "invalidate",
  *begin(entry) {
    yield acquire(entry.lock, PUT);
    entry.inTree = false;
    yield release(entry.lock, PUT);
    yield* put(entry, how);
  },
});

/** Throws where an entry without references was not freed just once; its count. */
function assertFreedOnce({ inTree, references, frees }: Counted): number {
  const text = (count: number, times: number) =>
    `${count} references, freed ${times} times`;
  const expected = inTree ? text(1, 0) : text(0, 1);
  const found = text(references, frees);
  if (expected === found) return references;
  throw new InvariantError(FREED_ONCE, { where: "the entry", expected, found });
}

/** Two loads of an entry, and who takes it out of the tree. */
const trialOf = (how: Put): RaceTrial<Counted> => ({
  threads: [[load(how)], [load(how)], [invalidate(how)]],
  create: () => ({
    lock: createLock("tree->lock", "spinlock"),
    inTree: true,
    references: 1,
    frees: 0,
  }),
  atRest: assertFreedOnce,
});

interface Found {
  /** How the count was changed. */
  readonly puts: Readonly<Record<keyof typeof PUTS, Overlap>>;
  /** zswap itself, which asserts that the lock is held. */
  readonly zswap: Overlap;
}

/** The program by which zswap itself is explored. */
const PROGRAM = "store 0 A / load 0 | writeback";

function run({ profile, sizes: { preemptions } }: Given<"preemptions">) {
  const of = (how: Put) => overlap(how.of, trialOf(how), preemptions);
  return {
    puts: {
      locked: of(PUTS.locked),
      unlocked: of(PUTS.unlocked),
      atomic: of(PUTS.atomic),
    },
    zswap: overlapIn(ZSWAP_RACES, profile, PROGRAM, preemptions),
  };
}

/** Kernels whose entries have a count: the first, and the last that is there. */
const KERNELS: readonly Profile[] = [LINUX_3_12, LINUX_6_1];

/** The experiment. */
export const ENTRY_COUNT = experiment<"preemptions", Found>({
  name: "entry-count",
  theme: "locks",
  method:
    "An entry's count of references is looked at and then changed, as a plain number is: under the tree's lock, and with references dropped outside of it, in two steps and in one. Two loads overlap with an invalidate in every way up to some preemptions. Beside it zswap itself, each of whose changes asserts that the lock is held.",
  sizes: { preemptions: preemptionsSize(2) },
  kernels: KERNELS,
  run,
  figures: ({ puts, zswap }) => [
    overlapFigures("The count is changed", Object.values(puts)),
    overlapFigures("zswap's own", [zswap]),
  ],
  claims: [
    {
      name: "refcount-must-be-atomic",
      says: "The count of references of an entry must at least be atomic.",
      who: "Dan Magenheimer, 2013, as a question",
      passages: [{ thread: "004", at: "at least need to be an atomic_t" }],
      disputed:
        "The code counts under the tree's lock alone, and says so in a comment.",
      decide({ puts: { locked, unlocked }, zswap }) {
        const isLocked = zswap.broken !== LOCK_RULES.held.id;
        return holds(
          !isSound(locked) || !isLocked,
          `a plain count under the lock: ${toldOf(locked)}, ${
            isLocked
              ? "and zswap always holds it"
              : "but zswap does not hold it"
          }; outside of it: ${toldOf(unlocked)}`,
        );
      },
    },
  ],
});
