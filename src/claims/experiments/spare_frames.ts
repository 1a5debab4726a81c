/** Writing objects back where memory is full: each needs a frame meanwhile. */
import { LINUX_3_12, type Profile } from "../../linux/profile.ts";
import { Memory, NO_PAGE } from "../../memory/memory.ts";
import { randomFrom } from "../../programs/random.ts";
import { percent } from "../../report/table.ts";
import { runToEnd } from "../../rules/stop.ts";
import { LINUX_6_2 } from "../../search/races/known/zsmalloc.ts";
import { ZbudPool } from "../../zbud/pool.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { fillZspages } from "../runs/zspages.ts";

type Name = "objects" | "tries";

/** When a write ends, and its frame of the swap cache comes back. */
type Ends = "at once" | "late";

/** What reclaims with so many frames to spare came to. */
interface Tried {
  readonly spare: number;
  readonly tried: number;
  /** Reclaims that gave a frame back. */
  readonly freed: number;
}

/** Reclaims of one allocator, by frames to spare. */
interface Row {
  readonly allocator: string;
  readonly ends: Ends;
  /** The most objects of a page, or zspage. */
  readonly mostObjects: number;
  readonly tries: readonly Tried[];
}

/** Frames to spare: none, up to as many as any zspage has objects. */
const SPARE = [0, 1, 2, 4, 8, 16, 32, 64];

/** A memory that can be told how many frames it has. */
interface Limited {
  readonly memory: Memory;
  /** Frames that it has from now on. */
  limit: number;
}

/** A memory without a limit, so far. */
function limitedMemory(pageSize: number): Limited {
  const limited: Limited = {
    limit: Infinity,
    memory: new Memory({
      pageSize,
      failPageAlloc: () => limited.memory.allocatedPages >= limited.limit,
    }),
  };
  return limited;
}

/** A pool that has all of a memory. */
interface Full {
  readonly limited: Limited;
  readonly mostObjects: number;
  /** Reclaims one page, or the nth zspage; each object that `evict` takes goes. */
  reclaim(nth: number, evict: () => boolean): void;
}

/** Bytes of objects: small ones, as of pages that compress well. */
const [LEAST, MOST] = [64, 1500];

function sizesOf({ seed, sizes }: Given<Name>): number[] {
  const random = randomFrom(seed);
  return Array.from(
    { length: sizes.objects },
    () => LEAST + random(MOST - LEAST),
  );
}

function fullZbud(profile: Profile, sizes: readonly number[]): Full {
  const limited = limitedMemory(profile.pageSize);
  const { memory } = limited;
  let evict = () => false;
  const pool: ZbudPool = new ZbudPool(profile, {
    memory,
    // deno-lint-ignore require-yield
    *evict(handle) {
      const isWritten = evict();
      if (isWritten) pool.free(handle);
      return isWritten;
    },
  });
  sizes.forEach((size) => pool.alloc(size));
  return {
    limited,
    mostObjects: 2,
    reclaim(_nth, taking) {
      evict = taking;
      pool.reclaimPage(1);
    },
  };
}

function fullZsmalloc(profile: Profile, sizes: readonly number[]): Full {
  const limited = limitedMemory(profile.pageSize);
  const { memory } = limited;
  const pool = new ZsPool(profile, { memory });
  const zspages = [...fillZspages(pool, sizes).values()];
  return {
    limited,
    mostObjects: Math.max(...zspages.map(({ length }) => length)),
    reclaim(nth, evict) {
      const handles = zspages[nth % zspages.length]
        .filter((one) => pool.handles.isLive(one));
      if (profile.deferredHandle === "none") {
        // It does not reclaim: who has the objects frees one after another.
        return handles.filter(evict).forEach((one) => pool.free(one));
      }
      if (handles.length === 0) return;
      const { pfn } = pool.chunkOf(handles[0], "find");
      runToEnd(pool.reclaimSteps(pfn, function* (one) {
        if (evict()) yield* pool.freeSteps(one);
      }));
    },
  };
}

/**
 * Reclaims once with so many frames to spare: an object that is evicted takes a
 * frame of the swap cache until its write has ended.
 */
function reclaimOnce(
  { limited, reclaim }: Full,
  nth: number,
  spare: number,
  ends: Ends,
): boolean {
  const { memory } = limited;
  const before = memory.allocatedPages;
  limited.limit = before + spare;
  const writing: number[] = [];
  reclaim(nth, () => {
    const pfn = memory.allocPage();
    if (pfn === NO_PAGE) return false;
    if (ends === "at once") memory.freePage(pfn);
    else writing.push(pfn);
    return true;
  });
  for (const pfn of writing) memory.freePage(pfn);
  return memory.allocatedPages < before;
}

function rowOf(
  allocator: string,
  ends: Ends,
  full: () => Full,
  { tries }: Given<Name>["sizes"],
): Row {
  let mostObjects = 0;
  const each = SPARE.map((spare) => {
    const pool = full();
    mostObjects = pool.mostObjects;
    let freed = 0;
    for (let nth = 0; nth < tries; nth++) {
      if (reclaimOnce(pool, nth, spare, ends)) freed++;
    }
    return { spare, tried: tries, freed };
  });
  return { allocator, ends, mostObjects, tries: each };
}

function run(given: Given<Name>): readonly Row[] {
  const { profile, sizes } = given;
  const lengths = sizesOf(given);
  const zbud = () => fullZbud(profile, lengths);
  const zsmalloc = () => fullZsmalloc(profile, lengths);
  return [
    rowOf("zbud", "at once", zbud, sizes),
    rowOf("zbud", "late", zbud, sizes),
    rowOf("zsmalloc", "at once", zsmalloc, sizes),
    rowOf("zsmalloc", "late", zsmalloc, sizes),
  ];
}

function figures(rows: readonly Row[]): readonly Figures[] {
  return [{
    title: "Reclaims that free a frame, by frames to spare",
    columns: ["", ...SPARE.map(String)],
    rows: rows.map(({ allocator, ends, mostObjects, tries }) => [
      `${allocator}, up to ${mostObjects} objects, writes end ${ends}`,
      ...tries.map(({ freed, tried }) => percent(freed, tried)),
    ]),
  }];
}

/** The fewest frames to spare with which every reclaim frees one. */
function needed({ tries }: Row): number {
  return tries.find(({ freed, tried }) => freed === tried)?.spare ?? Infinity;
}

const spareText = (spare: number) =>
  spare === Infinity ? `more than ${SPARE[SPARE.length - 1]}` : `${spare}`;

/** The experiment. */
export const SPARE_FRAMES = experiment<Name, readonly Row[]>({
  name: "spare-frames",
  theme: "writeback",
  method:
    "Memory is full of objects of 64 to 1,499 bytes but for a few frames. Pages are reclaimed, each object that is evicted taking a frame of the swap cache until its write has ended: at once, or when the page's last one has. Counted are the reclaims that free a frame: in zbud, and in zsmalloc, which reclaims itself in 6.2 and of which all objects of a zspage are evicted and freed in 3.12.",
  sizes: {
    objects: {
      usual: 1500,
      least: 300,
      most: 50_000,
      means: "objects that fill memory",
    },
    tries: {
      usual: 100,
      least: 10,
      most: 1000,
      means: "reclaims with each number of frames",
    },
  },
  kernels: [LINUX_3_12, LINUX_6_2],
  run,
  figures,
  claims: [
    {
      name: "unbounded-dumping-ends-in-oom",
      says:
        "Unless the objects of a page are bounded, writing them back easily runs out of memory itself.",
      who: "Minchan Kim, 2013",
      passages: [{ thread: "002", at: "lines 7897-7899" }],
      decide(rows) {
        const unbounded = rows.filter(({ mostObjects }) => mostObjects > 2);
        const bounded = rows.filter(({ mostObjects }) => mostObjects <= 2);
        const told = rows.map((row) =>
          `${row.allocator} ${spareText(needed(row))} (writes end ${row.ends})`
        );
        const evidence = `spare frames that it takes: ${told.join(", ")}`;
        const most = Math.max(...bounded.map(needed));
        const isWorse = unbounded.some((row) => needed(row) > most);
        return unbounded.every((row) => needed(row) > most)
          ? holds(true, evidence)
          : holdsIf(
            isWorse,
            "writes end late, and fewer frames are free than objects to write",
            evidence,
          );
      },
    },
  ],
});
