/** Whether zswap gains by the compaction of its allocator. */
import { lzo } from "../../codec/lzo.ts";
import { LINUX_3_12, LINUX_6_1, LINUX_7_3 } from "../../linux/profile.ts";
import type { ZpoolType } from "../../linux/zswap_profile.ts";
import { randomFrom } from "../../programs/random.ts";
import { Zswap } from "../../zswap/zswap.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";

/** A zswap whose pages went, most of them. */
interface ZswapCompaction {
  readonly zpool: ZpoolType;
  readonly stored: number;
  readonly left: number;
  /** Pages of the pool: full, when pages had gone, and compacted. */
  readonly full: number;
  readonly before: number;
  readonly after: number;
  /** Pages that were loaded wrong. */
  readonly wrong: number;
}

type Sizes = "pages" | "freed";

const TYPE = 0;

function run(
  { profile, seed, sizes, realPages }: Given<Sizes>,
): ZswapCompaction {
  const { pageSize } = profile;
  const data = realPages(sizes.pages, pageSize);
  const { zpools, defaultZpool } = profile.zswap;
  const zpool = zpools.includes("zsmalloc") ? "zsmalloc" : defaultZpool;
  const zswap = new Zswap(profile, {
    totalRamPages: 2 * data.length,
    zpool,
    compressor: lzo.name,
    codecs: [lzo],
  });
  zswap.parameters.maxPoolPercent = 100;
  zswap.swapon(TYPE);
  const stored = data.map((page, nth) => ({ page, offset: nth + 1 }))
    .filter(({ page, offset }) =>
      zswap.store(TYPE, offset, [page]) === "stored"
    );
  const full = zswap.pools.totalPages;
  const random = randomFrom(seed);
  const left = stored.filter(({ offset }) => {
    const goes = random(100) < sizes.freed;
    if (goes) zswap.invalidate(TYPE, offset);
    return !goes;
  });
  const before = zswap.pools.totalPages;
  zswap.pools.last?.zpool.shrinkerScan?.();
  const after = zswap.pools.totalPages;
  const into = new Uint8Array(pageSize);
  const wrong =
    left.filter(({ page, offset }) =>
      zswap.load(TYPE, offset, into) !== undefined ||
      into.some((byte, at) => byte !== page[at])
    ).length;
  return {
    zpool,
    stored: stored.length,
    left: left.length,
    full,
    before,
    after,
    wrong,
  };
}

function figures(found: ZswapCompaction): readonly Figures[] {
  return [{
    title: `zswap over ${found.zpool}`,
    columns: ["", "pages stored", "pages of the pool"],
    rows: [
      ["all", found.stored, found.full],
      ["most gone", found.left, found.before],
      ["memory pressure compacts", found.left, found.after],
    ],
  }];
}

/** The experiment. */
export const ZSWAP_COMPACTION = experiment<Sizes, ZswapCompaction>({
  name: "zswap-compaction",
  theme: "zswap and zram",
  method:
    "zswap stores real pages, compressed by lzo, over zsmalloc, or over what it has in a kernel where it cannot. Most are invalidated at random, and memory pressure runs the allocator's shrinker. The pool's pages are counted, and every page that is left is loaded.",
  sizes: {
    pages: { usual: 1024, least: 16, most: 16384, means: "pages stored" },
    freed: {
      usual: 60,
      least: 0,
      most: 99,
      means: "percent of them that are invalidated",
    },
  },
  kernels: [LINUX_3_12, LINUX_6_1, LINUX_7_3],
  run,
  figures,
  claims: [{
    name: "compaction-would-benefit-zswap-too",
    says:
      "With zsmalloc as its allocator zswap would profit from compaction as well.",
    who: "Mel Gorman, 2013",
    passages: [{ thread: "002", at: "line 8324" }],
    decide({ zpool, before, after, left, wrong }) {
      const evidence = `over ${zpool} ${
        before - after
      } of the pool's ${before} pages come back, ${wrong} of ${left} pages are loaded wrong`;
      if (zpool !== "zsmalloc") return holds(false, evidence);
      return holdsIf(
        after < before && wrong === 0,
        "memory pressure compacts it, as zswap's user cannot ask for it",
        evidence,
      );
    },
  }],
});
