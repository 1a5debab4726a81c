/** Many size classes or few, equally spaced or chosen. */
import { LINUX_3_12, LINUX_7_3, type Profile } from "../../linux/profile.ts";
import { randomFrom } from "../../programs/random.ts";
import { grouped, percent } from "../../report/table.ts";
import { zsGeometry } from "../../zsmalloc/geometry.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { SOURCE_COMMENT } from "../runs/who.ts";
import {
  bytesBeyond,
  choose,
  type Chosen,
  chunkBytes,
  pagesTaken,
} from "../runs/chosen_classes.ts";
import { compressedLengths } from "../runs/compressed_lengths.ts";

type SizeName = "pages" | "objects" | "few" | "classes";

/** A step is the page size shifted right by so much; 9 is ZS_ALIGN's. */
const CLASS_BITS = [2, 3, 4, 5, 6, 7, 8, 9];
/** Lengths of objects of no particular data. */
const SHORTEST = 200;
const LONGEST = 3100;
/** As many classes as a kernel of today has, or so. */
const MANY_CLASSES = 128;

/** What pools of a number of classes take for the same objects. */
interface Pools {
  readonly classes: number;
  /** Pages for few objects, and for many. */
  readonly few: number;
  readonly many: number;
  /** Bytes of the chunks of many objects that these do not need. */
  readonly inChunks: number;
}

interface Found {
  readonly few: number;
  readonly many: number;
  readonly bytes: number;
  readonly pools: readonly Pools[];
  readonly fewChosen: Chosen;
  readonly manyChosen: Chosen;
}

/** Pages of a pool, which must be what counting its classes says. */
function fill(profile: Profile, lengths: readonly number[]): number {
  const pool = new ZsPool(profile);
  for (const length of lengths) pool.malloc(length);
  const counted = pagesTaken(
    profile,
    sizesOf(profile),
    chunksOf(profile, lengths),
  );
  if (pool.pagesAllocated === counted) return counted;
  throw new Error(
    `${counted} pages by count, ${pool.pagesAllocated} in a pool`,
  );
}

const sizesOf = (profile: Profile) =>
  zsGeometry(profile).classes.map(({ size }) => size);

const chunksOf = (profile: Profile, lengths: readonly number[]) => {
  const geometry = zsGeometry(profile);
  return lengths.map((length) => chunkBytes(geometry, length));
};

function poolsOf(
  { profile, sizes }: Given<SizeName>,
  lengths: readonly number[],
): Pools[] {
  return CLASS_BITS.map((classBits) => {
    const stepped = { ...profile, classBits };
    const classSizes = sizesOf(stepped);
    const chunks = chunksOf(stepped, lengths);
    return {
      classes: classSizes.length,
      few: fill(stepped, lengths.slice(0, sizes.few)),
      many: pagesTaken(stepped, classSizes, chunks),
      inChunks: bytesBeyond(classSizes, chunks),
    };
  });
}

function run(given: Given<SizeName>): Found {
  const { profile, seed, sizes } = given;
  const random = randomFrom(seed);
  const lengths = Array.from(
    { length: Math.max(sizes.objects, sizes.few) },
    () => SHORTEST + random(LONGEST - SHORTEST + 1),
  );
  const { hugeClassSize } = zsGeometry(profile);
  const wholeFrom = profile.zram.wholeFrom(profile.pageSize, hugeClassSize);
  const real = chunksOf(profile, compressedLengths(given, wholeFrom));
  const others = chunksOf(profile, lengths);
  return {
    few: sizes.few,
    many: lengths.length,
    bytes: lengths.reduce((sum, length) => sum + length, 0),
    pools: poolsOf(given, lengths),
    fewChosen: choose(profile, sizes.classes, real, others),
    manyChosen: choose(profile, MANY_CLASSES, real, others),
  };
}

function figures(found: Found): readonly Figures[] {
  const { few, many, pools, bytes, fewChosen, manyChosen } = found;
  return [
    {
      title: `Pages for random objects of ${SHORTEST} to ${LONGEST} bytes`,
      columns: ["classes", `${few} objects`, `${many}`, "lost in chunks"],
      rows: pools.map((one) => [
        `${one.classes}`,
        one.few,
        one.many,
        percent(one.inChunks, bytes),
      ]),
    },
    {
      title: "Pages by how the classes were made",
      columns: ["", "chosen", "at equal distances"],
      rows: [fewChosen, manyChosen].flatMap((one) => [
        [`${one.classes}: pages to come`, one.alike, one.alikeSpaced],
        [`${one.classes}: random objects`, one.unlike, one.unlikeSpaced],
      ]),
    },
  ];
}
/** The share from which on pages more are called a waste. */
const NOTABLE = 0.01;

type Count = "few" | "many";

const leastOf = (pools: readonly Pools[], count: Count) =>
  pools.reduce((least, one) => one[count] < least[count] ? one : least);

/** The kernel's own step, whose number of classes the comment is about. */
const ownOf = (pools: readonly Pools[]) =>
  pools[CLASS_BITS.indexOf(LINUX_3_12.classBits)];

const told = (pools: readonly Pools[], count: Count) => {
  const [own, least] = [ownOf(pools), leastOf(pools, count)];
  return `${grouped(own[count])} pages with ${own.classes} classes, ${
    own === least
      ? "the fewest"
      : `${grouped(least[count])} with ${least.classes}`
  }`;
};

/** The experiment. */
export const CLASS_COUNTS = experiment<SizeName, Found>({
  name: "class-counts",
  theme: "classes and zspages",
  method:
    "The same random objects are put in classes that are 1024 to 8 bytes apart. Then few and many classes are chosen by every other real page, compressed as that kernel's zram does, and the pages between are put in them and in as many classes at equal distances.",
  sizes: {
    pages: { usual: 2048, least: 64, most: 65536, means: "real pages" },
    objects: { usual: 100000, least: 16, most: 10 ** 7, means: "many objects" },
    few: { usual: 500, least: 16, most: 10 ** 6, means: "few objects" },
    classes: { usual: 12, least: 2, most: 64, means: "classes to be chosen" },
  },
  kernels: [LINUX_3_12, LINUX_7_3],
  run,
  figures,
  claims: [
    {
      name: "many-classes-spread-free-pages",
      says:
        "Many size classes may be wasteful, since free room is spread over them.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "lines 1586-1587" }],
      decide({ pools, few, many }) {
        const isWaste = (count: Count) =>
          ownOf(pools)[count] > (1 + NOTABLE) * leastOf(pools, count)[count];
        const evidence = `${grouped(few)} objects take ${told(pools, "few")}; ${
          grouped(many)
        }: ${told(pools, "many")}`;
        return isWaste("many")
          ? holds(true, evidence)
          : holdsIf(isWaste("few"), "there are few objects", evidence);
      },
    },
    {
      name: "few-classes-internal-fragmentation",
      says: "Few size classes cause much internal fragmentation.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "line 1588" }],
      decide({ pools, bytes }) {
        const [fewest, own] = [pools[0], ownOf(pools)];
        return holds(
          fewest.inChunks > own.inChunks &&
            fewest.many > (1 + NOTABLE) * own.many,
          `chunks of ${fewest.classes} classes lose ${
            percent(fewest.inChunks, bytes)
          }, of ${own.classes} ${percent(own.inChunks, bytes)}: ${
            grouped(fewest.many)
          } pages and ${grouped(own.many)}`,
        );
      },
    },
    {
      name: "specific-classes-better",
      says:
        "Size classes that are chosen empirically would be better than equally spaced ones.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "lines 1589-1591" }],
      decide({ fewChosen, manyChosen }) {
        const isBetter = ({ alike, alikeSpaced }: Chosen) =>
          alike < alikeSpaced;
        const evidence = `${fewChosen.classes} chosen classes take ${
          grouped(fewChosen.alike)
        } pages, as many equally spaced ones ${
          grouped(fewChosen.alikeSpaced)
        }; of ${manyChosen.classes} it is ${grouped(manyChosen.alike)} and ${
          grouped(manyChosen.alikeSpaced)
        }`;
        return isBetter(manyChosen)
          ? holds(isBetter(fewChosen), evidence)
          : holdsIf(isBetter(fewChosen), "the classes are few", evidence);
      },
    },
  ],
});
