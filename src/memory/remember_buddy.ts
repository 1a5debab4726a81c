/** Bringing the buddy allocator back to what it was. */
import type { PageAllocator } from "./page_allocator.ts";

/** What brings the allocator back to what it is now. */
export function rememberBuddy(buddy: PageAllocator): () => void {
  const { next, prev, orders, allocated, owners, blockTypes, zones } = buddy;
  const arrays = [next, prev, orders, allocated, owners, blockTypes]
    .map((array) => ({ array, was: array.slice() }));
  const counts = zones.map((zone) => ({
    zone,
    nrFree: zone.nrFree.slice(),
    freePages: zone.freePages,
    freeCma: zone.freeCma,
  }));
  return () => {
    for (const { array, was } of arrays) array.set(was);
    for (const { zone, nrFree, freePages, freeCma } of counts) {
      zone.nrFree.set(nrFree);
      zone.freePages = freePages;
      zone.freeCma = freeCma;
    }
  };
}
