/** Size classes and chains: what they waste, and what they are good for. */
import { LINUX_3_12, LINUX_7_3, type Profile } from "../../linux/profile.ts";
import { randomFrom } from "../../programs/random.ts";
import type { Geometry } from "../../zsmalloc/geometry.ts";
import { zsGeometry } from "../../zsmalloc/geometry.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { share } from "../numbers.ts";
import { storedPages } from "../stored_pages.ts";

/** CLASS_BITS that are tried: as many steps a page, times two each. */
const CLASS_BITS = [2, 3, 4, 5, 6, 7, 8, 9];
/** What the mail compresses a page to. */
const SIXTY_PERCENT = 0.6;
/** How many times fewer objects few are. */
const FEW = 16;
/** Objects of one size: whole zspages of every class above half a page. */
const SOME = 520;
/** Frames more than with the best number of classes that are a waste. */
const WASTE = 1.05;

/** The same objects with another number of classes. */
interface Steps {
  /** Classes before those that are alike are merged. */
  readonly classes: number;
  readonly frames: number;
  /** Bytes of chunks in use that no object fills. */
  readonly inside: number;
  /** Bytes of free chunks. */
  readonly spread: number;
}

/** Objects of one size in single pages and in the kernel's chains. */
interface Chained {
  readonly size: number;
  readonly objects: number;
  readonly singleFrames: number;
  readonly frames: number;
}

interface SizeClasses {
  readonly classes: number;
  readonly built: number;
  readonly pageSize: number;
  /** The least object that has a single page to itself. */
  readonly wholePageFrom: number;
  readonly few: readonly Steps[];
  readonly many: readonly Steps[];
  readonly sixty: Chained;
  /** Sizes from half a page to a page. */
  readonly sweep: readonly Chained[];
  /** Pages chained, and chunks, for chunks of 3/8 of a page. */
  readonly threeEighths: { readonly pages: number; readonly chunks: number };
}

function poolWith(profile: Profile, lengths: readonly number[]): ZsPool {
  const pool = new ZsPool(profile);
  for (const length of lengths) {
    const handle = pool.malloc(length);
    if (typeof handle !== "number") throw new Error(`no object: ${handle}`);
  }
  return pool;
}

const single = (profile: Profile): Profile => ({ ...profile, chainSize: 1 });

function stepsOf(
  profile: Profile,
  classBits: number,
  lengths: readonly number[],
): Steps {
  const pool = poolWith({ ...profile, classBits }, lengths);
  const { pageSize, handleSize } = pool.geometry;
  const used = (one: ZsPool["classes"][number]) =>
    one.objsUsed * (one.size - (one.size === pageSize ? 0 : handleSize));
  const bytes = lengths.reduce((sum, one) => sum + one, 0);
  return {
    classes: pool.geometry.sizeClasses,
    frames: pool.pagesAllocated,
    inside: pool.classes.reduce((sum, one) => sum + used(one), 0) - bytes,
    spread: pool.classes.reduce(
      (sum, { objsAllocated, objsUsed, size }) =>
        sum + (objsAllocated - objsUsed) * size,
      0,
    ),
  };
}

function chained(profile: Profile, size: number, objects: number): Chained {
  const lengths = Array<number>(objects).fill(size);
  return {
    size,
    objects,
    singleFrames: poolWith(single(profile), lengths).pagesAllocated,
    frames: poolWith(profile, lengths).pagesAllocated,
  };
}

/** The least object of which a page without a chain holds one alone. */
function wholePageFrom(profile: Profile): number {
  const pool = new ZsPool(single(profile));
  for (let size = 1;; size++) {
    if (pool.classFor(size).objectsPerZspage === 1) return size;
  }
}

/** The zspage of the class whose chunks are 3/8 of a page. */
function threeEighths({ classes, pageSize }: Geometry) {
  const own = classes.find(({ size }) => size >= pageSize * 3 / 8);
  if (own === undefined) throw new Error("no class is so large");
  return { pages: own.pagesPerZspage, chunks: own.objectsPerZspage };
}

function run(given: Given<"pages">): SizeClasses {
  const { profile, seed, sizes } = given;
  const { pageSize } = profile;
  const random = randomFrom(seed);
  const geometry = zsGeometry(profile);
  const real = given.realPages(Math.ceil(sizes.pages / 16), pageSize);
  const stored = storedPages(profile, real);
  const lengths = Array.from(
    { length: sizes.pages },
    () => stored[random(stored.length)].length,
  );
  const few = lengths.slice(0, Math.ceil(lengths.length / FEW));
  const sweep = Array.from(
    { length: 8 },
    (_, nth) => pageSize / 2 + (nth + 1) * pageSize / 16,
  );
  return {
    classes: geometry.sizeClasses,
    built: geometry.classes.length,
    pageSize,
    wholePageFrom: wholePageFrom(profile),
    few: CLASS_BITS.map((bits) => stepsOf(profile, bits, few)),
    many: CLASS_BITS.map((bits) => stepsOf(profile, bits, lengths)),
    sixty: chained(profile, Math.round(SIXTY_PERCENT * pageSize), SOME),
    sweep: sweep.map((size) => chained(profile, size, SOME)),
    threeEighths: threeEighths(geometry),
  };
}

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
        share(one.objects - one.frames, one.objects),
      ]),
    },
  ];
}

/** Whether a number never grows, or never falls, with the number of classes. */
function isMonotone(steps: readonly Steps[], of: "inside" | "spread"): boolean {
  const sign = of === "inside" ? -1 : 1;
  return steps.every((one, nth) =>
    nth === 0 || sign * (one[of] - steps[nth - 1][of]) >= 0
  ) && steps[0][of] !== steps[steps.length - 1][of];
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
  run,
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
      decide: ({ many }) =>
        holds(
          isMonotone(many, "inside"),
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
            share(objects - frames, objects)
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
      decide({ sweep }) {
        const less = sweep.filter((one) => one.frames < one.singleFrames);
        const evidence = `${less.length} of ${sweep.length} sizes take less, ${
          sweep.map((one) =>
            `${one.size} bytes ${share(one.objects - one.frames, one.objects)}`
          ).join(", ")
        }`;
        if (less.length === sweep.length) return holds(true, evidence);
        return holdsIf(
          less.length > 0,
          `they have at most ${less.at(-1)?.size} bytes`,
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
