/** Planted defects of zram's post-processing: idle marks, writeback, recompression. */
import { type Mutant, mutantsOf } from "./mutant.ts";

const IDLE = mutantsOf("zram/idle", ["zram"], [
  {
    what: "a page of just the age is marked",
    from: "slots.acTime(page) < cutoff",
    to: "slots.acTime(page) <= cutoff",
  },
  {
    what: "6.18 leaves younger pages their mark",
    from: `else if (idleMarks === "in-pool") slots.clearFlag(page, ZRAM_IDLE);`,
    to: "",
  },
  {
    what: "5.10 takes an age",
    from: "trackEntryActime && idleAges",
    to: "trackEntryActime",
  },
  {
    what: "an age that reaches back to the start marks none",
    from: `cutoff === "all" || cutoff === 0 ||`,
    to: `cutoff === "all" ||`,
  },
  {
    what: "6.18 marks pages of one word",
    from: `"in-pool": ZRAM_SAME | ZRAM_WB | ZRAM_UNDER_WB`,
    to: `"in-pool": ZRAM_WB | ZRAM_UNDER_WB`,
  },
]);

const PP_CTL = mutantsOf("zram/post_processing", ["zram"], [
  {
    what: "128 bytes of size share a bucket",
    from: "const PP_BUCKET_SIZE_RANGE = 64;",
    to: "const PP_BUCKET_SIZE_RANGE = 128;",
  },
  {
    what: "the slot that was placed first in its bucket comes first",
    from: "(this.#buckets[bucket] ??= []).push(slot);",
    to: "(this.#buckets[bucket] ??= []).unshift(slot);",
  },
  {
    what: "the smallest objects come first",
    from: "Math.floor(this.#slots.size(slot) / PP_BUCKET_SIZE_RANGE);",
    to: `this.#buckets.length - 1 -
      Math.floor(this.#slots.size(slot) / PP_BUCKET_SIZE_RANGE);`,
  },
  {
    what: "frame 0 is taken for none",
    from: "if (pfn === NO_PAGE) return undefined;",
    to: "if (pfn <= 0) return undefined;",
  },
  {
    what: "a mark stays where no slot waits any more",
    from: "if (slot !== undefined) yield* unmark(zram, slot);",
    to: "",
  },
]);

const BACKING = mutantsOf("zram/backing", ["zram"], [
  {
    what: "the block behind the device's last is taken",
    from: "if (block >= this.device.pages) return undefined;",
    to: "if (block > this.device.pages) return undefined;",
  },
  {
    what: "a block that is given back stays in use",
    from: "this.#bitmap[block >>> 5] &= ~(1 << (block & 31));",
    to: "",
  },
  {
    what: "a full word of blocks ends the search",
    from: "? ((block >>> 5) + 1) << 5",
    to: "? this.device.pages",
  },
]);

const WRITEBACK = mutantsOf("zram/writeback", ["zram"], [
  {
    what: "the limit stops at 0 instead of wrapping",
    from: "zram.wbLimit = BigInt.asUintN(64, zram.wbLimit - limitUnits(zram));",
    to: `const units = limitUnits(zram);
  zram.wbLimit = zram.wbLimit > units ? zram.wbLimit - units : 0n;`,
  },
  {
    what: "the limit counts pages",
    from: "return BigInt(profile.pageSize / LIMIT_UNIT);",
    to: "return BigInt(profile.pageSize / profile.pageSize);",
  },
  {
    what: "6.1 looks for a block where a page is left alone",
    from: `      const refused = yield* reserve(zram, reserved);
      if (refused !== undefined) {
        errno = refused;
        break;
      }
      yield* lockSlot(zram, page, WRITEBACK_STORE);`,
    to:
      `      if (!canWriteBack(zram, page, flags) && !isExhausted(zram)) continue;
      const refused = yield* reserve(zram, reserved);
      if (refused !== undefined) {
        errno = refused;
        break;
      }
      yield* lockSlot(zram, page, WRITEBACK_STORE);`,
  },
  {
    what: "6.1 looks at the limit where a page is to be written alone",
    from: `      const refused = yield* reserve(zram, reserved);
      if (refused !== undefined) {
        errno = refused;
        break;
      }
      yield* lockSlot(zram, page, WRITEBACK_STORE);`,
    to:
      `      if (!canWriteBack(zram, page, flags) && isExhausted(zram)) continue;
      const refused = yield* reserve(zram, reserved);
      if (refused !== undefined) {
        errno = refused;
        break;
      }
      yield* lockSlot(zram, page, WRITEBACK_STORE);`,
  },
  {
    what: "6.18 does not give the block back that was not used",
    from: `  yield writes(BITMAP, FREE_BLOCK);
  zram.freeBlock(reserved.block);`,
    to: "  yield writes(BITMAP, FREE_BLOCK);",
  },
  {
    what: "6.1 writes pages of one word back",
    from: "!slots.has(page, ZRAM_WB | ZRAM_SAME | ZRAM_UNDER_WB) &&",
    to: "!slots.has(page, ZRAM_WB | ZRAM_UNDER_WB) &&",
  },
  {
    what: "6.1 counts a write that failed",
    from: "if (errno === undefined) zram.stats.bdWrites++;",
    to: "zram.stats.bdWrites++;",
  },
  {
    what: "6.18 counts a write that failed",
    from: `  if (errno !== undefined) return errno;
  zram.stats.bdWrites++;`,
    to: `  zram.stats.bdWrites++;
  if (errno !== undefined) return errno;`,
  },
  {
    what: "6.1 loses a page that is written anew amid its writeback",
    from: "!slots.isAllocated(page) || !slots.has(page, ZRAM_IDLE);",
    to: "!slots.isAllocated(page);",
    machines: ["zram", "swap"],
  },
  {
    what: "6.18 loses a page that is written anew amid its writeback",
    from: `    if (!slots.has(page, ZRAM_PP_SLOT)) return;
    becomeWrittenBack`,
    to: "    becomeWrittenBack",
    machines: ["zram", "swap"],
  },
  {
    what: "a page that was written back keeps the mark of it",
    from: `    slots.clearFlag(page, ZRAM_UNDER_WB);
    yield* underLimit`,
    to: "    yield* underLimit",
  },
  {
    what: "6.1 leaves a page that could not be written idle",
    from: "slots.clearFlag(page, ZRAM_UNDER_WB | ZRAM_IDLE);",
    to: "slots.clearFlag(page, ZRAM_UNDER_WB);",
  },
  {
    what: "6.18 forgets an error where a later page is written",
    from:
      "errno = (yield* writeMarked(zram, page, reserved, buffer.bytes)) ?? errno;",
    to: "errno = yield* writeMarked(zram, page, reserved, buffer.bytes);",
  },
  {
    what:
      "6.1 forgets an error where a later page is written amid its writeback",
    from: "else errno = outcome ?? errno;",
    to: "else errno = outcome;",
  },
  {
    what: "6.1 refuses the disk's last page",
    from: "return page >= 0 && page < pages ?",
    to: "return page >= 0 && page + 1 < pages ?",
  },
  {
    what: "5.10 takes a page's number",
    from: `zram.writebackPages === "none" || !text.startsWith(signature)`,
    to: "!text.startsWith(signature)",
  },
  {
    what: "6.1 reads a page before its slot is unlocked",
    from: `zram.profile.zram.writebackReads === "locked"`,
    to: "zram.profile.zram.writebackReads.length > 0",
  },
  {
    what: "a page that is written back no longer counts as stored",
    from: "zram.stats.pagesStored++;",
    to: "",
  },
]);

const REQUEST = mutantsOf("zram/writeback_request", ["zram"], [
  {
    what: "a range of one page is refused",
    from: `return last < start ? "ERANGE"`,
    to: `return last <= start ? "ERANGE"`,
  },
  {
    what: "a range is without its last page",
    from: `"ERANGE" : { start, end: last + 1 };`,
    to: `"ERANGE" : { start, end: last };`,
  },
  {
    what: "the page behind the disk is taken",
    from: "return page < BigInt(pages)",
    to: "return page <= BigInt(pages)",
  },
  {
    what: "a type holds in the whole disk behind a range too",
    from: "selections.push({ ...range, flags: WRITEBACK_TYPES[type] });",
    to: `selections.push({
        start: 0,
        end: zram.slots.length,
        flags: WRITEBACK_TYPES[type],
      });`,
  },
]);

const RECOMPRESS = mutantsOf("zram/recompress", ["zram"], [
  {
    what: "a new object of just the threshold is taken",
    from: `      (threshold === 0 || length < threshold);
    if (isGood)`,
    to: `      (threshold === 0 || length <= threshold);
    if (isGood)`,
  },
  {
    what: "an object of just the threshold stays",
    from: "if (slots.size(page) < request.threshold) return;",
    to: "if (slots.size(page) <= request.threshold) return;",
  },
  {
    what: "a threshold of the huge size is taken",
    from: `if (threshold >= zram.pool.hugeClassSize) return "EINVAL";`,
    to: `if (threshold > zram.pool.hugeClassSize) return "EINVAL";`,
  },
  {
    what: "a page that no algorithm makes smaller is tried again",
    from: "if (priorities.end >= comps.activeCount) {",
    to: "if (priorities.end > comps.activeCount) {",
  },
  {
    what: "a page that was tried stays idle",
    from: "slots.clearFlag(page, ZRAM_IDLE);",
    to: "",
  },
  {
    what: "max_pages counts the pages that became smaller",
    from: `request.maxPages--;
  if (smaller === undefined) {`,
    to: `if (smaller !== undefined) request.maxPages--;
  if (smaller === undefined) {`,
  },
  {
    what: "a page of the last algorithm is a candidate",
    from: "    priorities.end - 1,",
    to: "    priorities.end,",
  },
  {
    what: "an incompressible page is a candidate",
    from: "const EXCLUDED = ZRAM_WB | ZRAM_SAME | ZRAM_INCOMPRESSIBLE;",
    to: "const EXCLUDED = ZRAM_WB | ZRAM_SAME;",
  },
  {
    what: "an algorithm that fails is passed over",
    from: `if (length === 0) return "EINVAL";`,
    to: "",
  },
  {
    what: "a new object of the same class is taken",
    from: "length > 0 && pool.lookupClassIndex(length) < oldClass &&",
    to: "length > 0 && pool.lookupClassIndex(length) <= oldClass &&",
  },
  {
    what: "an algorithm is tried that the page has already",
    from: "const start = Math.max(first, slots.priority(page) + 1);",
    to: "const start = first;",
  },
  {
    what: "an algorithm above a gap is tried",
    from: "end = Math.min(end, comps.activeCount);",
    to: "",
  },
  {
    what: "the page for the while of it is not given back",
    from: `  } finally {
    page.free();
  }`,
    to: `  } finally {
    page.bytes.fill(0);
  }`,
  },
  {
    what: "the older object goes before there is a new one",
    from: "const handle = pool.malloc(length);",
    to: `freePage(zram, page);
  const handle = pool.malloc(length);`,
  },
  {
    what: "a recompressed page keeps the first algorithm's priority",
    from: "slots.setPriority(page, priority);",
    to: "",
  },
]);

const RECOMPRESS_BY_INDEX = mutantsOf("zram/recompress_by_index", ["zram"], [
  {
    what: "6.12 marks a page that some algorithms were not tried on",
    from: "if (isStuck && tried === comps.activeCount - 1) {",
    to: "if (isStuck) {",
  },
  {
    what: "6.12 marks a page that got smaller, but not by enough",
    from: "if (isStuck && tried === comps.activeCount - 1) {",
    to: "if (tried === comps.activeCount - 1) {",
  },
  {
    what: "6.12 counts a page that nothing was tried on",
    from: `if (tried === 0) return undefined;
  if (smaller === "EINVAL") return smaller;
  request.maxPages--;`,
    to: `request.maxPages--;
  if (tried === 0) return undefined;
  if (smaller === "EINVAL") return smaller;`,
  },
  {
    what: "6.12 passes over an algorithm that fails",
    from: `if (length === 0) return { tried, isStuck, smaller: "EINVAL" };`,
    to: "",
  },
  {
    what: "6.12 leaves a page idle that nothing was tried on",
    from: `slots.clearFlag(page, ZRAM_IDLE);
  const found = yield* search(zram, page, request, priorities, buffer);
  const { tried, isStuck, smaller } = found;
  if (tried === 0) return undefined;`,
    to: `const found = yield* search(zram, page, request, priorities, buffer);
  const { tried, isStuck, smaller } = found;
  if (tried === 0) return undefined;
  slots.clearFlag(page, ZRAM_IDLE);`,
  },
  {
    what: "6.12 takes the class of the first algorithm for that of the last",
    from: "isStuck = pool.lookupClassIndex(length) >= oldClass;",
    to: "isStuck ||= pool.lookupClassIndex(length) >= oldClass;",
  },
  {
    what: "6.12 refuses a priority without an algorithm",
    from: "return { first: priority, end: Math.min(priorityEnd, MAX_COMPS) };",
    to: `return comps.codecAt(priority) === undefined
      ? "EINVAL"
      : { first: priority, end: Math.min(priorityEnd, MAX_COMPS) };`,
  },
]);

/** Planted defects of zram's post-processing. */
export const ZRAM_PAGES_MUTANTS: readonly Mutant[] = [
  ...IDLE,
  ...PP_CTL,
  ...BACKING,
  ...WRITEBACK,
  ...REQUEST,
  ...RECOMPRESS,
  ...RECOMPRESS_BY_INDEX,
];
