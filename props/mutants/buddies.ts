/** Planted defects of zbud and z3fold. */
import { type Mutant, mutantsOf } from "./mutant.ts";

const ZBUD = [
  ...mutantsOf("zbud/header_lists", ["zbud", "z3fold"], [
    {
      what: "a page joins a list at its tail",
      from: `const next = this.#read(head, NEXT);
    this.#write(own, NEXT, next);
    this.#write(own, PREV, head);
    this.#write(next, PREV, own);
    this.#write(head, NEXT, own);`,
      to: `const prev = this.#read(head, PREV);
    this.#write(own, PREV, prev);
    this.#write(own, NEXT, head);
    this.#write(prev, NEXT, own);
    this.#write(head, PREV, own);`,
    },
  ]),
  ...mutantsOf("zbud/pool", ["zbud"], [
    {
      what: "the page with the most free chunks is taken",
      from: "for (let list = chunks; list < this.pages.nchunks; list++) {",
      to: "for (let list = this.pages.nchunks - 1; list >= chunks; list--) {",
    },
    {
      what: "a page with just as many free chunks is passed by",
      from: "for (let list = chunks; list < this.pages.nchunks; list++) {",
      to: "for (let list = chunks + 1; list < this.pages.nchunks; list++) {",
    },
    {
      what: "the first object of a page lies at its end",
      from: `return this.#place(pfn, "FIRST", chunks);`,
      to: `return this.#place(pfn, "LAST", chunks);`,
    },
    {
      what: "an object that is too large gets ENOMEM",
      from: `if (size > this.pages.maxSize) return "ENOSPC";`,
      to: `if (size > this.pages.maxSize) return "ENOMEM";`,
      machines: ["zbud", "zswap"],
    },
    {
      what: "a page counts before its frame is there",
      from: `if (pfn === NO_PAGE) return "ENOMEM";`,
      to: `if (pfn === NO_PAGE) {
      this.pagesNr++;
      return "ENOMEM";
    }`,
    },
    {
      what: "frame 0 is taken for none",
      from: `const pfn = this.memory.allocPage(GFP_KERNEL);
    if (pfn === NO_PAGE)`,
      to: `const pfn = this.memory.allocPage(GFP_KERNEL);
    if (pfn <= 0)`,
    },
    {
      what: "a page that reclaim holds is freed",
      from: "if (this.pages.underReclaim(pfn)) return;",
      to: "",
    },
    {
      what: "reclaim goes on with a page of which an object stays",
      from: "if (!(yield* evict(handle))) break;",
      to: "yield* evict(handle);",
    },
    {
      what: "reclaim takes the newest page",
      from: "const pfn = lru.last(0);",
      to: "const pfn = lru.first(0);",
    },
    {
      what: "a page that reclaim could not empty is on no list",
      from: `this.#list(pfn);
    this.lru?.add(pfn, 0);
    return false;`,
      to: `this.#list(pfn);
    return false;`,
    },
    {
      what: "a page that was tried in vain makes it EINVAL",
      from: `return "EAGAIN";`,
      to: `return "EINVAL";`,
    },
  ]),
  ...mutantsOf("zbud/zbud_page", ["zbud"], [
    {
      what: "an object of whole chunks takes one more",
      from: "return Math.ceil(size / this.chunkSize);",
      to: "return Math.floor(size / this.chunkSize) + 1;",
    },
    {
      what: "an object may leave no chunk for another",
      from: "this.maxSize = memory.pageSize - 2 * this.chunkSize;",
      to: "this.maxSize = memory.pageSize - this.chunkSize;",
    },
    {
      what: "a new page keeps the last object of its frame's owner",
      from: "for (const buddy of BUDDIES) this.setChunks(pfn, buddy, 0);",
      to: `this.setChunks(pfn, "FIRST", 0);`,
    },
  ]),
];

const Z3FOLD = [
  ...mutantsOf("z3fold/compaction", ["z3fold"], [
    {
      what: "a move that wins two chunks is made",
      from: "const BIG_CHUNK_GAP = 3;",
      to: "const BIG_CHUNK_GAP = 2;",
    },
    {
      what: "a move that wins three chunks is not made",
      from: "if (Math.abs(target - start) < BIG_CHUNK_GAP) return false;",
      to: "if (Math.abs(target - start) <= BIG_CHUNK_GAP) return false;",
    },
    {
      what: "a middle object that becomes the first keeps its number",
      from: "pages.addFirstNum(pfn);",
      to: "",
    },
    {
      what: "a middle object that is mapped is moved",
      from:
        "if (middle === 0 || pages.has(pfn, MIDDLE_CHUNK_MAPPED)) return false;",
      to: "if (middle === 0) return false;",
    },
    {
      what: "a middle object is moved onto the last",
      from: ": pages.totalChunks - last - middle;",
      to: ": pages.totalChunks - last;",
    },
    {
      what: "a mapped object is moved into another page",
      from: `pages.foreignHandles(pfn) > 0 ||
    pages.mappedCount(pfn) > 0`,
      to: "pages.foreignHandles(pfn) > 0",
    },
    {
      what: "an object from another page is moved on",
      from: `pages.foreignHandles(pfn) > 0 ||
    pages.mappedCount(pfn) > 0`,
      to: "pages.mappedCount(pfn) > 0",
    },
    {
      what: "a page does not count the objects from others",
      from: "pages.addForeignHandles(target, 1);",
      to: "",
    },
    {
      what: "the mark that compaction is queued stays",
      from: "lists.pages.clear(pfn, NEEDS_COMPACTING);",
      to: "",
    },
  ]),
  ...mutantsOf("z3fold/handles", ["z3fold"], [
    {
      what: "a page still counts an object from another that is freed",
      from: "if (isForeign) this.#pages.addForeignHandles(pfn, -1);",
      to: "",
    },
  ]),
  ...mutantsOf("z3fold/free", ["z3fold"], [
    {
      what: "slots of objects that are gone are not freed",
      from: "slots.free(structure);",
      to: "",
    },
  ]),
  ...mutantsOf("z3fold/pages_at_once", ["z3fold"], [
    {
      what: "a page that got no slots falls off its list",
      from: "else addToUnbuddied(parts, pfn);",
      to: "",
    },
    {
      what: "a page to be compacted takes an object",
      from: "if (!canHaveObject(parts, pfn)) continue;",
      to: "",
    },
  ]),
  ...mutantsOf("z3fold/at_once", ["z3fold"], [
    {
      what: "the slot of an object that reclaim evicts is emptied",
      from: "if (!isClaimed) freeHandle(parts, handle, pfn);",
      to: "freeHandle(parts, handle, pfn);",
    },
    {
      what: "a page whose only object moved away stays",
      from:
        "if (isMoved && pages.putPage(pfn)) return releasePage(parts, pfn);",
      to: "",
    },
    {
      what: "a page whose compaction is queued is unlisted",
      from: "queueCompaction(parts, pfn);",
      to: `parts.lists.unlist(pfn, FREE);
    queueCompaction(parts, pfn);`,
    },
    {
      what: "frame 0 is taken for none",
      from: `if (pfn === NO_PAGE) return "ENOMEM";`,
      to: `if (pfn <= 0) return "ENOMEM";`,
    },
    {
      what: "a new object does not make its page the newest",
      from: `  lists.touch(pfn);
  return handles.give(pfn, buddy);`,
      to: `  if (!lists.lru.has(pfn)) lists.touch(pfn);
  return handles.give(pfn, buddy);`,
    },
  ]),
  ...mutantsOf("z3fold/mapping", ["z3fold"], [
    {
      what: "a middle object stays mapped",
      from: "if (buddy === MIDDLE) pages.clear(pfn, MIDDLE_CHUNK_MAPPED);",
      to: "",
    },
  ]),
  ...mutantsOf("z3fold/page_lists", ["z3fold"], [
    {
      what: "a page that is listed is on no CPU's lists",
      from: "this.pages.setCpu(pfn, THIS_CPU);",
      to: "",
    },
    {
      what: "the frame of a page without slots is not given back",
      from: `this.pages.memory.freePage(pfn);
      return false;`,
      to: "return false;",
    },
    {
      what: "the page with the most free chunks is taken",
      from: "for (let list = chunks; list < this.pages.nchunks; list++) {",
      to: "for (let list = this.pages.nchunks - 1; list >= chunks; list--) {",
    },
    {
      what: "a page with just as many free chunks is passed by",
      from: "for (let list = chunks; list < this.pages.nchunks; list++) {",
      to: "for (let list = chunks + 1; list < this.pages.nchunks; list++) {",
    },
  ]),
  ...mutantsOf("z3fold/z3fold_page", ["z3fold"], [
    {
      what: "the largest object beside a header has a headless page",
      from: "return size > this.maxBuddySize;",
      to: "return size >= this.maxBuddySize;",
    },
    {
      what: "the second object of a page is the middle one",
      from: "return last === 0 ? LAST : MIDDLE;",
      to: "return MIDDLE;",
    },
    {
      what: "the room before the middle object has to be larger than the first",
      from: "if (first === 0 && chunks <= room) return FIRST;",
      to: "if (first === 0 && chunks < room) return FIRST;",
    },
    {
      what: "the room around the middle object counts as one",
      from: "return Math.max(before, after);",
      to: "return before + after;",
    },
  ]),
  ...mutantsOf("z3fold/reclaim", ["z3fold"], [
    {
      what: "the first object is evicted before the middle one",
      from: "= [MIDDLE, FIRST, LAST];",
      to: "= [FIRST, MIDDLE, LAST];",
    },
    {
      what: "a page with an object from another is reclaimed",
      from: "if (pages.foreignHandles(pfn) > 0 || claim(parts, pfn)) {",
      to: "if (claim(parts, pfn)) {",
    },
    {
      what: "the slots of a page that is freed are not",
      from: "slots.free(structure);",
      to: "",
    },
    {
      what: "a page that could not be emptied stays the oldest",
      from: "() => lists.lru.add(pfn)",
      to: `() => {
    const newer = [...lists.lru];
    lists.lru.clear();
    for (const one of [pfn, ...newer]) lists.lru.add(one);
  }`,
    },
    {
      what: "an empty pool makes it EAGAIN",
      from: `yield release(locks.pool, RECLAIM);
      return "EINVAL";`,
      to: `yield release(locks.pool, RECLAIM);
      return "EAGAIN";`,
    },
  ]),
];

/** Planted defects of zbud and z3fold. */
export const BUDDY_MUTANTS: readonly Mutant[] = [...ZBUD, ...Z3FOLD];
