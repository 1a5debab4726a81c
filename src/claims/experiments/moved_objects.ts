/** Whether an object can be moved under its handle. */
import { LINUX_3_12, LINUX_4_0, LINUX_7_3 } from "../../linux/profile.ts";
import type { ZsPool } from "../../zsmalloc/pool.ts";
import { holds, holdsIf, type Verdict } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import {
  emptiest,
  names,
  type Owned,
  packByHand,
  THINNED_SIZES,
  thinnedPool,
} from "../runs/packed_by_hand.ts";

/** Objects after they were packed. */
interface Moved {
  readonly moved: number;
  readonly pagesFreed: number;
  /** Objects that their handles of before name. */
  readonly named: number;
  /** Those that the handles name that their owners were told. */
  readonly told: number;
  readonly objects: number;
}

interface MovedObjects {
  /** By the kernel's own compaction. */
  readonly kernel: Moved;
  /** By somebody who allocates anew, copies, frees, and tells the owner. */
  readonly byHand: Moved;
}

type Sizes = "pages" | "freed";

/** Packs a pool. */
type Pack = (
  pool: ZsPool,
  owned: readonly Owned[],
) => Pick<Moved, "moved" | "pagesFreed">;

function run(given: Given<Sizes>): MovedObjects {
  const packed = (pack: Pack): Moved => {
    const { pool, owned } = thinnedPool(given, given.profile);
    const before = owned.map(({ handle }) => handle);
    const { moved, pagesFreed } = pack(pool, owned);
    return {
      moved,
      pagesFreed,
      named: owned.filter((one, nth) => names(pool, before[nth], one)).length,
      told: owned.filter((one) => names(pool, one.handle, one)).length,
      objects: owned.length,
    };
  };
  return {
    kernel: packed((pool) => {
      const pagesFreed = pool.compact();
      return { moved: pool.objectsMigrated, pagesFreed };
    }),
    byHand: packed((pool, owned) => packByHand(pool, owned, emptiest)),
  };
}

function figures({ kernel, byHand }: MovedObjects): readonly Figures[] {
  const row = (name: string, one: Moved) => [
    name,
    one.objects,
    one.moved,
    one.pagesFreed,
    one.named,
    one.told,
  ];
  return [{
    title: "Objects that are packed together, and the handles that name them",
    columns: ["", "objects", "moved", "frames back", "by their own", "as told"],
    rows: [row("zs_compact", kernel), row("by hand", byHand)],
  }];
}

function decideMove({ kernel, byHand }: MovedObjects): Verdict {
  if (kernel.moved > 0) {
    return holds(
      kernel.named === kernel.objects,
      `zs_compact moves ${kernel.moved} objects, and all ${kernel.named} of ${kernel.objects} are found by their handles`,
    );
  }
  return holdsIf(
    byHand.moved > 0 && byHand.told === byHand.objects,
    "its owner is told where it is, as the handle is the place",
    `${byHand.moved} moved by hand, of which ${
      byHand.objects - byHand.named
    } are lost by their handles, ${
      byHand.objects - byHand.told
    } by the new ones; zs_compact moves none`,
  );
}

/** The experiment. */
export const MOVED_OBJECTS = experiment<Sizes, MovedObjects>({
  name: "moved-objects",
  theme: "handles and mapping",
  method:
    "Real pages are stored, and most go again at random. Then zsmalloc compacts the pool, where it can; in another pool somebody else empties zspages, allocating each object anew, copying and freeing it. Every object is read by the handle that it had, and by the one that it has.",
  sizes: THINNED_SIZES,
  kernels: [LINUX_3_12, LINUX_4_0, LINUX_7_3],
  run,
  figures,
  claims: [{
    name: "handle-instead-of-pointer-lets-objects-move",
    says:
      "As zsmalloc gives a handle and no pointer, it can move objects to pack them.",
    who: "Minchan Kim, 2013",
    passages: [{ thread: "002", at: "lines 8169-8172" }],
    disputed:
      "Mel Gorman (002, lines 8357-8358): why would zswap not use it then",
    decide: decideMove,
  }],
});
