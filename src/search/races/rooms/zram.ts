/** zram, to be explored: a disk of few pages over a pool of three classes. */
import type { Codec } from "../../../codec/codec.ts";
import type { Errno } from "../../../linux/errno.ts";
import type { Profile } from "../../../linux/profile.ts";
import { Memory } from "../../../memory/memory.ts";
import { KernelBug } from "../../../rules/kernel_bug.ts";
import { createLock, type Lock, NOBODY } from "../../../rules/lock.ts";
import {
  acquire,
  blocked,
  reads,
  release,
  type Stop,
  writes,
} from "../../../rules/stop.ts";
import type { BackingDevice } from "../../../zram/backing.ts";
import { blockStateSteps } from "../../../zram/debugfs.ts";
import { Zram } from "../../../zram/device.ts";
import { checkZram } from "../../../zram/invariants.ts";
import { OPENERS } from "../../../zram/lifecycle.ts";
import {
  readAttributeSteps,
  writeAttributeSteps,
} from "../../../zram/sysfs.ts";
import { ANYTHING } from "../linearizable.ts";
import { raceRoom } from "../room.ts";
import { randomZramRace } from "./zram_random.ts";

const PAGE_SIZE = 4096;

/** Pages of the disk, and of each backing device one more: block 0 is not used up to 6.18. */
const PAGES = 3;

/** What is written: a page for each letter, small ones of which do not compress. */
const LETTERS = [..."ABCDEFGHabcdefgh"];

/** The page of a letter: no word is repeated in all of it. */
const CONTENTS = new Map(
  LETTERS.map((letter) => {
    const page = new Uint8Array(PAGE_SIZE).fill(letter.charCodeAt(0));
    page[PAGE_SIZE - 1] = 1;
    return [letter, page] as const;
  }),
);
CONTENTS.set("0", new Uint8Array(PAGE_SIZE));

/** The letter of a page. */
function letterOf(page: Uint8Array): string {
  const [first] = page;
  const letter = first === 0 ? "0" : String.fromCharCode(first);
  const isWhole = page[PAGE_SIZE / 2] === first &&
    page[PAGE_SIZE - 1] === (first === 0 ? 0 : 1);
  return isWhole ? letter : "parts of pages";
}

/** Knows the pages of letters alone, and makes so many bytes of one. */
const letterCodec = (name: string, length: number): Codec => ({
  name,
  compress(page, into) {
    into[0] = page[0];
    return page[0] >= "a".charCodeAt(0) ? PAGE_SIZE : length;
  },
  decompress(compressed, page) {
    const contents = CONTENTS.get(String.fromCharCode(compressed[0]));
    if (contents === undefined) throw new Error("no letter was compressed");
    page.set(contents);
  },
});

/** Blocks in memory, which answer at once, and how often each was written. */
class Blocks implements BackingDevice {
  readonly pages = PAGES + 1;
  holder: object | undefined;
  /** How often each block was written. */
  readonly writes: number[] = Array(PAGES + 1).fill(0);
  readonly #blocks: (Uint8Array | undefined)[] = [];

  readPage(block: number, into: Uint8Array): Errno | undefined {
    if (block >= this.pages) return "EIO";
    const held = this.#blocks[block];
    if (held === undefined) into.fill(0);
    else into.set(held);
  }

  writePage(block: number, data: Uint8Array): Errno | undefined {
    if (block >= this.pages) return "EIO";
    this.writes[block]++;
    this.#blocks[block] = data.slice();
  }

  /** What brings the device back to what it is now. */
  remember(): () => void {
    const { holder } = this;
    const blocks = [...this.#blocks];
    return () => {
      this.holder = holder;
      // A block's bytes are replaced, not changed.
      this.#blocks.splice(0, Infinity, ...blocks);
    };
  }
}

/** A device, and what the program did with it. */
interface ZramSubject {
  readonly zram: Zram;
  readonly devices: ReadonlyMap<string, Blocks>;
  /** Requests that somebody waits for, who has the disk open. */
  requests: number;
  /** Pages that the swap layer gave up: what is in them is nobody's concern. */
  readonly notified: Set<number>;
  /** The address space of two threads that swap pages in, and its lock. */
  readonly mapped: Map<number, string>;
  readonly ptl: Lock;
  /** Whether there is no memory for the pool of a disk. */
  readonly failslab: { isSet: boolean };
}

type Operation = (subject: ZramSubject) => Generator<Stop, unknown>;

const BACKING = "sdb";

/** Classes of 32, 2080 and 4096 bytes; codecs that know letters. */
function smallOf(profile: Profile): Profile {
  const known = SMALL.get(profile) ??
    { ...profile, classBits: 1, chainSize: 2 };
  SMALL.set(profile, known);
  return known;
}

const SMALL = new WeakMap<Profile, Profile>();

/** The second algorithm, where there is one. */
function secondOf({ zram }: Profile): string | undefined {
  return zram.multiComp
    ? zram.compAlgorithms.find((name) => name !== zram.defaultAlgorithm)
    : undefined;
}

/** Bytes that pages are compressed to at first, and when recompressed. */
const [LENGTH, SHORTER] = [600, 16];

function create(profile: Profile): ZramSubject {
  const devices = new Map([[BACKING, new Blocks()], [
    "sdc",
    new Blocks(),
  ]]);
  const second = secondOf(profile);
  const codecs = [letterCodec(profile.zram.defaultAlgorithm, LENGTH)];
  if (second !== undefined) codecs.push(letterCodec(second, SHORTER));
  const failslab = { isSet: false };
  const zram = new Zram(smallOf(profile), {
    codecs,
    failPool: () => failslab.isSet,
    memory: new Memory({ pageSize: PAGE_SIZE, initialFrames: 12 }),
    backingDevices: devices,
  });
  if (profile.zram.writeback) zram.setBackingDev(BACKING);
  if (second !== undefined) zram.setAlgorithm(second, 1);
  zram.setDisksize(PAGES * PAGE_SIZE);
  zram.open();
  return {
    zram,
    devices,
    requests: 0,
    notified: new Set(),
    mapped: new Map(),
    ptl: createLock("ptl", "spinlock"),
    failslab,
  };
}

/** What brings a device back to what the program had made of it at first. */
function remember(subject: ZramSubject): () => void {
  const { zram, devices, notified, mapped, ptl, failslab } = subject;
  const parts = [zram, ...devices.values()].map((part) => part.remember());
  const [pages, ptes] = [[...notified], [...mapped]];
  const { isSet } = failslab;
  return () => {
    for (const restore of parts) restore();
    subject.requests = 0;
    notified.clear();
    for (const page of pages) notified.add(page);
    mapped.clear();
    for (const [page, letter] of ptes) mapped.set(page, letter);
    ptl.holder = NOBODY;
    failslab.isSet = isSet;
  };
}

/** A request of somebody who has the disk open, and keeps it so: else EBADF. */
function* ifOpen<Result>(
  subject: ZramSubject,
  request: Generator<Stop, Result>,
): Generator<Stop, Result | "EBADF"> {
  yield reads(OPENERS, "blkdev_read_iter, block/fops.c");
  if (subject.zram.openers === 0) return "EBADF";
  subject.requests++;
  const result = yield* request;
  subject.requests--;
  return result;
}

const write = (page: number, letter: string): Operation => (subject) => {
  const contents = CONTENTS.get(letter);
  if (contents === undefined) throw new Error(`no page is called ${letter}`);
  return ifOpen(subject, subject.zram.writeSteps(page, contents));
};

/**
 * Reads a page. Where it is overwritten meanwhile, the block of a written-back
 * page may be another's by the time that it is read, or what was read is not
 * what is to be decompressed; unless it is asked `strictly`, that is let pass.
 */
const read = (page: number, isStrict: boolean): Operation =>
  function* (subject) {
    const into = new Uint8Array(PAGE_SIZE);
    const reading = ifOpen(subject, subject.zram.readSteps(page, into));
    const { errno, isReused } = yield* watchBlock(subject, page, reading);
    const { zram, notified } = subject;
    const isLost = isReused || (zram.compressedWb && errno === "EIO");
    const isAnybodys = notified.has(page) || (isLost && !isStrict);
    if (isAnybodys) return ANYTHING;
    return errno ?? letterOf(into);
  };

/**
 * Runs a read of a page, and tells whether the block that it read was another's:
 * it was written once the read knew which, or, where what was read is
 * decompressed later, the page is in another one, or there anew, by then.
 */
function* watchBlock(
  { zram }: ZramSubject,
  page: number,
  reading: Generator<Stop, Errno | "EBADF" | undefined>,
): Generator<
  Stop,
  { errno: Errno | "EBADF" | undefined; isReused: boolean }
> {
  const device = zram.backing?.device;
  const blocks = device instanceof Blocks ? device : undefined;
  let isReused = false;
  let read = { block: -1, writes: 0 };
  let step = reading.next();
  while (!step.done) {
    const block = blockReadAt(step.value);
    const before = blocks?.writes[block];
    const sent: unknown = yield step.value;
    if (blocks?.writes[block] !== before) isReused = true;
    if (before !== undefined) read = { block, writes: before };
    step = reading.next(sent);
  }
  const isLater = read.block >= 0 && zram.compressedWb;
  const isAnew = isLater && (zram.slots.block(page) !== read.block ||
    blocks?.writes[read.block] !== read.writes);
  return { errno: step.value, isReused: isReused || isAnew };
}

/** The block that is read next, or -1. */
function blockReadAt(stop: Stop): number {
  if (typeof stop === "string" || stop.does !== "read") return -1;
  const [, block = "-1"] = /^block (\d+)$/.exec(stop.state) ?? [];
  return Number(block);
}

const discard = (page: number, pages: number): Operation => (subject) =>
  ifOpen(subject, subject.zram.discardSteps(page, pages));

const notify = (page: number): Operation =>
  function* (subject) {
    const { zram, notified } = subject;
    return yield* ifOpen(
      subject,
      (function* () {
        notified.add(page);
        yield* zram.slotFreeNotifySteps(page);
      })(),
    );
  };

/** Answers that come of others who are at it just now. */
const CONTENTION: readonly unknown[] = ["EAGAIN", "ENOSPC", "EIO"];

const store = (name: string, text: string): Operation =>
  function* ({ zram }) {
    const errno = yield* writeAttributeSteps(zram, name, text);
    return CONTENTION.includes(errno) ? ANYTHING : errno;
  };

/** Attributes whose numbers others change as they are shown. */
const STATISTICS = ["mm_stat", "io_stat", "bd_stat", "debug_stat"];

const show = (name: string): Operation =>
  function* ({ zram }) {
    if (name === "block_state") {
      const shown = yield* blockStateSteps(zram);
      return "errno" in shown ? shown.errno : ANYTHING;
    }
    const shown = yield* readAttributeSteps(zram, name);
    const isMoving = STATISTICS.includes(name) || /_total$|^num_/.test(name);
    return isMoving ? ANYTHING : shown;
  };

/** Waits until no reset keeps the disk. */
function* untilUnclaimed(zram: Zram): Generator<Stop, void> {
  while (zram.isClaimed) yield blocked("a reset keeps the disk");
}

/** Opens the disk, again where a reset keeps it just now. */
const open = (isExclusive: boolean): Operation =>
  function* ({ zram }) {
    while ((yield* zram.openSteps(isExclusive)) === "EBUSY") {
      yield* untilUnclaimed(zram);
    }
  };

/** Closes the disk, once nobody's request keeps the file; EBADF where it is not open. */
const close = (isExclusive: boolean): Operation =>
  function* (subject) {
    const { zram } = subject;
    for (;;) {
      yield acquire(zram.locks.open, BLKDEV_PUT);
      const wasOpen = (isExclusive ? zram.holders : zram.openers) > 0;
      const isKept = subject.requests > 0;
      if (wasOpen && !isKept) zram.close(isExclusive);
      zram.lockdep.touch(OPENERS, true);
      yield release(zram.locks.open, BLKDEV_PUT);
      if (!isKept) return wasOpen ? undefined : "EBADF";
      while (subject.requests > 0) yield blocked("a request keeps the file");
    }
  };

const BLKDEV_PUT = "blkdev_put, block/bdev.c";

/** Resets the device, again where another's reset keeps it just now. */
const reset: Operation = function* ({ zram }) {
  for (;;) {
    const reset = writeAttributeSteps(zram, "reset", "1");
    let isKept = false;
    let step = reset.next();
    while (!step.done) {
      // Whether it is refused shows first where it lets the disk's lock go.
      const stop: Stop = step.value;
      const isRefusal = typeof stop !== "string" && stop.does === "release" &&
        stop.lock === zram.locks.open;
      if (isRefusal) isKept = zram.openers === 0;
      step = reset.next(yield stop);
    }
    if (step.value !== "EBUSY" || !isKept) return step.value;
    yield* untilUnclaimed(zram);
  }
};

/**
 * One of two threads of an address space swaps a page in, past the swap cache:
 * whoever maps it frees the slot, or up to 5.17 whoever has read it. Answers
 * what is mapped then. Specifies `do_swap_page`, mm/memory.c, and
 * `end_swap_bio_read`, mm/page_io.c.
 */
const fault = (page: number): Operation =>
  function* (subject) {
    const { zram, mapped, ptl, notified } = subject;
    const pte = `pte ${page}`;
    yield reads(pte, "do_swap_page, mm/memory.c");
    const before = mapped.get(page);
    if (before !== undefined) return before;
    const into = new Uint8Array(PAGE_SIZE);
    const errno = yield* ifOpen(subject, zram.readSteps(page, into));
    if (errno !== undefined) return errno;
    const atOnce = zram.profile.zram.swapReadEnds === "frees-slot";
    if (atOnce) yield* zram.slotFreeNotifySteps(page);
    yield acquire(ptl, "do_swap_page, mm/memory.c");
    const isFirst = !mapped.has(page);
    if (isFirst) mapped.set(page, letterOf(into));
    notified.add(page);
    zram.lockdep.touch(pte, isFirst);
    if (isFirst && !atOnce) yield* zram.slotFreeNotifySteps(page);
    yield release(ptl, "do_swap_page, mm/memory.c");
    return mapped.get(page);
  };

/** From now on there is no memory for a pool. */
const failslab: Operation = function* ({ failslab }) {
  yield writes("failslab", "should_failslab, mm/failslab.c");
  failslab.isSet = true;
};

/** A page's number in words. */
function pageOf(text: string | undefined): number | undefined {
  const page = /^\d$/.test(text ?? "") ? Number(text) : PAGES;
  return page < PAGES ? page : undefined;
}

/** Makes the operation that words stand for, the first of which is its name. */
type Reader = (
  words: readonly string[],
  profile: Profile,
) => Operation | undefined;

/** The operation of a page, and of nothing else. */
const ofPage = (operation: (page: number) => Operation): Reader => (words) => {
  const page = pageOf(words[0]);
  return page === undefined || words.length > 1 ? undefined : operation(page);
};

/** What is stored to an attribute that a kernel has. */
function storeIn(
  profile: Profile,
  name: string,
  words: readonly string[],
): Operation | undefined {
  const isThere = Object.hasOwn(profile.zram.attributes, name);
  const isText = words.length > 0;
  return isThere && isText ? store(name, words.join(" ")) : undefined;
}

const READERS: Readonly<Record<string, Reader>> = {
  write([number, letter = "", ...rest]) {
    const page = pageOf(number);
    const isLetter = CONTENTS.has(letter) && rest.length === 0;
    return page !== undefined && isLetter ? write(page, letter) : undefined;
  },
  read([number, how, ...rest]) {
    const page = pageOf(number);
    const isKnown = (how ?? "strictly") === "strictly" && rest.length === 0;
    if (page === undefined || !isKnown) return undefined;
    return read(page, how !== undefined);
  },
  discard([number, count = "1", ...rest], { zram }) {
    const page = pageOf(number);
    if (page === undefined || rest.length > 0 || !zram.discard) {
      return undefined;
    }
    return /^[1-3]$/.test(count) ? discard(page, Number(count)) : undefined;
  },
  notify: ofPage(notify),
  fault: ofPage(fault),
  writeback: (words, profile) => storeIn(profile, "writeback", words),
  recompress: (words, profile) => storeIn(profile, "recompress", words),
  failslab: (words) => words.length === 0 ? failslab : undefined,
  idle: (words, profile) => storeIn(profile, "idle", words),
  compact: (words, profile) =>
    words.length === 0 ? storeIn(profile, "compact", ["1"]) : undefined,
  reset: (words) => words.length === 0 ? reset : undefined,
  set: ([name = "", ...words], profile) => storeIn(profile, name, words),
  get([name = "", ...rest], { zram }) {
    const isThere = Object.hasOwn(zram.attributes, name) ||
      (name === "block_state" && zram.memoryTracking);
    return isThere && rest.length === 0 ? show(name) : undefined;
  },
  open: (words) => exclusively(words, open),
  close: (words) => exclusively(words, close),
};

function exclusively(
  words: readonly string[],
  operation: (isExclusive: boolean) => Operation,
): Operation | undefined {
  if (words.length === 0) return operation(false);
  return words.join() === "exclusively" ? operation(true) : undefined;
}

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
  operations: [
    "write PAGE LETTER",
    "read PAGE [strictly]",
    "discard PAGE [PAGES]",
    "notify PAGE",
    "fault PAGE",
    "writeback TEXT",
    "recompress TEXT",
    "idle all",
    "compact",
    "reset",
    "set ATTRIBUTE TEXT",
    "get ATTRIBUTE",
    "failslab",
    "open [exclusively]",
    "close [exclusively]",
  ],
  isIn: () => true,
  create,
  remember,
  lockdepOf: ({ zram }) => zram.lockdep,
  operationOf([verb = "", ...words], profile) {
    return Object.hasOwn(READERS, verb)
      ? READERS[verb](words, profile)
      : undefined;
  },
  atRest,
  random: randomZramRace,
});
