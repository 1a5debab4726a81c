/** What the rooms of zbud and z3fold have in common. */
import type { Profile } from "../../../linux/profile.ts";
import { Memory, PAGE_STRIDE } from "../../../memory/memory.ts";
import { pick } from "../../../programs/random.ts";
import { InvariantError } from "../../../rules/invariant.ts";
import type { Lock } from "../../../rules/lock.ts";
import type { Lockdep } from "../../../rules/lockdep.ts";
import type { Rule } from "../../../rules/rule.ts";
import type { Stop } from "../../../rules/stop.ts";
import type { Evict } from "../../../zbud/driver.ts";
import { ANYTHING } from "../linearizable.ts";
import { type RaceRoom, raceRoom } from "../room.ts";
import { BuddyUser, type UsedPool } from "./buddy_user.ts";
import { randomObjects } from "./random_objects.ts";
import { roomWords } from "./words.ts";

/** A pool that can be explored. */
export interface ExploredPool extends UsedPool {
  /** The frames below. */
  readonly memory: Memory;
  /** What brings the pool back to what it is now. */
  remember(): () => void;
}

/** One of the two allocators. */
export interface ExploredKind<Pool extends ExploredPool> {
  /** Its name. */
  readonly name: "zbud" | "z3fold";
  /** Where its source says what is counted. */
  readonly source: string;
  /** Whether a kernel has it. */
  isIn(profile: Profile): boolean;
  /** Whether it reclaims there. */
  reclaims(profile: Profile): boolean;
  /** An empty pool. */
  create(
    profile: Profile,
    options: {
      readonly memory: Memory;
      readonly evict: Evict;
      readonly lockdep: Lockdep;
    },
  ): Pool;
  /** Its workers, by the word that has one run. */
  readonly workers: Readonly<Record<string, (pool: Pool) => Generator<Stop>>>;
  /** Checks its invariants. */
  check(pool: Pool): void;
  /** The lock that covers all that those are about, if one does. */
  lockOf?(pool: Pool): Lock;
  /** Objects of the pool, and frames that are its own, in use or not. */
  counts(pool: Pool): { readonly objects: number; readonly frames: number };
  /** All that its invariants depend on, the headers of pages aside. */
  heads(pool: Pool): string;
  /** Bytes of objects that meet in pages. */
  readonly sizes: readonly number[];
  /** Bytes of objects that are there from the first, some of which are freed. */
  readonly firstSizes: readonly number[];
}

/** A pool, its user, and what schedules left that held. */
interface BuddySubject<Pool extends ExploredPool> {
  readonly user: BuddyUser<Pool>;
  readonly rests: Set<string>;
}

/** Bytes of a frame that its header can take. */
const HEADER_BYTES = 128;

/**
 * All that the invariants of a pool depend on, as good as: the headers and the
 * flags of its frames are two sums of 32 bits.
 */
function fingerprint<Pool extends ExploredPool>(
  kind: ExploredKind<Pool>,
  pool: Pool,
): string {
  const { words, page, pageSize, firstPfn, endPfn } = pool.memory;
  let [one, other] = [1, 2];
  const add = (word: number) => {
    one = Math.imul(one ^ word, 0x01000193);
    other = Math.imul((other << 5 | other >>> 27) ^ word, 0x9e3779b1);
  };
  for (let pfn = firstPfn; pfn < endPfn; pfn++) {
    const at = pfn * pageSize / 4;
    for (let nth = 0; nth < HEADER_BYTES / 4; nth++) add(words[at + nth]);
    const flags = pfn * PAGE_STRIDE;
    for (let nth = 0; nth < PAGE_STRIDE; nth++) add(page[flags + nth]);
  }
  return `${kind.heads(pool)}/${one}/${other}`;
}

/** Checks what did not hold before, to the last bit. */
function once(held: Set<string>, key: string, check: () => void): void {
  if (held.has(key)) return;
  check();
  held.add(key);
}

/** The room of an allocator, from whose pools nothing may leak. */
export function buddyRoom<Pool extends ExploredPool>(
  kind: ExploredKind<Pool>,
): RaceRoom {
  const { name, workers } = kind;
  const noLeaks: Rule = {
    id: `${name}/nothing-leaked`,
    sentence:
      "Each object of a pool is somebody's, and each frame that was taken for it is its own.",
    source: kind.source,
  };
  const assertCounts = ({ pool }: BuddyUser<Pool>, objects: number) => {
    const counts = kind.counts(pool);
    const expected = `${objects} objects, ${pool.memory.allocatedPages} frames`;
    const found = `${counts.objects} objects, ${counts.frames} frames`;
    if (expected === found) return;
    throw new InvariantError(noLeaks, { where: "the pool", expected, found });
  };
  return raceRoom<BuddySubject<Pool>>({
    name,
    ...wordsOf(kind),
    findsByName: true,
    isIn: kind.isIn,
    create: (profile) => ({
      user: new BuddyUser((evict, lockdep) =>
        kind.create(profile, { memory: memoryOf(profile), evict, lockdep })
      ),
      rests: new Set(),
    }),
    remember({ user }) {
      const restores = [user.remember(), user.pool.remember()];
      return () => restores.forEach((restore) => restore());
    },
    lockdepOf: ({ user }) => user.lockdep,
    consistent({ user: { pool }, rests }, lock) {
      if (kind.lockOf?.(pool) !== lock) return;
      once(rests, fingerprint(kind, pool), () => kind.check(pool));
    },
    atRest({ user, rests }) {
      const { pool } = user;
      const objects = user.objects();
      const key = `${fingerprint(kind, pool)} at rest ${objects.join()}`;
      once(rests, key, () => {
        kind.check(pool);
        assertCounts(user, objects.length);
      });
      return user.stored();
    },
    // They reclaim, and run the workers.
    random: (random, profile, threads, operations) =>
      randomObjects(random, threads, operations, {
        make: "alloc",
        firstSize: () => pick(random, ...kind.firstSizes),
        size: () => pick(random, ...kind.sizes),
        others: () => [
          ...kind.reclaims(profile) ? [() => "reclaim", () => "reclaim"] : [],
          ...Object.keys(workers).map((worker) => () => worker),
        ],
      }),
  });
}

/** Frames that a program takes. */
const FRAMES = 8;

function memoryOf({ pageSize }: Profile): Memory {
  return new Memory({ pageSize, initialFrames: FRAMES });
}

/** Operations of a pool's user, and of its workers. */
function wordsOf<Pool extends ExploredPool>(
  { name: kind, workers, reclaims }: ExploredKind<Pool>,
) {
  const running = Object.entries(workers).map(([name, work]) => {
    const run = function* ({ user }: BuddySubject<Pool>) {
      yield* work(user.pool);
      return ANYTHING;
    };
    return [name, () => run] as const;
  });
  return roomWords<BuddySubject<Pool>>({
    "alloc SIZE NAME": ([size, name]) => ({ user }) =>
      user.alloc(Number(size), name),
    "free NAME": ([name]) => ({ user }) => user.free(name),
    "read NAME": ([name]) => ({ user }) => user.read(name),
    "write NAME LETTER": ([name, letter]) => ({ user }) =>
      user.write(name, letter),
    reclaim: (_, profile) =>
      reclaims(profile)
        ? ({ user }) => user.reclaim()
        : `${kind} of ${profile.name} does not reclaim`,
    ...Object.fromEntries(running),
  }, {
    // Its name, and its letter.
    SIZE: ["[3-9]|[1-9]\\d{1,4}", "3 to 99999 bytes"],
    NAME: ["[a-z][0-9]?", "a letter such as a, or a1"],
    LETTER: ["[A-Za-z]", "a letter"],
  });
}
