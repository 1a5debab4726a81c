/** When a zspage is almost empty, and on which list it is. */
import { LINUX_3_12, LINUX_4_0, LINUX_7_3 } from "../../linux/profile.ts";
import { grouped } from "../../report/table.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import { holds } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { SOURCE_COMMENT } from "../runs/who.ts";
import {
  endsOf,
  type Filled,
  fillOne,
  type FullAndEmpty,
  type ListChanges,
  runProgram,
} from "../runs/zspage_lists.ts";

/** ZS_FULLNESS_THRESHOLD_FRAC: the comment's f is its inverse. */
const THRESHOLD_FRAC = 4;
/** The group that the comment names. */
const ALMOST_EMPTY = "almost_empty";

interface Found extends ListChanges, FullAndEmpty {
  readonly groups: readonly string[];
  /** Part-filled zspages of each class, from one object on. */
  readonly filled: readonly Filled[];
  readonly operations: number;
}

function run({ profile, seed, sizes }: Given<"operations">): Found {
  const pool = new ZsPool(profile);
  return {
    groups: profile.fullness.groups,
    filled: pool.classes.flatMap((one) => fillOne(pool, one)),
    operations: sizes.operations,
    ...runProgram(profile, seed, sizes.operations),
    ...endsOf(profile),
  };
}

/** As the comment has it: n <= N / f, f being 1 / frac. */
const asSaid = ({ inuse, objects }: Filled) =>
  inuse <= objects / (1 / THRESHOLD_FRAC);

/** And as the code under it: n <= N / frac. */
const asCoded = ({ inuse, objects }: Filled) =>
  inuse <= Math.floor(objects / THRESHOLD_FRAC);

const isAlmostEmpty = ({ group }: Filled) => group === ALMOST_EMPTY;

const agreeing = (
  { filled }: Found,
  reading: (one: Filled) => boolean,
) => filled.filter((one) => reading(one) === isAlmostEmpty(one)).length;

const sharesOf = ({ filled }: Found) =>
  filled.filter(isAlmostEmpty).map(({ inuse, objects }) => inuse / objects);

function figures(found: Found): readonly Figures[] {
  return [
    {
      title: "Part-filled zspages with each number of objects, by their group",
      columns: ["group", "zspages"],
      rows: found.groups.map((name) => [
        name,
        found.filled.filter(({ group }) => group === name).length,
      ]),
    },
    {
      title: "Almost empty, as the comment says or its code",
      columns: ["", "zspages that are so"],
      rows: [
        ["n <= N / f, f = 1/4", agreeing(found, asSaid)],
        ["n <= N / 4", agreeing(found, asCoded)],
        ["all", found.filled.length],
      ],
    },
    {
      title: "Lists",
      columns: ["", "number"],
      rows: [
        ["operations", found.operations],
        ["changes of a group", found.moves],
        ["zspages elsewhere than they ought to be", found.misplaced],
        ["full zspages", found.full],
        ["of these on a list", found.fullListed],
        ["empty zspages", found.empty],
        ["of these on a list", found.emptyListed],
      ],
    },
  ];
}

/** The experiment. */
export const FULLNESS_GROUPS = experiment<"operations", Found>({
  name: "fullness-groups",
  theme: "classes and zspages",
  method:
    "A zspage of each class is filled object by object, and its group is read each time. A random program allocates and frees, and after each step all lists are walked. Then some zspages are filled, and one is emptied while its frames are locked, where that keeps it.",
  sizes: {
    operations: {
      usual: 1000,
      least: 1,
      most: 10 ** 6,
      means: "random operations",
    },
  },
  kernels: [LINUX_3_12, LINUX_4_0, LINUX_7_3],
  run,
  figures,
  claims: [
    {
      name: "almost-empty-threshold",
      says:
        "A zspage with n of N objects is almost empty when n <= N / f, f being 1/fullness_threshold_frac, that is, a quarter.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "lines 1613-1622" }],
      decide(found) {
        const { groups, filled } = found;
        if (!groups.includes(ALMOST_EMPTY)) {
          return holds(
            false,
            `there are ${groups.length} groups, by tenths, and none is called so`,
          );
        }
        return holds(
          agreeing(found, asSaid) === filled.length,
          `true of ${grouped(agreeing(found, asSaid))} of ${
            grouped(filled.length)
          } part-filled zspages, n <= N / 4 of ${
            grouped(agreeing(found, asCoded))
          }: almost empty ones are up to ${
            Math.max(...sharesOf(found)).toFixed(2)
          } in use`,
        );
      },
    },
    {
      name: "no-lists-of-empty-and-full",
      says: "Zspages that are empty or full are on no list.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "line 1601" }],
      decide: ({ full, fullListed, empty, emptyListed }) =>
        holds(
          fullListed + emptyListed === 0,
          `${fullListed} of ${full} full zspages are on one, ${
            empty === 0
              ? "empty ones are freed at once"
              : `${emptyListed} of ${empty} that was emptied under a lock`
          }`,
        ),
    },
    {
      name: "fullness-list-follows-use",
      says:
        "Whenever an allocation or a free changes a zspage's fullness group, it is moved to that group's list.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "lines 1814-1820" }],
      decide: ({ operations, moves, misplaced }) =>
        holds(
          misplaced === 0 && moves > 0,
          `in ${grouped(operations)} operations the group changed ${
            grouped(moves)
          } times; on another list than that were ${misplaced}`,
        ),
    },
  ],
});
