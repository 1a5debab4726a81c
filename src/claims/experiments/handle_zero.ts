/** Whether an object that was allocated has handle 0, which means failure. */
import {
  LINUX_3_12,
  LINUX_4_0,
  LINUX_7_3,
  type Profile,
} from "../../linux/profile.ts";
import { Memory } from "../../memory/memory.ts";
import { randomFrom } from "../../programs/random.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import { holds, holdsIf, type Verdict } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";

/** Zspages that are filled in each class. */
const ZSPAGES = 2;
/** Objects that come and go. */
const LIVE = 200;
/** Steps after which the pool is compacted. */
const COMPACT_EVERY = 500;

/** What was allocated, and what the caller got. */
interface Tally {
  /** Objects allocated. */
  mallocs: number;
  /** Of those, whose caller got 0 and knows of no object. */
  zeros: number;
  /** Objects that lay first in frame 0. */
  first: number;
  /** Objects whose handle named them no more once they were moved. */
  lost: number;
  /** Objects that compaction moved. */
  moved: number;
  /** Frames that were migrated. */
  migrated: number;
}

const noTally = (): Tally => ({
  mallocs: 0,
  zeros: 0,
  first: 0,
  lost: 0,
  moved: 0,
  migrated: 0,
});

interface HandleZero {
  /** Where the index in a handle counts from 0, as before the patch. */
  readonly before: Tally;
  /** As the kernel is. */
  readonly after: Tally;
  /** Whether its handles say where objects lie. */
  readonly isLocation: boolean;
  /** Whether they do, and have the patch. */
  readonly isMended: boolean;
}

const poolFrom = (profile: Profile, firstPfn: number) =>
  new ZsPool(profile, {
    memory: new Memory({ pageSize: profile.pageSize, firstPfn }),
  });

/** Allocates an object: its handle, or nothing where the caller got 0. */
function malloc(pool: ZsPool, size: number, tally: Tally): number | undefined {
  const { allocated } = pool.handles;
  const handle = pool.malloc(size);
  tally.mallocs++;
  if (typeof handle === "number") {
    const { pfn, offset } = pool.chunkOf(handle, "find");
    if (pfn === 0 && offset === 0) tally.first++;
    return handle;
  }
  // Memory has no end here: an object is there all the same.
  if (pool.handles.allocated === allocated) {
    throw new Error(`Cannot allocate an object of ${size} bytes: ${handle}`);
  }
  tally.zeros++;
  tally.first++;
}

/** Every chunk of the first zspages of every class. */
function fillClasses(profile: Profile, firstPfn: number, tally: Tally): void {
  for (const { size, objectsPerZspage } of new ZsPool(profile).classes) {
    const pool = poolFrom(profile, firstPfn);
    const { handleSize, pageSize } = pool.geometry;
    const object = Math.min(size, pageSize) -
      (size < pageSize ? handleSize : 0);
    for (let nth = 0; nth < ZSPAGES * objectsPerZspage; nth++) {
      malloc(pool, object, tally);
    }
  }
}

/** An object's first bytes, as a text. */
const bytesOf = (pool: ZsPool, handle: number) =>
  pool.read(handle, new Uint8Array(4)).join();

/** Objects come and go, are moved by compaction, and their frames replaced. */
function churn(
  { profile, seed, sizes }: Given<"firstFrame" | "steps">,
  tally: Tally,
): void {
  const random = randomFrom(seed);
  const pool = poolFrom(profile, sizes.firstFrame);
  const live: { handle: number; bytes: string }[] = [];
  for (let step = 1; step <= sizes.steps; step++) {
    if (live.length > random(LIVE)) {
      const at = random(live.length);
      const [{ handle }] = live.splice(at, 1);
      pool.free(handle);
    } else {
      const handle = malloc(pool, 4 + random(profile.pageSize - 16), tally);
      if (handle === undefined) continue;
      pool.write(handle, Uint8Array.from({ length: 4 }, () => random(256)));
      live.push({ handle, bytes: bytesOf(pool, handle) });
    }
    if (live.length > 0) {
      const { handle } = live[random(live.length)];
      const to = pool.migratePage(pool.chunkOf(handle, "find").pfn);
      if (typeof to === "number") tally.migrated++;
    }
    if (step % COMPACT_EVERY !== 0) continue;
    pool.compact();
    tally.lost += live.filter((one) => bytesOf(pool, one.handle) !== one.bytes)
      .length;
  }
  tally.moved = pool.objectsMigrated;
}

function tried(given: Given<"firstFrame" | "steps">): Tally {
  const tally = noTally();
  fillClasses(given.profile, given.sizes.firstFrame, tally);
  churn(given, tally);
  return tally;
}

function run(given: Given<"firstFrame" | "steps">): HandleZero {
  const { profile } = given;
  const { objects } = profile;
  const before = {
    ...profile,
    objects: { ...objects, firstIndex: 0 as const },
  };
  return {
    before: tried({ ...given, profile: before }),
    after: tried(given),
    isLocation: objects.handle === "location",
    isMended: objects.handle === "location" && objects.firstIndex !== 0,
  };
}

function figures({ before, after }: HandleZero): readonly Figures[] {
  const row = (name: string, tally: Tally) => [
    name,
    tally.mallocs,
    tally.first,
    tally.zeros,
    tally.migrated,
    tally.moved,
    tally.lost,
  ];
  return [{
    title: "Objects in memory from the first frame on",
    columns: [
      "",
      "allocated",
      "first in frame 0",
      "handle 0",
      "frames migrated",
      "objects moved",
      "not found again",
    ],
    rows: [
      row("index from 0, as before the patch", before),
      row("as the kernel is", after),
    ],
  }];
}

/**
 * The kernel of the thread has the patch only as a stable release; its first
 * one counts from 0, and so does what is run as before the patch.
 */
function decideNeverZero(found: HandleZero): Verdict {
  const { before, after, isMended } = found;
  const { zeros, first, mallocs } = after;
  const evidence =
    `${zeros} of ${mallocs} objects, ${first} of which lay first in frame 0`;
  return isMended && before.zeros > 0
    ? holdsIf(
      zeros === 0,
      "it is a stable release 3.12.y with the patch",
      `${evidence}; of 3.12.0 ${before.zeros} of ${before.mallocs}`,
    )
    : holds(zeros === 0, evidence);
}

/** The experiment. */
export const HANDLE_ZERO = experiment<"firstFrame" | "steps", HandleZero>({
  name: "handle-zero",
  theme: "handles and mapping",
  method:
    "In memory that begins with frame 0, every chunk of the first zspages of every class is allocated. Then objects come and go, are compacted, and their frames migrated where the kernel can. All with an object's index in its handle counted from 0, and as the kernel counts it.",
  sizes: {
    firstFrame: { usual: 0, least: 0, most: 4096, means: "the first frame" },
    steps: {
      usual: 10000,
      least: 0,
      most: 1000000,
      means: "objects that come or go",
    },
  },
  kernels: [LINUX_3_12, LINUX_4_0, LINUX_7_3],
  run,
  figures,
  claims: [
    {
      name: "handle-can-be-zero",
      says:
        "A zs_malloc that succeeds can return 0, which its caller takes for failure.",
      who: "the patch of the thread's subject, 2013",
      passages: [{ thread: "000", at: "line 1" }],
      decide: ({ before: { zeros, first, mallocs } }) =>
        holdsIf(
          zeros > 0,
          "an object lies first in frame 0, and its index counts from 0, as in 3.12.0",
          `${zeros} of ${mallocs} objects, which nobody can free; ${first} lay first in frame 0`,
        ),
    },
    {
      name: "handle-never-zero",
      says: "The kernel keeps a handle from ever being 0 on success.",
      who: "the patch of the thread's subject, 2013",
      passages: [{ thread: "000", at: "line 1" }],
      decide: decideNeverZero,
    },
    {
      name: "handle-is-the-location",
      says: "A handle is the encoded place of its object.",
      who: "Nitin Gupta, 2013",
      passages: [
        { thread: "002", at: "lines 1474-1476" },
        { thread: "002", at: "lines 1552-1553" },
      ],
      decide: ({ after: { moved, migrated, lost }, isLocation }) =>
        holds(
          isLocation && moved + migrated === 0,
          `${moved} objects and ${migrated} frames were moved under their handles, ${lost} not found again`,
        ),
    },
    {
      name: "indirection-keeps-handles-valid",
      says:
        "With a layer between handle and place, objects are moved and every handle stays good.",
      who: "Minchan Kim, 2015",
      passages: [{
        thread: "003",
        at: "it adds indirect layer between handle and object location",
      }],
      decide: ({ after: { moved, lost } }) =>
        holds(
          moved > 0 && lost === 0,
          `${moved} objects were moved, ${lost} not found again by their handles`,
        ),
    },
  ],
});
