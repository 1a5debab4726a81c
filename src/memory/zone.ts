/** Zones: ranges of page frames, each with its own free lists. */
import type { ZoneName } from "../linux/gfp.ts";

/** A zone as it is asked for. */
export interface ZoneOptions {
  /** Its name. */
  readonly name: ZoneName;
  /** Its page frames. */
  readonly pages: number;
  /**
   * Its first page frame; by default the one behind the zone before it. Two
   * zones may not share a pageblock.
   */
  readonly startPfn?: number;
  /**
   * Frames that are left free: an allocation that would leave no more fails
   * (`WMARK_MIN`). Default 0. Nobody may go below here: no allocation of
   * zspec's is atomic or an OOM victim's.
   */
  readonly min?: number;
  /**
   * Frames that are left free while another zone has more (`WMARK_LOW`).
   * Default: `min` and a quarter of it.
   */
  readonly low?: number;
  /**
   * Frames that are kept from who may have a higher zone (`lowmem_reserve`).
   * Default 0.
   */
  readonly lowmemReserve?: number;
  /** Areas of CMA, from the zone's start: first frame and how many. */
  readonly cma?: readonly (readonly [from: number, pages: number])[];
}

/** A zone. `struct zone`, `include/linux/mmzone.h`. */
export interface Zone {
  /** Its name. */
  readonly name: ZoneName;
  /** Its place in the order of zones, the lowest first. */
  readonly index: number;
  /** `zone_start_pfn`. */
  readonly start: number;
  /** `zone_end_pfn`: the first frame behind it. */
  readonly end: number;
  /** `WMARK_MIN`, in pages. */
  readonly min: number;
  /** `WMARK_LOW`, in pages. */
  readonly low: number;
  /** `lowmem_reserve`, in pages. */
  readonly lowmemReserve: number;
  /** Frames of CMA areas (`cma_pages`). */
  readonly cmaPages: number;
  /** `free_area[order].nr_free`: free blocks of each order, of all types. */
  readonly nrFree: Int32Array;
  /** `NR_FREE_PAGES`. */
  freePages: number;
  /** `NR_FREE_CMA_PAGES`. */
  freeCma: number;
}

/** Whether a frame is of a zone. Specifies `zone_spans_pfn`. */
export function spans({ start, end }: Zone, pfn: number): boolean {
  return pfn >= start && pfn < end;
}
