/** zram, to be explored: a disk of few pages over a pool of three classes. */
import { KernelBug } from "../../../rules/kernel_bug.ts";
import type { Zram } from "../../../zram/device.ts";
import { checkZram } from "../../../zram/invariants.ts";
import { raceRoom } from "../room.ts";
import { letterOf, PAGE_SIZE } from "./zram_letters.ts";
import { randomZramRace } from "./zram_random.ts";
import {
  createZramSubject,
  rememberZramSubject,
  type ZramSubject,
} from "./zram_subject.ts";
import { ZRAM_WORDS } from "./zram_words.ts";

/** What can be seen where nobody runs, once everything was found to be in order. */
function atRest(subject: ZramSubject): unknown {
  const { zram, notified, mapped } = subject;
  if (zram.lostBlocks > 0) {
    throw new KernelBug(
      "zram_writeback_slots",
      `keep ${zram.lostBlocks} block that no page has`,
    );
  }
  checkZram(zram);
  assertNothingHeld(zram);
  const contents = Array.from({ length: zram.slots.length }, (_, page) => {
    if (notified.has(page)) return "given up";
    const into = new Uint8Array(PAGE_SIZE);
    return zram.read(page, into) ?? letterOf(into);
  });
  const { disksize, limitPages, backing } = zram;
  return {
    disksize,
    contents,
    limitPages,
    backing: backing?.path,
    mapped: [...mapped].sort(),
  };
}

/** Throws where a frame, a reference or a mark is left. */
function assertNothingHeld(zram: Zram): void {
  const { memory, pool, references, isClaimed, ppInProgress } = zram;
  const frames = memory.allocatedPages - (pool?.pagesAllocated ?? 0);
  const left = { frames, references, isClaimed, ppInProgress };
  const one = Object.entries(left).find(([, value]) => Number(value) !== 0);
  if (one !== undefined) throw new Error(`something is left: ${one.join(" ")}`);
}

/** The races of a zram device. */
export const ZRAM_RACES = raceRoom<ZramSubject>({
  name: "zram",
  ...ZRAM_WORDS,
  isIn: () => true,
  create: createZramSubject,
  remember: rememberZramSubject,
  lockdepOf: ({ zram }) => zram.lockdep,
  atRest,
  random: randomZramRace,
});
