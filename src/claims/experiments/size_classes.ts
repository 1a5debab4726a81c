/** Size classes and chains: what they waste, and what they are good for. */
import { percent } from "../../report/table.ts";
import { LINUX_3_12, LINUX_7_3 } from "../../linux/profile.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Figures } from "../experiment.ts";
import {
  runClasses,
  type SizeClasses,
  type Steps,
} from "../runs/class_steps.ts";

/** Frames more than with the best number of classes that are a waste. */
const WASTE = 1.05;
/** How many times the bytes lost inside chunks are much. */
const MUCH = 2;

function figures({ few, many, sixty, sweep }: SizeClasses): readonly Figures[] {
  return [
    {
      title: "The same objects with other numbers of classes",
      columns: ["classes", "objects", "frames", "lost inside", "free chunks"],
      rows: [["few", few], ["many", many]].flatMap(([name, steps]) =>
        (steps as readonly Steps[]).map((one) => [
          one.classes,
          name as string,
          one.frames,
          one.inside,
          one.spread,
        ])
      ),
    },
    {
      title: "Objects above half a page: frames in single pages and in chains",
      columns: [
        "bytes",
        "objects",
        "single",
        "chained",
        "saved of a page each",
      ],
      rows: [sixty, ...sweep].map((one) => [
        one.size,
        one.objects,
        one.singleFrames,
        one.frames,
        percent(one.objects - one.frames, one.objects),
      ]),
    },
  ];
}

/** Whether the fewest classes lose much more inside chunks than the kernel's. */
function isLossy(steps: readonly Steps[], classes: number): boolean {
  const own = steps.find((one) => one.classes === classes);
  return own !== undefined && steps[0].inside > MUCH * own.inside;
}

const byClasses = (
  steps: readonly Steps[],
  of: "frames" | "inside" | "spread",
) => steps.map((one) => `${one[of]} with ${one.classes}`).join(", ");

const best = (steps: readonly Steps[]) =>
  steps.toSorted((one, other) => one.frames - other.frames)[0];

/** Whether the kernel's many classes take much more than fewer would. */
function isWasteful(steps: readonly Steps[], classes: number): boolean {
  const own = steps.find((one) => one.classes === classes);
  const fewest = best(steps);
  return own !== undefined && fewest.classes < classes &&
    own.frames > WASTE * fewest.frames;
}

/** The experiment. */
export const SIZE_CLASSES = experiment<"pages", SizeClasses>({
  name: "size-classes",
  theme: "density",
  method:
    "Objects as long as real pages compressed by lzo, few and many, are allocated with the class step of the kernel and with others; objects above half a page in zspages of one page and in the kernel's chains.",
  sizes: {
    pages: { usual: 8192, least: 64, most: 262144, means: "objects" },
  },
  kernels: [LINUX_3_12, LINUX_7_3],
  run: runClasses,
  figures,
  claims: [
    {
      name: "size-classes-254",
      says: "With pages of 4 KiB there are 254 size classes.",
      who: "Nitin Gupta, 2013",
      passages: [{ thread: "002", at: "lines 1584-1585" }],
      decide: ({ classes, built }) =>
        holds(
          classes === 254 || built === 254,
          `there are ${classes}, ${built} of them built`,
        ),
    },
    {
      name: "few-classes-internal-fragmentation",
      says: "Few size classes cause much internal fragmentation.",
      who: "Nitin Gupta, 2013",
      passages: [{ thread: "002", at: "line 1588" }],
      decide: ({ many, classes }) =>
        holds(
          isLossy(many, classes),
          `bytes lost in chunks: ${byClasses(many, "inside")} classes`,
        ),
    },
    {
      name: "many-classes-spread-free-pages",
      says:
        "Many size classes are wasteful, since free room is spread over them.",
      who: "Nitin Gupta, 2013",
      passages: [{ thread: "002", at: "lines 1586-1587" }],
      decide({ few, many, classes }) {
        const evidence = `the fewest frames are had with ${
          best(few).classes
        } classes for few objects and with ${best(many).classes} for many: ${
          byClasses(few, "frames")
        }, and ${byClasses(many, "frames")}`;
        return isWasteful(many, classes) ? holds(true, evidence) : holdsIf(
          isWasteful(few, classes),
          "there are few objects",
          evidence,
        );
      },
    },
    {
      name: "single-pages-lose-half-page-objects",
      says:
        "With single pages instead of chains, an object of half a page or more takes a whole page.",
      who: "Nitin Gupta, 2013",
      passages: [{ thread: "002", at: "lines 1457-1460" }],
      decide: ({ wholePageFrom, pageSize }) =>
        wholePageFrom <= pageSize / 2
          ? holds(true, `from ${wholePageFrom} bytes on it does`)
          : holdsIf(
            wholePageFrom === pageSize / 2 + 1,
            "it is larger than half a page",
            `from ${wholePageFrom} bytes on it does`,
          ),
    },
    {
      name: "slab-loses-all-at-60-percent",
      says:
        "A page that compresses to 60 % saves nothing where objects cannot span pages, and does in zsmalloc.",
      who: "Seth Jennings, 2013",
      passages: [{ thread: "002", at: "lines 5102-5105" }],
      decide: ({ sixty: { size, objects, singleFrames, frames } }) =>
        holds(
          singleFrames === objects && frames < objects,
          `${objects} objects of ${size} bytes take ${singleFrames} single pages, and ${frames} in chains, ${
            percent(objects - frames, objects)
          } less`,
        ),
    },
    {
      name: "spanning-lowers-fragmentation-above-half-page",
      says:
        "As objects may span pages, those between half a page and a page are stored with less fragmentation.",
      who: "Seth Jennings, 2013",
      passages: [
        { thread: "002", at: "lines 5099-5102" },
        { thread: "002", at: "lines 5086-5088" },
      ],
      decide({ sweep, savesUpTo, pageSize }) {
        const evidence = `up to ${savesUpTo} bytes they do: ${
          sweep.map((one) =>
            `${percent(one.objects - one.frames, one.objects)} of ${one.size}`
          ).join(", ")
        }`;
        if (savesUpTo >= pageSize) return holds(true, evidence);
        return holdsIf(
          savesUpTo > pageSize / 2,
          `they have at most ${savesUpTo} bytes`,
          evidence,
        );
      },
    },
    {
      name: "chain-example-three-eighths",
      says:
        "For chunks of 3/8 of a page three pages are chained, which hold exactly eight.",
      who: "Nitin Gupta, 2013",
      passages: [{ thread: "002", at: "lines 1853-1855" }],
      decide: ({ threeEighths: { pages, chunks } }) =>
        holds(
          pages === 3 && chunks === 8,
          `${pages} pages are chained, of ${chunks} chunks`,
        ),
    },
  ],
});
