/** Marking pages that were not touched for a while. */
import type { Zram } from "./device.ts";
import { ZRAM_IDLE, ZRAM_SAME, ZRAM_UNDER_WB, ZRAM_WB } from "./slots.ts";

/**
 * Marks pages idle: all, or those last accessed before `cutoff` seconds since
 * boot, where access times are kept. 6.1 marks any stored page that is not
 * being written back; 6.18 those whose bytes are in the pool, and the younger
 * ones lose the mark. Specifies `mark_idle`, `zram_drv.c`.
 */
export function markIdle(zram: Zram, cutoff: number | "all"): void {
  if (Number.isNaN(cutoff)) {
    throw new RangeError("Cannot mark idle: the 'cutoff' is NaN, not a time");
  }
  const { slots } = zram;
  const inPool = zram.profile.zram.idleMarks === "in-pool";
  const passedOver = inPool
    ? ZRAM_SAME | ZRAM_WB | ZRAM_UNDER_WB
    : ZRAM_UNDER_WB;
  // The kernel says "all" by a cutoff of 0.
  const all = cutoff === "all" || cutoff === 0 || !slots.tracksAcTime;
  for (let page = 0; page < slots.length; page++) {
    if (!slots.isAllocated(page) || slots.has(page, passedOver)) continue;
    if (all || slots.acTime(page) < cutoff) slots.setFlag(page, ZRAM_IDLE);
    else if (inPool) slots.clearFlag(page, ZRAM_IDLE);
  }
}
