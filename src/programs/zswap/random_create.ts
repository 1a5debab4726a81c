/** Random caches: from a page to thousands, with limits below, at and above what comes. */
import type { Profile } from "../../linux/profile.ts";
import type { Scope } from "../program.ts";
import { pick, type Random } from "../random.ts";
import type { ZswapCreate, ZswapFailing } from "./steps.ts";

/** Whether the targets of a scope can do more than every cache can. */
export const isSpecial = ({ ops }: Scope): boolean => ops.has("counters");

/** A limit: any share of machines from 5 pages to tens of thousands. */
function randomLimit(
  random: Random,
): Pick<
  ZswapCreate,
  "totalPages" | "maxPoolPercent" | "acceptThresholdPercent"
> {
  const totalPages = random(3) === 0
    ? 1 + random(2 ** (3 + random(13)))
    : pick(random, 10, 20, 37, 50, 60, 99, 100, 200, 400, 1001);
  return {
    totalPages,
    maxPoolPercent: pick(random, 5, 10, 20, 20, 33, 50, 100),
    acceptThresholdPercent: pick(random, 50, 70, 90, 90, 99, 100),
  };
}

/** Each how-manieth allocation fails, of one kind or of several. */
function randomFailing(random: Random): ZswapFailing {
  const each = () => pick(random, 2, 4, 7, 20, 100);
  const all = { entries: each(), nodes: each(), slab: each() };
  const { entries, nodes, slab } = all;
  return pick<ZswapFailing>(
    random,
    { entries },
    { nodes },
    { nodes },
    { slab },
    { entries, nodes },
    all,
  );
}

/** Pages, words and codecs of the model's own: what pages and slots are made for. */
function randomGeometry(
  random: Random,
  { anyGeometry }: Scope,
): Pick<ZswapCreate, "pageSize" | "wordBits" | "stated"> {
  const pageSize = pick(random, 4096, 16384, 4096, 65536, 4096, 4096);
  const wordBits = pick(random, 32, 32, 64);
  return {
    ...anyGeometry && random(4) === 0 && { pageSize, wordBits },
    ...random(6) > 0 && { stated: true },
  };
}

/** How a cache of the model's is used. */
function randomConduct(
  random: Random,
  { shrink, cgroupLimit }: Profile["zswap"],
): Partial<ZswapCreate> {
  return {
    ...shrink === "entries-in-worker" && random(8) === 0 && { memcg: false },
    ...cgroupLimit !== "none" && random(5) === 0 &&
      { cgroupMax: pick(random, 0, 1, 1, 2, 3, 5, 8, 20) },
    ...random(5) === 0 && { writeback: false },
    ...random(3) > 0 && { workerWaits: true },
  };
}

/** What there is not: frames, or each how-manieth allocation. */
function randomWant(random: Random): Partial<ZswapCreate> {
  return {
    ...random(5) === 0 && { maxPages: 1 + random(pick(random, 6, 40, 200)) },
    ...random(5) === 0 && { failing: randomFailing(random) },
  };
}

/**
 * What a random cache of a kernel is made for. One that takes the place of
 * another has its geometry, for which the program's pages and slots are made.
 */
export function randomZswapCreate(
  random: Random,
  scope: Scope,
  { zswap }: Profile,
  before?: ZswapCreate,
): ZswapCreate {
  const plain = {
    ...randomLimit(random),
    allocator: pick(random, ...zswap.zpools),
  };
  if (!isSpecial(scope)) return plain;
  const { pageSize, wordBits, stated } = before ??
    randomGeometry(random, scope);
  return {
    ...plain,
    ...pageSize !== undefined && { pageSize },
    ...wordBits !== undefined && { wordBits },
    ...stated !== undefined && { stated },
    ...randomConduct(random, zswap),
    // Where compressors are the kernel's, some caches want for nothing.
    ...(stated || random(4) === 0) && randomWant(random),
  };
}
