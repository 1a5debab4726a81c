/** What a pool holds, by size class and by fullness. */
import { type SizeClass, zspagesIn } from "../zsmalloc/size_class.ts";
import type { ZsPool } from "../zsmalloc/pool.ts";
import { ZSPAGE_INUSE } from "../zsmalloc/zspage.ts";

/** One class's share of a pool. */
export interface ClassReport {
  /** Bytes per chunk. */
  readonly size: number;
  /** Pages per zspage. */
  readonly pagesPerZspage: number;
  /** Chunks that hold an object. */
  readonly objectsUsed: number;
  /** Chunks. */
  readonly objectsAllocated: number;
  /** Pages of the class's zspages. */
  readonly pages: number;
}

/** The classes that hold anything, those with the most pages first. */
export function classReport(pool: ZsPool): ClassReport[] {
  return pool.classes
    .filter(({ objsAllocated }) => objsAllocated > 0)
    .map((sizeClass) => ({
      size: sizeClass.size,
      pagesPerZspage: sizeClass.pagesPerZspage,
      objectsUsed: sizeClass.objsUsed,
      objectsAllocated: sizeClass.objsAllocated,
      pages: sizeClass.objsAllocated / sizeClass.objectsPerZspage *
        sizeClass.pagesPerZspage,
    }))
    .sort((a, b) => b.pages - a.pages || b.size - a.size);
}

/** Zspages by tenths of their chunks in use: above 0 to 10 %, …, above 90 %. */
export function zspagesByUse(pool: ZsPool): number[] {
  const tenths = new Array<number>(10).fill(0);
  const count = (sizeClass: SizeClass) => {
    for (let group = 0; group < sizeClass.heads.length; group++) {
      for (const zspage of zspagesIn(pool.zspages, sizeClass, group)) {
        const inuse = pool.zspages.get(zspage, ZSPAGE_INUSE);
        tenths[Math.ceil(10 * inuse / sizeClass.objectsPerZspage) - 1]++;
      }
    }
  };
  pool.classes.forEach(count);
  return tenths;
}
