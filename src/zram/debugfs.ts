/** The device's file in debugfs, `/sys/kernel/debug/zram/zramN/block_state`. */
import { assertHas } from "../rules/argument.ts";
import type { Errno } from "../linux/errno.ts";
import { acquire, reads, release, type Stop } from "../rules/stop.ts";
import { CAPACITY } from "./bio_request.ts";
import type { Zram } from "./device.ts";
import { underSlot } from "./locks.ts";
import {
  type Slots,
  ZRAM_HUGE,
  ZRAM_IDLE,
  ZRAM_INCOMPRESSIBLE,
  ZRAM_SAME,
  ZRAM_WB,
} from "./slots.ts";

/** What each letter of `block_state` says of a slot. */
const FLAG_LETTERS: Readonly<
  Record<string, (slots: Slots, slot: number) => boolean>
> = {
  s: (slots, slot) => slots.has(slot, ZRAM_SAME),
  w: (slots, slot) => slots.has(slot, ZRAM_WB),
  h: (slots, slot) => slots.has(slot, ZRAM_HUGE),
  i: (slots, slot) => slots.has(slot, ZRAM_IDLE),
  r: (slots, slot) => slots.priority(slot) > 0,
  n: (slots, slot) => slots.has(slot, ZRAM_INCOMPRESSIBLE),
};

/** A stored page as `block_state` shows it. */
export interface BlockState {
  /** The page's number. */
  readonly page: number;
  /** When it was last accessed, in seconds since boot. */
  readonly acTime: number;
  /** A letter for each flag that is set, a dot for each that is not. */
  readonly flags: string;
}

/**
 * Every stored page: ENOENT where this kernel has no `block_state`, EINVAL
 * before initialisation. Specifies `read_block_state`, `zram_drv.c`.
 */
export function blockState(
  zram: Zram,
): { state: BlockState[] } | { errno: Errno } {
  assertHas("show blocks", "zram", zram, "slots", "a Zram");
  if (!zram.profile.zram.memoryTracking) return { errno: "ENOENT" };
  zram.assertDevLock("read 'block_state'");
  if (zram.pool === undefined) return { errno: "EINVAL" };
  const state: BlockState[] = [];
  for (let page = 0; page < zram.slots.length; page++) {
    const shown = slotState(zram, page);
    if (shown !== undefined) state.push(shown);
  }
  return { state };
}

/** A slot as `block_state` shows it, which is locked, if it holds a page. */
function slotState(
  { slots, profile }: Zram,
  page: number,
): BlockState | undefined {
  if (!slots.isAllocated(page)) return undefined;
  const flags = [...profile.zram.blockStateFlags]
    .map((letter) => FLAG_LETTERS[letter](slots, page) ? letter : ".")
    .join("");
  return { page, acTime: slots.acTime(page), flags };
}

const READ_BLOCK_STATE = "read_block_state, zram_drv.c";

/** {@linkcode blockState} while others run: each slot is looked at under its lock. */
export function* blockStateSteps(
  zram: Zram,
): Generator<Stop, { state: BlockState[] } | { errno: Errno }> {
  const { memoryTracking, pagesCounted } = zram.profile.zram;
  if (!memoryTracking) return { errno: "ENOENT" };
  let pages: number | undefined;
  if (pagesCounted === "before-lock") {
    yield reads(CAPACITY, READ_BLOCK_STATE);
    pages = zram.slots.length;
  }
  yield acquire(zram.locks.device, READ_BLOCK_STATE, "shared");
  const isThere = zram.pool !== undefined;
  const end = isThere ? pages ?? zram.slots.length : 0;
  const state: BlockState[] = [];
  for (let page = 0; page < end; page++) {
    const look = () => slotState(zram, page);
    const shown = yield* underSlot(zram, page, READ_BLOCK_STATE, look);
    if (shown !== undefined) state.push(shown);
  }
  yield release(zram.locks.device, READ_BLOCK_STATE, "shared");
  return isThere ? { state } : { errno: "EINVAL" };
}

/**
 * The text of `block_state`, or the errno.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LINUX_6_1, readBlockState, Zram } from "zspec";
 *
 * const zram = new Zram(LINUX_6_1, { now: () => 12.5 });
 * zram.setAlgorithm("lz4");
 * zram.setDisksize(1 << 20);
 * zram.write(7, new Uint8Array(4096));
 * assertEquals(readBlockState(zram), {
 *   text: "           7           12.500000 s...\n",
 * });
 * ```
 */
export function readBlockState(
  zram: Zram,
): { text: string } | { errno: Errno } {
  const shown = blockState(zram);
  if ("errno" in shown) return shown;
  const text = shown.state.map(({ page, acTime, flags }) => {
    const microseconds = Math.floor(acTime * 1e6);
    const seconds = String(Math.floor(microseconds / 1e6)).padStart(12);
    const fraction = String(microseconds % 1e6).padStart(6, "0");
    return `${String(page).padStart(12)} ${seconds}.${fraction} ${flags}\n`;
  }).join("");
  return { text };
}
