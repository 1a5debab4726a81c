/** How many objects must be freed before a frame is, in zbud and in zsmalloc. */
import {
  LINUX_3_12,
  LINUX_6_12,
  LINUX_7_3,
  type Profile,
} from "../../linux/profile.ts";
import { randomFrom } from "../../programs/random.ts";
import { grouped, percent } from "../../report/table.ts";
import { type Claim, holds } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import {
  type EveryFree,
  type FreedObjects,
  freeInEveryWay,
  freeObjects,
  halfAndOne,
  takenLengths,
  zbudOf,
  zsmallocOf,
} from "../runs/freed_objects.ts";
import { drawLength } from "../runs/page_lengths.ts";

/** zbud, where the kernel has it. */
export interface ZbudFreed {
  /** Many objects, some of which have a page for themselves. */
  readonly many: FreedObjects;
  /** A few such. */
  readonly few: EveryFree;
  /** A few of less than half a page, two in each. */
  readonly pairs: EveryFree;
}

/** What came of one kernel. */
export interface Freeing {
  readonly zbud?: ZbudFreed;
  readonly zsmalloc: FreedObjects;
}

/** Objects that are freed in all ways: the ways are 2 to the power of that. */
const FEW = 8;
/** From this share of the objects on, the worst is far more than half. */
const FAR_MORE_THAN_HALF = 0.6;

/** Frees in zbud. */
function freeInZbud(
  profile: Profile,
  lengths: readonly number[],
  seed: number,
): ZbudFreed {
  const create = () => zbudOf(profile);
  const short = lengths.filter((length) => length < profile.pageSize / 3);
  return {
    many: freeObjects(create, lengths, seed),
    few: freeInEveryWay(create, lengths.slice(0, FEW)),
    pairs: freeInEveryWay(create, short.slice(0, FEW)),
  };
}

function run({ profile, seed, sizes }: Given<"objects">): Freeing {
  const random = randomFrom(seed);
  const drawn = Array.from(
    { length: sizes.objects },
    () => drawLength("object", random),
  );
  // zbud's header takes a chunk: what is longer than that leaves, neither takes.
  const lengths = takenLengths(zbudOf(profile), drawn);
  const hasZbud = profile.zswap.zpools.includes("zbud");
  return {
    zbud: hasZbud ? freeInZbud(profile, lengths, seed) : undefined,
    zsmalloc: freeObjects(() => zsmallocOf(profile), lengths, seed),
  };
}

function figures({ zbud, zsmalloc }: Freeing): readonly Figures[] {
  const row = (name: string, freed: FreedObjects) => [
    name,
    grouped(freed.objects),
    grouped(freed.frames),
    percent(freed.worst, freed.objects),
    grouped(freed.firstAtRandom),
    grouped(freed.framesOfHalf),
    grouped(freed.framesOfCompaction),
  ];
  return [{
    title:
      "Objects freed before a frame is: at worst, and in a random order; frames back after half and one at random, and by compaction after the worst",
    columns: [
      ...["", "objects", "frames", "at worst", "at random"],
      ...["half", "compaction"],
    ],
    rows: [
      ...(zbud === undefined ? [] : [row("zbud", zbud.many)]),
      row("zsmalloc", zsmalloc),
    ],
  }];
}

/** Whether half and one more give a frame back whichever they are. */
const isSure = ({ objects, most }: EveryFree) => most < halfAndOne(objects);

/** The claims. */
export const FREEING_CLAIMS: readonly Claim<Freeing>[] = [
  {
    name: "zbud-half-plus-one-frees-a-page",
    says:
      "Half of zbud's objects and one more, whichever they are, give a page back when they are freed; fewer may not.",
    who: "Mel Gorman, 2013",
    passages: [{ thread: "002", at: "lines 7964-7966" }],
    decide({ zbud }) {
      if (zbud === undefined) return undefined;
      const { many, few, pairs } = zbud;
      const half = halfAndOne(many.objects);
      const isSoForMany = many.framesOfWorst === 0 && many.worst < half &&
        many.framesOfNext > 0;
      return holds(
        isSoForMany && isSure(few) && isSure(pairs) &&
          pairs.most === halfAndOne(pairs.objects) - 1,
        `of ${grouped(many.objects)} objects ${
          grouped(many.worst)
        } go at worst without a page, and half and one are ${
          grouped(half)
        }; of ${pairs.objects} in pairs ${pairs.most} do, by all ${pairs.ways} ways to free some`,
      );
    },
  },
  {
    name: "zsmalloc-frees-nothing-much-longer",
    says:
      "In zsmalloc far more than half of the objects may have to be freed before a page is.",
    who: "Mel Gorman, 2013",
    passages: [{ thread: "002", at: "line 7966" }],
    disputed:
      'Luigi Semenzato: "haven\'t seen this problem" (002, lines 8043-8045)',
    decide({ zsmalloc }) {
      const { objects, frames, worst, framesOfWorst } = zsmalloc;
      return holds(
        framesOfWorst === 0 && worst >= FAR_MORE_THAN_HALF * objects,
        `at worst ${
          percent(worst, objects)
        } of the objects go without a page; half and one at random give ${
          grouped(zsmalloc.framesOfHalf)
        } of ${grouped(frames)} pages back, compaction after the worst ${
          grouped(zsmalloc.framesOfCompaction)
        }`,
      );
    },
  },
];

/** The experiment. */
export const FREEING = experiment<"objects", Freeing>({
  name: "freeing",
  theme: "freeing",
  method:
    "Objects as long as lzo makes pages of object files, of those that zbud takes, are freed in the worst order, all but one of each page of zbud's or zspage first, and in a random one; a few of zbud's in every way that there is.",
  sizes: {
    objects: {
      usual: 8192,
      least: 64,
      most: 262144,
      means: "objects allocated",
    },
  },
  kernels: [LINUX_3_12, LINUX_6_12, LINUX_7_3],
  run,
  figures,
  claims: FREEING_CLAIMS,
});
