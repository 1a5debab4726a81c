/** How objects lie in the zspages of each class. */
import { LINUX_3_12, LINUX_4_0, LINUX_7_3 } from "../../linux/profile.ts";
import { counted, grouped, percent } from "../../report/table.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { SOURCE_COMMENT } from "../runs/who.ts";
import { type FullZspage, fullZspages } from "../runs/full_zspages.ts";

interface Found {
  readonly zspages: readonly FullZspage[];
  readonly objects: number;
  readonly frames: number;
}

function run({ profile, seed }: Given<never>): Found {
  const zspages = fullZspages(profile, seed);
  return {
    zspages,
    objects: sum(zspages, ({ objects }) => objects),
    frames: sum(zspages, ({ pages }) => pages),
  };
}

const sum = (
  zspages: readonly FullZspage[],
  of: (one: FullZspage) => number,
) => zspages.reduce((total, one) => total + of(one), 0);

/** Zspages of several frames: in others an index says nothing of frames. */
const ofSeveral = ({ zspages }: Found) =>
  zspages.filter(({ pages }) => pages > 1);

/** The zspages in which every frame's first object has the same index. */
const countingAnew = (found: Found) =>
  ofSeveral(found).filter(({ firstIndices }) =>
    new Set(firstIndices).size === 1
  );

function figures(found: Found): readonly Figures[] {
  const { zspages, objects, frames } = found;
  return [{
    title: `A full zspage of each of ${zspages.length} classes`,
    columns: ["", "number"],
    rows: [
      ["frames", frames],
      ["objects", objects],
      ["objects that cross frames", sum(zspages, (one) => one.crossing)],
      ["objects that were damaged", sum(zspages, (one) => one.damaged)],
      [
        "free links that cross frames",
        sum(zspages, (one) => one.linksCrossing),
      ],
      ["zspages given out in order", zspages.filter(isInOrder).length],
      [
        "frames without an object's start",
        sum(zspages, (one) => one.withoutStart),
      ],
      [
        "frames that record another start",
        sum(zspages, (one) => one.wrongStart),
      ],
      ["zspages of several frames", ofSeveral(found).length],
      ["in them indices start anew", countingAnew(found).length],
    ],
  }];
}

const isInOrder = (one: FullZspage) => one.isInOrder;

/** The experiment. */
export const ZSPAGE_LAYOUT = experiment<never, Found>({
  name: "zspage-layout",
  theme: "classes and zspages",
  method:
    "A zspage of each size class is filled, until the next object goes to another, and every object is written and read back. Where chunks, free links and handles lie is looked up in the frames' bytes and in their struct pages.",
  sizes: {},
  kernels: [LINUX_3_12, LINUX_4_0, LINUX_7_3],
  run,
  figures,
  claims: [
    {
      name: "free-link-never-spans-pages",
      says:
        "As all chunks are multiples of ZS_ALIGN, the link in a free chunk never lies across two pages.",
      who: SOURCE_COMMENT,
      passages: [
        { thread: "002", at: "lines 1537-1540" },
        { thread: "002", at: "lines 1648-1651" },
        { thread: "002", at: "lines 1590-1594" },
      ],
      decide({ zspages, objects }) {
        const crossing = sum(zspages, (one) => one.linksCrossing);
        const unaligned = sum(zspages, (one) => one.unalignedCrossing);
        return holds(
          crossing === 0 && unaligned > 0,
          `${crossing} of ${
            grouped(objects)
          } chunks begin with a word in two frames; were each 4 bytes longer, ${unaligned} would`,
        );
      },
    },
    {
      name: "objects-may-cross-frames",
      says:
        "Pages of a zspage act as one larger page: an object can lie across the border of two.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "lines 1462-1466" }],
      decide({ zspages, objects }) {
        const crossing = sum(zspages, (one) => one.crossing);
        const damaged = sum(zspages, (one) => one.damaged);
        return holds(
          crossing > 0 && damaged === 0,
          `${grouped(crossing)} of ${grouped(objects)} objects do, ${
            percent(crossing, objects)
          }; ${damaged} of all were not read back as written`,
        );
      },
    },
    {
      name: "object-index-relative-to-page",
      says:
        "An object's index counts from 0 in each page of a zspage, not in the zspage.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "lines 1555-1557" }],
      decide(found) {
        const several = ofSeveral(found).length;
        const anew = countingAnew(found);
        const first = Math.min(...anew.flatMap((one) => one.firstIndices));
        const told =
          `it starts anew with each page in ${anew.length} of ${several} zspages of several pages`;
        if (anew.length < several) return holds(false, told);
        return first === 0 ? holds(true, `${told}, with 0`) : holdsIf(
          true,
          `it may start with ${first}, so that no handle is 0`,
          `${told}, with ${first}`,
        );
      },
    },
    {
      name: "first-object-offset-in-each-page",
      says:
        "Each page but the first records where the first object starts in it; in the first page that is always 0.",
      who: SOURCE_COMMENT,
      passages: [
        { thread: "002", at: "lines 1488-1491" },
        { thread: "002", at: "lines 1990-1993" },
      ],
      decide({ zspages, frames }) {
        const wrong = sum(zspages, (one) => one.wrongStart);
        const without = sum(zspages, (one) => one.withoutStart);
        return holds(
          wrong === 0,
          `${wrong} of ${
            grouped(frames)
          } frames record another place; an object starts in ${
            without === 0 ? "each" : `all but ${without}`
          }`,
        );
      },
    },
    {
      name: "initial-free-list-runs-through-all-pages",
      says:
        "In a new zspage the free chunks are linked in order, the last of a page to the first of the next.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "lines 2011-2013" }],
      decide({ zspages, objects }) {
        const inOrder = zspages.filter(isInOrder).length;
        return holds(
          inOrder === zspages.length,
          `${inOrder} of ${zspages.length} zspages gave their chunks out so, ${
            grouped(objects)
          } in all, and the next object went to another`,
        );
      },
    },
    {
      name: "huge-object-handle-outside-chunk",
      says:
        "The handle of an object that has a page to itself is kept in its struct page, not in the chunk.",
      who: "Minchan Kim, 2015",
      passages: [{
        thread: "003",
        at: "record handle in page->private for huge object",
      }],
      decide({ zspages }) {
        const [huge, others] = [
          zspages.filter(({ objects, pages }) => objects * pages === 1),
          zspages.filter(({ objects, pages }) => objects * pages > 1),
        ];
        if (others.every(({ handle }) => handle === "none")) return undefined;
        const outside = huge.filter(({ handle }) =>
          handle === "in-struct-page"
        );
        const inside = others.filter(({ handle }) => handle === "in-chunk");
        const most = Math.max(...huge.map((one) => one.most));
        return holds(
          outside.length === huge.length && huge.length > 0,
          `so in ${outside.length} of ${
            counted(huge.length, "class")
          } with a page to each object, up to ${
            grouped(most)
          } bytes; in ${inside.length} of ${others.length} others it is in the chunk`,
        );
      },
    },
  ],
});
