/** Planted defects of what moves objects or has to leave them: compaction, mapping, migration. */
import { type Mutant, mutantsOf } from "./mutant.ts";

const COMPACTION = [
  ...mutantsOf("zsmalloc/compact_class", ["zsmalloc"], [
    {
      what: "a mapped source is not put back",
      from: `if (!isLocked) putbackZspage(pool, sizeClass, source);`,
      to: "",
    },
    {
      what: "6.18 stops with a zspage's worth of room left",
      from: "while (canCompact(sizeClass) > 0) {",
      to: "while (canCompact(sizeClass) > sizeClass.pagesPerZspage) {",
    },
    {
      what: "6.1 goes on where no zspage could be freed",
      from: "if (canCompact(sizeClass) > 0) {",
      to: "if (sizeClass.objsUsed > 0) {",
    },
    {
      what: "6.18 fills the emptiest zspages",
      from:
        `if (destination === NO_ZSPAGE) destination = takeFullest(pool, sizeClass);`,
      to:
        `if (destination === NO_ZSPAGE) destination = takeEmptiest(pool, sizeClass);`,
    },
    {
      what: "6.1 and 4.0 fill the emptiest zspages",
      from: "const destination = takeFullest(pool, sizeClass);",
      to: "const destination = takeEmptiest(pool, sizeClass);",
    },
    {
      what: "4.0 takes objects from almost full zspages too",
      from: "isolateZspage(pool, sizeClass, EMPTIEST, EMPTIEST)",
      to: "isolateZspage(pool, sizeClass, EMPTIEST, fullest(sizeClass))",
    },
    {
      what: "6.1 takes objects from the fullest zspages",
      from: `const source = takeEmptiest(pool, sizeClass);
    if (source === NO_ZSPAGE) break;
    let destination`,
      to: `const source = takeFullest(pool, sizeClass);
    if (source === NO_ZSPAGE) break;
    let destination`,
    },
    {
      what: "5.10 takes objects from the fullest zspages",
      from: `const source = takeEmptiest(pool, sizeClass);
    if (source === NO_ZSPAGE) break;
    const destination`,
      to: `const source = takeFullest(pool, sizeClass);
    if (source === NO_ZSPAGE) break;
    const destination`,
    },
    {
      what: "6.18 keeps its destination though others want the lock",
      from: " || pool.isContended()) {",
      to: ") {",
    },
    {
      what: "6.1 goes on with its source though others want the lock",
      from: "if (isEnough()) return NO_ZSPAGE;",
      to: "",
    },
    {
      what: "6.12 leaves a class alone of which an object is mapped",
      from: `if (profile.mapped === "left-alone") {`,
      to: "if (profile.release.name) {",
    },
  ]),
  ...mutantsOf("zsmalloc/compaction", ["zsmalloc"], [
    {
      what: "a pinned object is moved",
      from: "if (!mappings.isPinned(handle)) return true;",
      to: "return true;",
    },
    {
      what: "objects moved are not counted",
      from: "pool.objectsMigrated++;",
      to: "",
    },
    {
      what: "objects moved are counted twice",
      from: "pool.objectsMigrated++;",
      to: "pool.objectsMigrated += 2;",
    },
    {
      what: "a moved object's last word stays behind",
      from: `(freeIndex * size) & mask,
    size,`,
      to: `(freeIndex * size) & mask,
    size - zspages.headerBytes,`,
    },
    {
      what: "the search in a next frame starts where the last one ended",
      from: "cursor.nth = 0;",
      to: "",
    },
    {
      what: "a zspage that is freed counts as one page",
      from: `yield* pool.countCompacted(sizeClass.pagesPerZspage);
  return sizeClass.pagesPerZspage;`,
      to: `yield* pool.countCompacted(sizeClass.pagesPerZspage);
  return 1;`,
    },
  ]),
];

const MAPPING = [
  ...mutantsOf("zsmalloc/mapping", ["zsmalloc"], [
    {
      what: "what is written to an object mapped to read is kept",
      from: `if (mode === "read-only") return;`,
      to: "",
    },
    {
      what: "an object mapped to write starts with its own bytes",
      from: `if (mode !== "write-only") zspages.readBytes(pfn, offset, copy);`,
      to: "zspages.readBytes(pfn, offset, copy);",
    },
    {
      what: "an object that ends with its frame is mapped as crossing frames",
      from: "chunk.offset + span <= this.#zspages.memory.pageSize",
      to: "chunk.offset + span < this.#zspages.memory.pageSize",
    },
    {
      what: "7.1 reads as many bytes as are asked for as if they were a chunk",
      from: `"bytes-read": ({ header }, length) => header + length,`,
      to: `"bytes-read": ({ size }) => size,`,
    },
    {
      what: "an object that is being freed is not pinned",
      from: "this.#pinned.add(handle);",
      to: "",
    },
    {
      what: "6.1 does not wait for a mapped object",
      from:
        `const LOCKED: readonly Profile["mapped"][] = ["waited-for", "left-alone"];`,
      to: `const LOCKED: readonly Profile["mapped"][] = ["left-alone"];`,
    },
  ]),
  ...mutantsOf("zsmalloc/migration", ["zsmalloc"], [
    {
      what: "free chunks do not count in an object's index",
      from: `offset += size, objIndex++) {
    const handle = zspages.objAllocated(pfn, offset);
    if (handle !== 0) yield { handle, objIndex };`,
      to: `offset += size) {
    const handle = zspages.objAllocated(pfn, offset);
    if (handle !== 0) yield { handle, objIndex: objIndex++ };`,
    },
    {
      what: "the frame that was replaced is not given back",
      from: "if (target === NO_PAGE) zspages.memory.freePage(pfn);",
      to: "",
    },
    {
      what: "a mapped object makes it EAGAIN",
      from: "return profile.migrationOfMapped;",
      to: `return "EAGAIN";`,
    },
    {
      what: "a pinned object is moved",
      from: "if (mappings.isPinned(handle)) {",
      to: "if (handle === 0) {",
    },
    {
      what: "a frame whose zspage is gone is moved",
      from: "if (pool.holds.isGone(pfn)) {",
      to: "if (pool.holds.isGone(pfn) && pfn === NO_PAGE) {",
    },
  ]),
];

const HOLDS = [
  ...mutantsOf("zsmalloc/isolation", ["zsmalloc"], [
    {
      what: "a locked frame is isolated",
      from: "mayIsolate(pool, pfn) && !pool.holds.isLocked(pfn) &&",
      to: "mayIsolate(pool, pfn) &&",
    },
    {
      what: "5.10 leaves the zspage on its list",
      from: "removeZspage(zspages, pool.classOfZspage(zspage), zspage);",
      to: "",
    },
    {
      what: "5.10 puts a zspage back with a frame of it isolated",
      from: "if (zspage !== NO_ZSPAGE && !holds.isZspageIsolated(zspage)) {",
      to: "if (zspage !== NO_ZSPAGE) {",
    },
    {
      what: "the frame of a zspage that is gone is not given back",
      from: "if (isGone) pool.memory.freePage(pfn);",
      to: "",
    },
  ]),
  ...mutantsOf("zsmalloc/page_locks", ["zsmalloc"], [
    {
      what: "the worker does not wait for a locked frame",
      from: `while (holds.isLocked(pfn)) {`,
      to: "while (holds.isLocked(pfn) && pfn < 0) {",
    },
    {
      what: "a zspage is freed with a frame of it locked",
      from: `else {
      yield* unlockPages(pages, locked, TRYLOCK_ZSPAGE);`,
      to: `else if (pages.holds.isLocked(pfn)) locked.push(pfn);
    else {
      yield* unlockPages(pages, locked, TRYLOCK_ZSPAGE);`,
    },
  ]),
  ...mutantsOf("zsmalloc/count_compacted", ["zsmalloc"], [
    {
      what: "pages_compacted is that of the last compaction",
      from: "pool.pagesCompacted += pagesFreed;",
      to: "pool.pagesCompacted = pagesFreed;",
    },
  ]),
  ...mutantsOf("zsmalloc/deferred_free", ["zsmalloc"], [
    {
      what: "what the worker frees stays counted as empty in 6.12 too",
      from: `if (pool.profile.deferredFree === "uncounted") {`,
      to: "if (pool.profile.pageSize === 0) {",
    },
    {
      what: "what the worker frees stays counted as chunks",
      from: "sizeClass.objsAllocated -= sizeClass.objectsPerZspage;",
      to: "",
    },
  ]),
  ...mutantsOf("zsmalloc/free", ["zsmalloc"], [
    {
      what: "7.3 gives frames back before its stop",
      from: `yield writes("pool->pages_allocated", ZS_FREE);`,
      to: "",
    },
    {
      what: "7.3 leaves the empty zspage in its class",
      from: `pool.uncountZspage(sizeClass, zspage);
  holds.offLists`,
      to: "holds.offLists",
    },
    {
      what: "the handle of an object that is gone still names it",
      from: "handles.forget(handle);",
      to: "",
    },
  ]),
  ...mutantsOf("zsmalloc/obj_index", ["zsmalloc"], [
    {
      what: "a location names another class",
      from: "zspages.classIndexAt(pfn) * unit + objIndex",
      to: "(zspages.classIndexAt(pfn) + 1) * unit + objIndex",
    },
  ]),
  ...mutantsOf("zsmalloc/compact", ["zsmalloc"], [
    {
      what: "two compactions of a pool go on at a time",
      from: "if (compacting.count > 0) return 0;",
      to: "",
    },
  ]),
  ...mutantsOf("zsmalloc/free_zspage", ["zsmalloc"], [
    {
      what: "a zspage is freed though a frame of it is locked",
      from: "return !isLocked;",
      to: "return true;",
    },
    {
      what: "a zspage is not freed as a frame of another is locked",
      from:
        "const isLocked = zspages.pagesOf(zspage).some((pfn) => holds.isLocked(pfn));",
      to: "const isLocked = zspages.pagesOf(zspage).length > 0;",
    },
  ]),
];

/** Planted defects of compaction, mapping and migration. */
export const ZSMALLOC_MOVES_MUTANTS: readonly Mutant[] = [
  ...COMPACTION,
  ...MAPPING,
  ...HOLDS,
];
