/** Claims of density and of the disk's size, decided on a small scale. */
import { assert, assertEquals } from "@std/assert";
import { expandContents } from "../mod.ts";
import type { Verdict } from "../src/claims/claim.ts";
import {
  type Experiment,
  type Given,
  usualSizes,
} from "../src/claims/experiment.ts";
import { CHAINS } from "../src/claims/experiments/chains.ts";
import { DENSITY } from "../src/claims/experiments/density.ts";
import { DISK_SIZE } from "../src/claims/experiments/disk_size.ts";

/** Pages of which the random part grows from nothing to `most` per mille. */
const made = (most: number): Given["realPages"] => (count, pageSize) =>
  Array.from({ length: count }, (_, nth) =>
    expandContents({
      kind: "mixed",
      period: 7,
      random: Math.floor(most * nth / count),
      noise: 0,
      at: 0,
      seed: nth + 1,
    }, pageSize));

/** How each claim of an experiment ends, kernel by kernel. */
function verdictsOf(
  experiment: Experiment,
  sizes: Record<string, number>,
  realPages: Given["realPages"] = () => [],
): Readonly<Record<string, (Verdict | undefined)[]>> {
  const found = experiment.kernels.map((profile) =>
    experiment.run({
      profile,
      seed: 1,
      sizes: { ...usualSizes(experiment), ...sizes },
      realPages,
    })
  );
  return Object.fromEntries(
    experiment.claims.map(({ name }) => [
      name,
      found.map(({ verdicts }) => verdicts[name]),
    ]),
  );
}

const rulings = (verdicts: readonly (Verdict | undefined)[]) =>
  verdicts.map((verdict) => verdict?.ruling);

Deno.test("a page of zbud's holds two objects at most, of pages that compress well as well, and zsmalloc is denser by so much", () => {
  const verdicts = verdictsOf(DENSITY, { pages: 2048 }, made(300));
  assertEquals(rulings(verdicts["zbud-ratio-at-most-2"]), ["holds", "holds"]);
  const denser = verdicts["zbud-less-dense-than-zsmalloc"];
  assertEquals(rulings(denser), ["holds", "holds"]);
});

Deno.test("of pages whose lengths are spread evenly, large objects find small ones in zbud, which is the denser then", () => {
  const verdicts = verdictsOf(DENSITY, { pages: 256 }, made(1000));
  const denser = verdicts["zbud-less-dense-than-zsmalloc"];
  assertEquals(rulings(denser), ["does not hold", "does not hold"]);
});

Deno.test("single pages give each object of more than half a page one of its own, as slabs of one page do", () => {
  const verdicts = verdictsOf(CHAINS, {});
  assertEquals(
    rulings(verdicts["single-pages-lose-half-page-objects"]),
    ["holds if", "holds", "holds"],
  );
  assertEquals(
    rulings(verdicts["slab-loses-all-at-60-percent"]),
    ["holds if", "holds if", "holds if"],
  );
  const spanning = verdicts["spanning-lowers-fragmentation-above-half-page"];
  assertEquals(
    spanning.map((verdict) => verdict?.condition),
    [3264, 3256, 3624].map((most) => `they are of at most ${most} bytes`),
  );
});

Deno.test("a kernel with chains of one page is no denser than slabs, so that spanning lowers nothing", () => {
  const [profile] = CHAINS.kernels;
  const { verdicts } = CHAINS.run({
    profile: { ...profile, chainSize: 1 },
    seed: 1,
    sizes: usualSizes(CHAINS),
    realPages: () => [],
  });
  const name = "spanning-lowers-fragmentation-above-half-page";
  assertEquals(verdicts[name]?.ruling, "does not hold");
});

Deno.test("a disk of twice the memory is enough for data of 2:1 alone, and its table takes 0.39 % of it", () => {
  const verdicts = verdictsOf(DISK_SIZE, { frames: 128 });
  const enough = verdicts["disk-above-twice-memory-pointless"];
  assertEquals(rulings(enough), ["holds if", "holds if"]);
  for (const verdict of verdicts["table-takes-0-1-percent"]) {
    assertEquals(verdict?.ruling, "does not hold");
    assert(verdict?.evidence.includes("0.39 %"), verdict?.evidence);
  }
});
