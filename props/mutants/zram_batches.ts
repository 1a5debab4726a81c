/** Planted defects of zram since 6.19: batches, compressed pages, one algorithm. */
import { type Mutant, mutantsOf } from "./mutant.ts";

const BATCHES = mutantsOf("zram/writeback_batches", ["zram"], [
  {
    what: "a batch has a request more",
    from: "while (pages.length < Math.min(wbBatchSize, slots.length)) {",
    to: "while (pages.length <= Math.min(wbBatchSize, slots.length)) {",
  },
  {
    what: "pages of requests are not given back",
    from: "for (const page of requests) page.free();",
    to: "",
  },
  {
    what: "the first that was sent is looked at first",
    from:
      "for (let sent = done.at(-1); sent !== undefined; sent = done.at(-1)) {",
    to: "for (let sent = done[0]; sent !== undefined; sent = done[0]) {",
  },
  {
    what: "what is in flight is not completed where the limit ends it",
    from: "const completed = yield* completeDone(batch);",
    to:
      `const completed = sent === "EIO" ? undefined : yield* completeDone(batch);`,
  },
  {
    what: "a full batch hides an error of the one before",
    from:
      "if (idle.length === 0) errno = (yield* completeDone(batch)) ?? errno;",
    to: "if (idle.length === 0) errno = yield* completeDone(batch);",
  },
  {
    what: "the last error of the bios gives way to that of the limit",
    from: "return completed ?? sent;",
    to: "return sent ?? completed;",
  },
  {
    what: "a page that lost its mark is written back",
    from: "const page = isMarked ? idle.pop() : undefined;",
    to: "const page = isMarked || idle.length > 0 ? idle.pop() : undefined;",
  },
  {
    what: "a page that was touched in flight leaves memory",
    from: `} else if (!slots.has(slot, ZRAM_PP_SLOT)) {
    lockdep.touch(BITMAP, true);
    zram.freeBlock(block);`,
    to: "",
  },
  {
    what: "a failed page does not give its cost back",
    from: "if (zram.wbLimitEnable) {",
    to: "if (zram.wbLimitEnable && errno === undefined) {",
  },
  {
    what: "a failed page's block stays taken",
    from: `    }
    zram.freeBlock(block);
  } else if`,
    to: `    }
  } else if`,
  },
  {
    what: "a page that was touched gives its cost back",
    from: `} else if (!slots.has(slot, ZRAM_PP_SLOT)) {
    lockdep.touch(BITMAP, true);
    zram.freeBlock(block);`,
    to: `} else if (!slots.has(slot, ZRAM_PP_SLOT)) {
    if (zram.wbLimitEnable) zram.wbLimit += limitUnits(zram);
    zram.freeBlock(block);`,
  },
  {
    what: "the mark stays on what was written back",
    from: "yield* unmark(zram, sent.slot);",
    to: "",
  },
  {
    what: "7.2 forgets the block that was not used",
    from: `    yield writes(BITMAP, RELEASE);
    giveBack(zram, reserved);`,
    to: `    yield writes(BITMAP, RELEASE);
    zram.lostBlocks++;`,
  },
  {
    what: "7.1 gives the block back that was not used",
    from: `if (reserved.block !== undefined) zram.lostBlocks++;
    reserved.block = undefined;`,
    to: "giveBack(zram, reserved);",
  },
  {
    what: "the limit is charged when a page is written back",
    from: `chargeLimit(zram);
  yield writes`,
    to: "yield writes",
  },
  {
    what: "a page that is written back stays idle",
    from: "slots.clearFlag(slot, ZRAM_IDLE);",
    to: "",
  },
  {
    what: "a whole page that is written back counts as huge yet",
    from: "if (slots.has(slot, ZRAM_HUGE)) stats.hugePages--;",
    to: "",
  },
  {
    what: "the bytes of a page that is written back count yet",
    from: "stats.comprDataSize -= slots.size(slot);",
    to: "",
  },
  {
    what: "6.19 keeps the flags too",
    from: `profile.zram.writtenBackKeeps === "nothing"`,
    to: `profile.zram.writtenBackKeeps === undefined`,
  },
  {
    what: "a write that failed is counted",
    from: "if (sent.errno === undefined) zram.stats.bdWrites++;",
    to: "zram.stats.bdWrites++;",
  },
]);

const COMPRESSED = mutantsOf("zram/compressed_writeback", ["zram"], [
  {
    what: "the byte behind an object goes to its block as it was",
    from: "into.fill(0, size);",
    to: "into.fill(0, size + 1);",
  },
  {
    what: "pages are written whole whatever is set",
    from: "if (!zram.compressedWb) return readFromZspool(zram, slot, into);",
    to: "return readFromZspool(zram, slot, into);",
  },
  {
    what: "the first algorithm decompresses",
    from: "zram.codecAt(slots.priority(slot)).decompress(compressed, page);",
    to: "zram.codecAt(0).decompress(compressed, page);",
    reason:
      "Pages that state their length are read by every codec of the search alike; a test has it of real ones.",
  },
  {
    what: "whole pages are decompressed",
    from: "if (slots.has(slot, ZRAM_HUGE)) return undefined;",
    to: "",
  },
]);

const RECOMPRESS_ONE = mutantsOf("zram/recompress_one", ["zram"], [
  {
    what: "an unknown type is passed over",
    from: `if (request.flags.length === 0) return "EINVAL";`,
    to: "",
  },
  {
    what: "a page of the same priority is tried again",
    from: `      request,
      priority,`,
    to: `      request,
      priority + 1,`,
  },
  {
    what: "every algorithm marks what it does not make smaller",
    from: "if (isHighest(zram, priority)) slots",
    to: "slots",
  },
  {
    what: "a page that is tried stays idle",
    from: "slots.clearFlag(page, ZRAM_IDLE);",
    to: "",
  },
  {
    what: "an object of the threshold is small enough",
    from: "if (!isSmaller || (threshold !== 0 && length >= threshold)) {",
    to: "if (!isSmaller || (threshold !== 0 && length > threshold)) {",
  },
  {
    what: "the threshold is not kept",
    from: "if (!isSmaller || (threshold !== 0 && length >= threshold)) {",
    to: "if (!isSmaller) {",
  },
  {
    what: "an algorithm that fails is passed over",
    from: `    yield putStream(stream);
    return "EINVAL";`,
    to: `    yield putStream(stream);
    return;`,
  },
  {
    what: "a priority without an algorithm does nothing",
    from:
      `return zram.comps.codecAt(priority) === undefined ? "EINVAL" : priority;`,
    to: "return priority;",
  },
]);

const PRIORITY = mutantsOf("zram/algorithm_priority", ["zram"], [
  {
    what: "a name and a priority need not go together",
    from: `return isOther ? "EINVAL" : priority;`,
    to: "return priority;",
  },
  {
    what: "the primary algorithm is found by its name",
    from: "for (let nth = least; nth < end; nth++) {",
    to: "for (let nth = 0; nth < end; nth++) {",
  },
]);

const IDLE = mutantsOf("zram/idle", ["zram"], [
  {
    what: "7.0 takes an age of 64 bits",
    from: `function cutoffInSeconds(text: string, now: number): Cutoff {
  const age = kstrtoull(text, 32, 0);`,
    to: `function cutoffInSeconds(text: string, now: number): Cutoff {
  const age = kstrtoull(text, 64, 0);`,
  },
  {
    what: "7.3 marks every page of an age that is the uptime",
    from: "return Number(age) < uptime ?",
    to: "return Number(age) <= uptime ?",
  },
  {
    what: "7.3 counts a second of its uptime before it is over",
    from: "const uptime = Math.floor(now);",
    to: "const uptime = Math.ceil(now);",
  },
  {
    what: "7.0 counts a second before it is over",
    from: "return (Math.floor(now) - Number(age)) >>> 0;",
    to: "return (Math.ceil(now) - Number(age)) >>> 0;",
  },
  {
    what: "7.0 keeps an access time that is rounded up",
    from: "isWhole ? Math.floor(now()) % 2 ** 32 : now()",
    to: "isWhole ? Math.ceil(now()) % 2 ** 32 : now()",
  },
]);

const RECOMP_ALGORITHM = mutantsOf("zram/recomp_algorithm", ["zram"], [
  {
    what: "the place of a priority is counted twice",
    from: "const isAlgorithms = nth % 2 === 1;",
    to: "const isAlgorithms = true;",
  },
]);

/** Planted defects of zram since 6.19. */
export const ZRAM_BATCHES_MUTANTS: readonly Mutant[] = [
  ...BATCHES,
  ...COMPRESSED,
  ...RECOMPRESS_ONE,
  ...PRIORITY,
  ...IDLE,
  ...RECOMP_ALGORITHM,
];
