/** Freeing a frame of which some objects are busy, by how many it holds. */
import { LINUX_3_12, type Profile } from "../../linux/profile.ts";
import { Memory } from "../../memory/memory.ts";
import { type Random, randomFrom } from "../../programs/random.ts";
import { percent } from "../../report/table.ts";
import type { Stop } from "../../rules/stop.ts";
import { LINUX_6_2 } from "../../search/races/known/zsmalloc.ts";
import { ZbudPool } from "../../zbud/pool.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";

type Name = "trials" | "busy";

/** What reclaims of a page with so many objects came to. */
interface Reclaims {
  readonly allocator: string;
  /** Objects of the page, or of the zspage of one page. */
  readonly objects: number;
  readonly tried: number;
  /** Reclaims that gave the frame back. */
  readonly freed: number;
  /** Objects that were to be evicted, in all. */
  readonly evictions: number;
  /** Stops in all, and the most locks that were held at once. */
  readonly stops: number;
  readonly mostHeld: number;
}

/** Runs an operation alone, counting stops and the locks that it holds. */
function walk(steps: Generator<Stop, unknown>) {
  let [stops, held, mostHeld] = [0, 0, 0];
  for (let step = steps.next(); !step.done; step = steps.next()) {
    const stop = step.value;
    stops++;
    if (typeof stop === "string" || !("lock" in stop)) continue;
    held += stop.does === "release" ? -1 : 1;
    mostHeld = Math.max(mostHeld, held);
  }
  return { stops, mostHeld };
}

/** A page that is full, and how it is reclaimed; how many frames it leaves. */
interface Full {
  reclaim(isBusy: () => boolean): Generator<Stop, unknown>;
  readonly memory: Memory;
}

function fullZbud(profile: Profile, objects: number): Full {
  const memory = new Memory({ pageSize: profile.pageSize, initialFrames: 4 });
  let isBusy = () => false;
  const pool: ZbudPool = new ZbudPool(profile, {
    memory,
    *evict(handle) {
      if (isBusy()) return false;
      yield* pool.freeSteps(handle);
      return true;
    },
  });
  for (let nth = 0; nth < objects; nth++) pool.alloc(profile.pageSize / 4);
  return {
    memory,
    reclaim(whether) {
      isBusy = whether;
      return pool.reclaimPageSteps(1);
    },
  };
}

function fullZsmalloc(profile: Profile, objects: number): Full {
  const memory = new Memory({ pageSize: profile.pageSize, initialFrames: 4 });
  const pool = new ZsPool(profile, { memory });
  const size = profile.pageSize / objects - pool.geometry.handleSize;
  const handles = Array.from({ length: objects }, () => pool.malloc(size));
  const [handle] = handles;
  if (typeof handle !== "number" || memory.allocatedPages !== 1) {
    throw new Error(`${objects} objects do not fill a page`);
  }
  return {
    memory,
    reclaim: (isBusy) =>
      pool.reclaimSteps(pool.handles.pfnOf(handle), function* (one) {
        if (!isBusy()) yield* pool.freeSteps(one);
      }),
  };
}

function reclaimEach(
  allocator: string,
  objects: number,
  full: () => Full,
  { sizes }: Given<Name>,
  random: Random,
): Reclaims {
  let [freed, evictions, stops, mostHeld] = [0, 0, 0, 0];
  for (let nth = 0; nth < sizes.trials; nth++) {
    const { memory, reclaim } = full();
    const walked = walk(reclaim(() => {
      evictions++;
      return random(100) < sizes.busy;
    }));
    if (memory.allocatedPages === 0) freed++;
    stops += walked.stops;
    mostHeld = Math.max(mostHeld, walked.mostHeld);
  }
  const tried = sizes.trials;
  return { allocator, objects, tried, freed, evictions, stops, mostHeld };
}

/** Objects of a page. */
const OF_ZBUD = [1, 2];
const OF_ZSMALLOC = [2, 4, 8, 16];

function run(given: Given<Name>): readonly Reclaims[] {
  const { profile, seed } = given;
  const random = randomFrom(seed);
  const reclaims = OF_ZBUD.map((objects) =>
    reclaimEach(
      "zbud",
      objects,
      () => fullZbud(profile, objects),
      given,
      random,
    )
  );
  if (profile.deferredHandle === "none") return reclaims;
  return [
    ...reclaims,
    ...OF_ZSMALLOC.map((objects) =>
      reclaimEach(
        "zsmalloc",
        objects,
        () => fullZsmalloc(profile, objects),
        given,
        random,
      )
    ),
  ];
}

const per = (total: number, { tried }: Reclaims) => (total / tried).toFixed(1);

function figures(reclaims: readonly Reclaims[]): readonly Figures[] {
  return [{
    title: "Reclaims of a full page",
    columns: ["", "freed", "evictions", "stops", "locks at once"],
    rows: reclaims.map((one) => [
      `${one.allocator}, ${one.objects} a page`,
      percent(one.freed, one.tried),
      per(one.evictions, one),
      per(one.stops, one),
      one.mostHeld,
    ]),
  }];
}

/** Whether a number rises, or does not, from each to the next. */
const rises = (numbers: readonly number[]) =>
  numbers.every((one, nth) => nth === 0 || one > numbers[nth - 1]);

/** The experiment. */
export const BUSY_OBJECTS = experiment<Name, readonly Reclaims[]>({
  name: "busy-objects",
  theme: "locks",
  method:
    "A full page of objects of one size is reclaimed, many times, each object being busy by chance and not to be evicted then: in zbud with one object and two, in 6.2's zsmalloc with 2 to 16 of a zspage of one page. Counted are the frames that come back, the evictions, the stops, and the locks that are held at once.",
  sizes: {
    trials: {
      usual: 500,
      least: 20,
      most: 100_000,
      means: "reclaims of each kind",
    },
    busy: {
      usual: 5,
      least: 0,
      most: 100,
      means: "objects of a hundred that are busy",
    },
  },
  kernels: [LINUX_3_12, LINUX_6_2],
  run,
  figures,
  claims: [
    {
      name: "more-objects-more-trouble-to-free-a-frame",
      says:
        "If all objects of a frame must be locked to free it, having more of them in it makes that much harder.",
      who: "Dan Magenheimer, 2013",
      passages: [{
        thread: "004",
        at:
          "increasing the number of zpages to be freed would have a significant",
      }],
      decide(reclaims) {
        const last = reclaims.filter(({ allocator }) =>
          allocator === reclaims.at(-1)?.allocator
        );
        const [fewest, most] = [last[0], last[last.length - 1]];
        const isHarder = rises(last.map(({ stops }) => stops)) &&
          rises(last.map(({ tried, freed }) => tried - freed));
        const evidence =
          `${fewest.objects} to ${most.objects} objects in ${fewest.allocator}: ${
            percent(fewest.freed, fewest.tried)
          } to ${percent(most.freed, most.tried)} freed, ${
            per(fewest.stops, fewest)
          } to ${
            per(most.stops, most)
          } stops, ${fewest.mostHeld} to ${most.mostHeld} locks at once`;
        return most.mostHeld > fewest.mostHeld
          ? holds(isHarder, evidence)
          : holdsIf(isHarder, "some object of it is busy", evidence);
      },
    },
  ],
});
