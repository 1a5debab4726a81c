/** Planted defects of zram's requests: bios, writes, pages of one word. */
import { type Mutant, mutantsOf } from "./mutant.ts";

const BIO_REQUEST = mutantsOf("zram/bio_request", ["zram"], [
  {
    what: "zeroes are written by discarding where pages are larger than blocks",
    from: "profile.zram.writeZeroes && profile.pageSize === LOGICAL_BLOCK_SIZE",
    to: "profile.zram.writeZeroes",
  },
  {
    what: "an unaligned request inside the disk gets EIO from the block layer",
    from: `return inside ? "EINVAL" : "EIO";`,
    to: `return "EIO";`,
  },
  {
    what: "a request may reach beyond the disk",
    from: "start < disksize && start + bytes <= disksize;",
    to: "start < disksize;",
  },
]);

const BIO_SEGMENTS = mutantsOf("zram/bio_segments", ["zram"], [
  {
    what: "a part is merged with a page that could not be read",
    from:
      "const stored = errno ?? (yield* writePageSteps(zram, page, whole.bytes));",
    to: "const stored = yield* writePageSteps(zram, page, whole.bytes);",
  },
  {
    what: "the page for a part of a read is not given back",
    from: `whole.free();
  return errno === undefined`,
    to: "return errno === undefined",
  },
  {
    what: "a read that fails below counts as failed",
    from: `=== undefined ? "done" : "failed-below";`,
    to: `=== undefined ? "done" : "failed";`,
  },
  {
    what: "failed reads count as failed writes",
    from: `if (op === "read") zram.ioStat.failedReads++;
    else zram.ioStat.failedWrites++;`,
    to: "zram.ioStat.failedWrites++;",
  },
  {
    what: "a segment that failed counts as an access in every release",
    from: `if (outcome !== "failed" || failureIsAccess) {`,
    to: "if (outcome !== undefined || failureIsAccess) {",
  },
  {
    what: "6.1 moves on in the disk behind a segment that failed",
    from: "at = endOfMemoryPage;",
    to: `position += endOfMemoryPage - at;
      at = endOfMemoryPage;`,
  },
]);

const IDLE = mutantsOf("zram/idle", ["zram"], [
  {
    what: "a page read amid its writeback keeps its mark",
    from: "slots.clearFlag(page, ZRAM_IDLE | ZRAM_PP_SLOT);",
    to: "slots.clearFlag(page, ZRAM_IDLE);",
    machines: ["zram", "swap"],
  },
]);

const SLOT_FREE_NOTIFY = mutantsOf("zram/slot_free_notify", ["zram"], [
  {
    what: "a page whose slot is locked is freed by the swap layer",
    from: `if (slots.has(page, ZRAM_LOCK)) ioStat.missFree++;
  else freePage(zram, page);`,
    to: `if (slots.has(page, ZRAM_LOCK)) ioStat.missFree++;
  freePage(zram, page);`,
    machines: ["zram", "swap"],
  },
]);

const BIO = mutantsOf("zram/bio", ["zram"], [
  {
    what: "6.16 ends a discard within a page",
    from: "if (isWithin && zram.profile",
    to: "if (offset < 0 && zram.profile",
  },
  {
    what: "6.16 ends a discard within a page that reaches the page's end",
    from: "bytes <= pageSize - offset",
    to: "bytes < pageSize - offset",
  },
  {
    what: "a page is discarded of which a part was meant",
    from: "let page = Math.ceil(start / pageSize); page < end",
    to: "let page = Math.floor(start / pageSize); page < end",
  },
  {
    what: "a discard counts stored pages alone",
    from:
      `    yield* underSlot(zram, page, BIO_DISCARD, () => freePage(zram, page));
    zram.ioStat.notifyFree++;`,
    to: `    if (zram.slots.isAllocated(page)) zram.ioStat.notifyFree++;
    yield* underSlot(zram, page, BIO_DISCARD, () => freePage(zram, page));`,
  },
]);

const WRITE = mutantsOf("zram/write", ["zram"], [
  {
    what: "a page of just the huge size is stored compressed",
    from: "const huge = length >= zram.wholeFrom;",
    to: "const huge = length > zram.wholeFrom;",
  },
  {
    what: "a page that its compressor fails on is stored whole",
    from: "return huge ? data.length : length;",
    to: "return huge || length === 0 ? data.length : length;",
  },
  {
    what: "the limit refuses a page that just fits",
    from: "pool.pagesAllocated > limitPages;",
    to: "pool.pagesAllocated >= limitPages;",
  },
  {
    what: "the limit lets one page too many in",
    from: "pool.pagesAllocated > limitPages;",
    to: "pool.pagesAllocated > limitPages + 1;",
  },
  {
    what: "the limit is looked at before the pool grows",
    from: `let handle = zram.initialisedPool.malloc(length);
  if (typeof handle === "string" && zram.profile.zram.mallocSlowPath) {
    handle = mallocSlowly(zram, length);`,
    to: `const { limitPages } = zram;
  if (limitPages !== 0 && zram.initialisedPool.pagesAllocated >= limitPages) {
    return "ENOMEM";
  }
  let handle = zram.initialisedPool.malloc(length);
  if (typeof handle === "string" && zram.profile.zram.mallocSlowPath) {
    handle = mallocSlowly(zram, length);`,
  },
  {
    what: "an object that the limit refuses is not freed",
    from: `pool.free(handle);
  return "ENOMEM";`,
    to: `return "ENOMEM";`,
  },
  {
    what: "mem_used_max misses what the limit undoes",
    from: "if (!refused || refusedRaisesMax) {",
    to: "if (!refused) {",
  },
  {
    what: "mem_used_max has what the limit undoes in 4.0 too",
    from: "if (!refused || refusedRaisesMax) {",
    to: "if (!refused || limitPages !== 0) {",
  },
  {
    what: "mem_used_max falls with what is used",
    from: "Math.max(stats.maxUsedPages, pool.pagesAllocated)",
    to: "pool.pagesAllocated",
  },
  {
    what: "mem_used_max counts a page too many",
    from: "Math.max(stats.maxUsedPages, pool.pagesAllocated)",
    to: "Math.max(stats.maxUsedPages, pool.pagesAllocated + 1)",
  },
  {
    what: "writestall is not counted",
    from: "zram.ioStat.writestall++;",
    to: "",
  },
  {
    what: "writestall counts the second failure as well",
    from: `zram.ioStat.writestall++;
  return zram.initialisedPool.malloc(length);`,
    to: `zram.ioStat.writestall++;
  const handle = zram.initialisedPool.malloc(length);
  if (typeof handle === "string") zram.ioStat.writestall++;
  return handle;`,
  },
  {
    what: "the older page goes where the new one finds no memory",
    from: "const handle = mallocWithinLimit(zram, length);",
    to: `freePage(zram, page);
  const handle = mallocWithinLimit(zram, length);`,
  },
  {
    what: "a huge page that is freed still counts",
    from: "if (slots.has(page, ZRAM_HUGE) && !isBack) stats.hugePages--;",
    to: "",
  },
  {
    what: "since 7.0 a huge page counts twice as gone",
    from: "if (slots.has(page, ZRAM_HUGE) && !isBack) stats.hugePages--;",
    to: "if (slots.has(page, ZRAM_HUGE)) stats.hugePages--;",
  },
  {
    what: "up to 4.10 a page of zeros that is freed counted as stored",
    from:
      `if (!same || zram.profile.zram.sameFilled === "word") stats.pagesStored--;`,
    to: "stats.pagesStored--;",
  },
  {
    what: "up to 4.10 half a word of zeros takes no memory",
    from: "(readWord32(data, 0) === 0 && readWord32(data, 4) === 0);",
    to: "readWord32(data, 0) === 0;",
  },
  {
    what: "a page of one word leaves the older one's object behind",
    from: `makeRoom(zram, page);
  const high`,
    to: "const high",
  },
]);

const SAME_FILLED = mutantsOf("zram/same_filled", ["zram", "zswap"], [
  {
    what: "a page of one word but for its last word is taken for same-filled",
    from: "if (page[last + nth] !== page[nth]) return false;",
    to: "",
  },
  {
    what: "a page of one word but for its last byte is taken for same-filled",
    from: `for (let nth = 0; nth < wordBytes; nth++) {
    if (page[last`,
    to: `for (let nth = 0; nth < wordBytes - 1; nth++) {
    if (page[last`,
  },
  {
    what: "a word's lower half fills its upper half too",
    from: "page[nth] = (nth < 4 ? low : high) >>> (8 * (nth & 3));",
    to: "page[nth] = low >>> (8 * (nth & 3));",
  },
]);

/** Planted defects of zram's requests. */
export const ZRAM_REQUESTS_MUTANTS: readonly Mutant[] = [
  ...BIO,
  ...SLOT_FREE_NOTIFY,
  ...IDLE,
  ...BIO_SEGMENTS,
  ...BIO_REQUEST,
  ...WRITE,
  ...SAME_FILLED,
];
