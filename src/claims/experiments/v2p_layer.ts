/** Compaction by a layer of the owner's, in place of zsmalloc's own. */
import { LOCATION_HANDLES } from "../../linux/objects.ts";
import {
  LINUX_3_12,
  LINUX_4_0,
  LINUX_7_3,
  type Profile,
} from "../../linux/profile.ts";
import { holdsIf } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import {
  emptiest,
  names,
  packByHand,
  THINNED_SIZES,
  thinnedPool,
} from "../runs/packed_by_hand.ts";

/** One way of packing. */
interface Way {
  readonly objects: number;
  readonly frames: number;
  readonly moved: number;
  readonly pagesFreed: number;
  /** Objects that are lost to their owner. */
  readonly lost: number;
  /** Bytes beside the owner's table, in cells and in front of objects. */
  readonly bytesBeside: number;
}

interface Layers {
  /** The owner's table is rewritten, of handles that are places. */
  readonly table: Way;
  /** zsmalloc rewrites its cells, where it has them. */
  readonly cells: Way;
}

type Sizes = "pages" | "freed";

const withLocations = (profile: Profile): Profile => ({
  ...profile,
  objects: LOCATION_HANDLES,
  compaction: "none",
  movable: false,
});

function run(given: Given<Sizes>): Layers {
  const { profile } = given;
  const pack = (kernel: Profile, byOwner: boolean): Way => {
    const { pool, owned } = thinnedPool(given, kernel);
    const { pagesAllocated: frames, geometry } = pool;
    const hand = byOwner ? packByHand(pool, owned, emptiest) : undefined;
    const pagesFreed = hand?.pagesFreed ?? pool.compact();
    const cell = kernel.objects.handle === "cell" ? kernel.wordBits / 8 : 0;
    return {
      objects: owned.length,
      frames,
      moved: hand?.moved ?? pool.objectsMigrated,
      pagesFreed,
      lost: owned.filter((one) => !names(pool, one.handle, one)).length,
      bytesBeside: owned.length * (cell + geometry.handleSize),
    };
  };
  return {
    table: pack(withLocations(profile), true),
    cells: pack(profile, false),
  };
}

function figures({ table, cells }: Layers): readonly Figures[] {
  const row = (name: string, way: Way) => [
    name,
    way.objects,
    way.frames,
    way.pagesFreed,
    way.moved,
    way.lost,
    way.bytesBeside,
  ];
  return [{
    title: "Objects that are packed, by who knows where they are",
    columns: [
      "",
      "objects",
      "frames",
      "given back",
      "moved",
      "lost",
      "bytes for it",
    ],
    rows: [
      row("the owner's table, rewritten", table),
      row("zsmalloc's handles", cells),
    ],
  }];
}

/** The experiment. */
export const V2P_LAYER = experiment<Sizes, Layers>({
  name: "v2p-layer",
  theme: "writeback",
  method:
    "Real pages are stored, and most go again at random. With handles that are places, as up to 3.19, whoever owns the pages packs their objects and writes the new places into its table of slots; beside it zsmalloc compacts the same as the kernel does.",
  sizes: THINNED_SIZES,
  kernels: [LINUX_3_12, LINUX_4_0, LINUX_7_3],
  run,
  figures,
  claims: [{
    name: "v2p-layer-helps-compaction",
    says:
      "A layer that translates places of pages could serve to compact their objects too.",
    who: "Minchan Kim, 2013",
    passages: [{ thread: "002", at: "lines 9634-9635" }],
    decide: ({ table, cells }) =>
      holdsIf(
        table.pagesFreed > 0 && table.lost === 0,
        "whoever moves objects may write their one owner's table",
        `${table.pagesFreed} of ${table.frames} frames back for ${table.moved} slots rewritten; zsmalloc's own ${cells.pagesFreed}, with ${
          (cells.bytesBeside / Math.max(1, cells.objects)).toFixed(0)
        } bytes an object for it`,
      ),
  }],
});
