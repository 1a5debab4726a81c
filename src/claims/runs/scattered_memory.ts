/** Memory that is full but for some frames, here and there or together. */
import { type Gfp, GFP_KERNEL } from "../../linux/gfp.ts";
import type { Profile } from "../../linux/profile.ts";
import { Memory, NO_PAGE } from "../../memory/memory.ts";
import { randomFrom, shuffle } from "../../programs/random.ts";

/** Which frames are free: any, or those at the end. */
export type Where = "scattered" | "together";

/** Memory that notes which orders it is asked for. */
export class OrderedMemory extends Memory {
  /** The largest order that was asked for. */
  most = 0;

  override allocPages(order: number, gfp: Gfp = GFP_KERNEL): number {
    this.most = Math.max(this.most, order);
    return super.allocPages(order, gfp);
  }
}

/** Memory of one zone in which so many frames are free, the others the kernel's. */
export function memoryWith(
  { pageSize, release }: Profile,
  frames: number,
  free: number,
  where: Where,
  seed: number,
): OrderedMemory {
  const memory = new OrderedMemory({
    pageSize,
    firstPfn: 0,
    buddy: {
      release: release.pageAlloc,
      zones: [{ name: "Normal", pages: frames }],
    },
  });
  const taken: number[] = [];
  for (let pfn = memory.allocPage(); pfn !== NO_PAGE;) {
    taken.push(pfn);
    pfn = memory.allocPage();
  }
  taken.sort((one, other) => other - one);
  const order = where === "scattered"
    ? shuffle(taken, randomFrom(seed))
    : taken;
  order.slice(0, free).forEach((pfn) => memory.freePage(pfn));
  memory.most = 0;
  return memory;
}
