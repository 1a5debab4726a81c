/** What the swap layer says of slots that it freed: `zram_slot_free_notify`, zram_drv.c. */
import type { ZramProfile } from "../linux/zram_profile.ts";
import { type Stop, trylock, writes } from "../rules/stop.ts";
import type { Zram } from "./device.ts";
import { assertSlotThere, underSlot, unlockSlot } from "./locks.ts";
import { ZRAM_LOCK } from "./slots.ts";
import { freePage, handleState } from "./write.ts";

const NOTIFY = "zram_slot_free_notify, zram_drv.c";

function assertPage({ slots }: Zram, page: number): void {
  if (Number.isInteger(page) && page >= 0 && page < slots.length) return;
  throw new RangeError(
    `Cannot free page ${page}: the disk has ${slots.length} pages`,
  );
}

/** Specifies `zram_slot_free_notify`; see `Zram.slotFreeNotify`. */
export function slotFreeNotify(zram: Zram, page: number): void {
  const { slots, ioStat } = zram;
  assertPage(zram, page);
  ioStat.notifyFree++;
  if (slots.has(page, ZRAM_LOCK)) ioStat.missFree++;
  else freePage(zram, page);
}

/** The same while others run. */
export function* slotFreeNotifySteps(
  zram: Zram,
  page: number,
): Generator<Stop, void> {
  yield* NOTIFY_TAKES[zram.profile.zram.notifyTakes](zram, page);
  zram.ioStat.notifyFree++;
}

type Notify = (zram: Zram, page: number) => Generator<Stop, void>;

const NOTIFY_TAKES: Readonly<Record<ZramProfile["notifyTakes"], Notify>> = {
  *nothing(zram, page) {
    yield writes(handleState(page), NOTIFY);
    freePage(zram, page);
  },
  *waits(zram, page) {
    yield* underSlot(zram, page, NOTIFY, () => freePage(zram, page));
  },
  *tries(zram, page) {
    const isTaken: unknown = yield trylock(zram.locks.slot(page), NOTIFY);
    if (isTaken === false) {
      zram.ioStat.missFree++;
      return;
    }
    assertSlotThere(zram, page, NOTIFY);
    if (zram.slots.has(page, ZRAM_LOCK)) zram.ioStat.missFree++;
    else freePage(zram, page);
    yield unlockSlot(zram, page, NOTIFY);
  },
};
