/** Marking pages that were not touched for a while, and those that were. */
import type { Errno } from "../linux/errno.ts";
import { kstrtoull } from "../linux/kstrtox.ts";
import type { ZramProfile } from "../linux/zram_profile.ts";
import { named } from "../rules/argument.ts";
import { acquire, release, type Stop } from "../rules/stop.ts";
import type { Zram } from "./device.ts";
import { assertSlotHeld, underSlot } from "./locks.ts";
import {
  ZRAM_IDLE,
  ZRAM_PP_SLOT,
  ZRAM_SAME,
  ZRAM_UNDER_WB,
  ZRAM_WB,
} from "./slots.ts";

/** The second before which pages are too old, or what else follows from a text. */
type Cutoff = number | "unchanged" | Errno;

/** Up to 6.19: the kernel counts nanoseconds in 64 bits, and its product wraps. */
function cutoffInNanoseconds(text: string, now: number): Cutoff {
  const age = kstrtoull(text, 64, 0);
  if (typeof age === "string") return "EINVAL";
  const nanoseconds = BigInt.asIntN(64, age * 1_000_000_000n);
  return now - Number(nanoseconds) / 1e9;
}

/**
 * 7.0 to 7.2: the difference of two numbers of 32 bits is one, so that an age
 * beyond the uptime asks for pages up to far in the future: all of them
 * (`idle_store`, 7.2.12).
 */
function cutoffInSeconds(text: string, now: number): Cutoff {
  const age = kstrtoull(text, 32, 0);
  if (typeof age === "string") return "EINVAL";
  return (Math.floor(now) - Number(age)) >>> 0;
}

/** Since 7.3 no page can be older than the system is up. */
function cutoffBelowUptime(text: string, now: number): Cutoff {
  const age = kstrtoull(text, 32, 0);
  if (typeof age === "string") return "EINVAL";
  const uptime = Math.floor(now);
  return Number(age) < uptime ? uptime - Number(age) : "unchanged";
}

const CUTOFFS: Readonly<
  Record<ZramProfile["idleAge"], (text: string, now: number) => Cutoff>
> = {
  "nanoseconds": cutoffInNanoseconds,
  "seconds": cutoffInSeconds,
  "below-uptime": cutoffBelowUptime,
};

/**
 * What an age that is written to `idle` asks for: EINVAL for no age, and where
 * access times are not kept. Specifies the reading in `idle_store`, `zram_drv.c`.
 */
export function idleCutoff({ profile, now }: Zram, text: string): Cutoff {
  const { trackEntryActime, idleAges, idleAge } = profile.zram;
  const takesAges = trackEntryActime && idleAges;
  return takesAges ? CUTOFFS[idleAge](text, now()) : "EINVAL";
}

/**
 * Marks pages idle: all, or those last accessed before `cutoff` seconds since
 * boot, where access times are kept. 6.1 marks any stored page that is not
 * being written back; 6.18 those whose bytes are in the pool, and the younger
 * ones lose the mark. Specifies `mark_idle`, `zram_drv.c`.
 */
export function markIdle(zram: Zram, cutoff: number | "all"): void {
  if (cutoff !== "all" && (typeof cutoff !== "number" || isNaN(cutoff))) {
    throw new RangeError(
      `Cannot mark idle: the 'cutoff' is ${named(cutoff)}, not a time or 'all'`,
    );
  }
  for (let page = 0; page < zram.slots.length; page++) {
    markSlot(zram, page, cutoff);
  }
}

/** The same while others run: each slot is marked under its lock. */
export function* markIdleSteps(
  zram: Zram,
  cutoff: number | "all",
): Generator<Stop, Errno | undefined> {
  yield acquire(zram.locks.device, IDLE_STORE, "shared");
  const errno = zram.pool === undefined ? "EINVAL" : undefined;
  for (let page = 0; page < zram.slots.length; page++) {
    const mark = () => markSlot(zram, page, cutoff);
    yield* underSlot(zram, page, MARK_IDLE, mark);
  }
  yield release(zram.locks.device, IDLE_STORE, "shared");
  return errno;
}

const IDLE_STORE = "idle_store, zram_drv.c";
const MARK_IDLE = "mark_idle, zram_drv.c";

/** Marks one page, whose slot is locked, or takes its mark. */
function markSlot(
  zram: Zram,
  page: number,
  cutoff: number | "all",
): void {
  if (zram.lockdep.isWatched) assertSlotHeld(zram, page, MARK_IDLE);
  const { slots, profile } = zram;
  const { idleMarks } = profile.zram;
  if (!slots.isAllocated(page) || slots.has(page, PASSED_OVER[idleMarks])) {
    return;
  }
  // The kernel says "all" by a cutoff of 0.
  const all = cutoff === "all" || cutoff === 0 || !slots.tracksAcTime;
  if (all || slots.acTime(page) < cutoff) slots.setFlag(page, ZRAM_IDLE);
  else if (idleMarks === "in-pool") slots.clearFlag(page, ZRAM_IDLE);
}

/** Flags of pages that are not marked. */
const PASSED_OVER: Readonly<Record<ZramProfile["idleMarks"], number>> = {
  "stored": ZRAM_UNDER_WB,
  "in-pool": ZRAM_SAME | ZRAM_WB | ZRAM_UNDER_WB,
  "whatever-is-stored": 0,
};

const MARK_ACCESSED = "mark_slot_accessed, zram_drv.c";

/** Specifies `zram_accessed` (`mark_slot_accessed` since 7.0). */
export function markAccessed(zram: Zram, page: number): void {
  if (zram.lockdep.isWatched) assertSlotHeld(zram, page, MARK_ACCESSED);
  const { slots, now, profile } = zram;
  slots.clearFlag(page, ZRAM_IDLE | ZRAM_PP_SLOT);
  if (!slots.tracksAcTime) return;
  const isWhole = profile.zram.acTime === "seconds";
  slots.setAcTime(page, isWhole ? Math.floor(now()) % 2 ** 32 : now());
}
