/** What a zswap entry's reference count is for: every schedule with it and without. */
import { LINUX_7_3 } from "../../linux/profile.ts";
import { brokenBy, exploreRaces } from "../../search/races/explore.ts";
import { LINUX_3_13, PROPOSED_2012 } from "../../search/races/known/zswap.ts";
import { readRaceProgram } from "../../search/races/room.ts";
import { ZSWAP_RACES } from "../../search/races/rooms/zswap.ts";
import { holds } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { grouped } from "../../report/table.ts";

/** Operations that overlap, with a page that is written back meanwhile or none. */
const PROGRAMS = {
  loadAndWriteback: "store 0 A / load 0 | writeback",
  invalidateAndWriteback: "store 0 A / invalidate 0 | writeback",
  loadAndInvalidate: "store 0 A / load 0 | invalidate 0",
  neighbours: "store 0 A; store 1 B / load 0; invalidate 0 | load 1; store 1 C",
  comingAndGoing: "store 0 A / load 0 | store 1 B; load 1; invalidate 1",
} as const;

type Overlap = keyof typeof PROGRAMS;

/** What exploring one program came to. */
interface Explored {
  readonly schedules: number;
  readonly isAll: boolean;
  readonly broken: string | undefined;
}

interface Found extends Readonly<Record<Overlap, Explored>> {
  /** Whether entries have a reference count. */
  readonly isCounted: boolean;
}

function explore(
  program: string,
  { profile, sizes }: Given<"preemptions">,
): Explored {
  const { preemptions } = sizes;
  return ZSWAP_RACES.explore(profile, readRaceProgram(program), (trial) => {
    const { schedules, isAll, finding } = exploreRaces(trial, { preemptions });
    return { schedules, isAll, broken: finding && brokenBy(finding) };
  });
}

function run(given: Given<"preemptions">): Found {
  return {
    isCounted: given.profile.zswap.entries === "counted",
    loadAndWriteback: explore(PROGRAMS.loadAndWriteback, given),
    invalidateAndWriteback: explore(PROGRAMS.invalidateAndWriteback, given),
    loadAndInvalidate: explore(PROGRAMS.loadAndInvalidate, given),
    neighbours: explore(PROGRAMS.neighbours, given),
    comingAndGoing: explore(PROGRAMS.comingAndGoing, given),
  };
}

const isSound = ({ broken }: Explored) => broken === undefined;

/** What the flushing of entries is beside. */
const WHILE_FLUSHED = ["loadAndWriteback", "invalidateAndWriteback"] as const;

const isSoundWhileFlushed = (found: Found) =>
  WHILE_FLUSHED.every((overlap) => isSound(found[overlap]));

/** What exploring some of the programs came to, in words. */
function toldOf(found: Found, ...overlaps: readonly Overlap[]): string {
  const explored = overlaps.map((overlap) => found[overlap]);
  const schedules = explored.reduce((sum, one) => sum + one.schedules, 0);
  const broken = explored.flatMap((one) => one.broken ?? []);
  const rules = [...new Set(broken)].join(" and ");
  return `${grouped(schedules)} schedules, ${
    broken.length === 0 ? "none breaks a rule" : `and ${rules} is broken`
  }`;
}

function figures(found: Found): readonly Figures[] {
  return [{
    title: "What overlaps, and what came of it",
    columns: ["", "schedules", "broken"],
    rows: Object.entries(PROGRAMS).map(([name, program]) => {
      const { schedules, broken = "" } = found[name as Overlap];
      return [program, schedules, broken];
    }),
  }];
}

/** The experiment. */
export const ENTRY_REFERENCE = experiment<"preemptions", Found>({
  name: "entry-reference",
  theme: "locks",
  method:
    "Operations on zswap overlap in every way up to some preemptions: as it was proposed in 2012, with a lock for the tree and no count of references; as it was after 3.13, where whoever drops the last reference frees the entry; as it is today.",
  sizes: {
    preemptions: {
      usual: 3,
      least: 0,
      most: 6,
      means: "preemptions of a schedule at most",
    },
  },
  kernels: [PROPOSED_2012, LINUX_3_13, LINUX_7_3],
  run,
  figures,
  claims: [
    {
      name: "tree-lock-enough",
      says:
        "Without the flushing mechanism a simple lock guarding the tree is enough in zswap.",
      who: "Seth Jennings, 2013",
      passages: [{ thread: "004", at: "a simple lock guarding the tree" }],
      decide: (found) =>
        holds(
          isSound(found.loadAndInvalidate) && isSound(found.neighbours) &&
            isSound(found.comingAndGoing),
          toldOf(found, "loadAndInvalidate", "neighbours", "comingAndGoing"),
        ),
    },
    {
      name: "no-load-and-invalidate-at-once",
      says:
        "A load and an invalidate of the same swap entry never come at once: whoever is above zswap sees to that.",
      who: "Seth Jennings, 2013",
      passages: [{
        thread: "004",
        at: "never get a load and invalidate concurrently",
      }],
      decide: (found) =>
        holds(
          isSound(found.loadAndInvalidate) && found.loadAndInvalidate.isAll,
          `the swap cache's page is locked above zswap: ${
            toldOf(found, "loadAndInvalidate")
          }, and there are no others`,
        ),
    },
    {
      name: "reference-once-flushed",
      says:
        "Once entries are flushed, each needs a reference count, or it is freed while another code path is at it.",
      who: "Seth Jennings, 2013",
      passages: [{ thread: "004", at: "add a per-entry refcount" }],
      decide: (found) =>
        holds(
          found.isCounted === isSoundWhileFlushed(found),
          `${found.isCounted ? "with one" : "without one"}, ${
            toldOf(found, ...WHILE_FLUSHED)
          }`,
        ),
    },
    {
      name: "reference-needs-atomic",
      says: "The reference count of an entry has to be an atomic_t.",
      who: "Dan Magenheimer, 2013, as a question",
      passages: [{ thread: "004", at: "at least need to be an atomic_t" }],
      disputed:
        "The code counts under the tree's lock; each change asserts that it is held (locks/held).",
      decide(found) {
        if (!found.isCounted) return undefined;
        return holds(
          !isSoundWhileFlushed(found),
          `a plain number, changed under the tree's lock alone: ${
            toldOf(found, ...WHILE_FLUSHED)
          }`,
        );
      },
    },
    {
      name: "tree-walk-needs-rcu",
      says:
        "An entry of a red-black tree cannot be freed while another thread walks the tree.",
      who: "Dan Magenheimer, 2013, as a question",
      passages: [{ thread: "004", at: "another thread is walking the rbtree" }],
      disputed:
        "Nobody walks while another frees: the tree's lock covers both, and each asserts that it is held (locks/held).",
      decide: (found) =>
        holds(
          !isSound(found.neighbours) || !isSound(found.comingAndGoing),
          toldOf(found, "neighbours", "comingAndGoing"),
        ),
    },
  ],
});
