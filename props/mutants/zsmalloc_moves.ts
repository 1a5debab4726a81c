/** Planted defects of what moves objects or has to leave them: compaction, mapping, migration. */
import { type Mutant, mutantsOf } from "./mutant.ts";

const COMPACTION = [
  ...mutantsOf("zsmalloc/compact_class", ["zsmalloc"], [
    {
      what: "a mapped source makes the destination fall off its list",
      from: `putbackZspage(pool, sizeClass, source);
      break;`,
      to: `putbackZspage(pool, sizeClass, source);
      return pagesFreed;`,
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
      from: `destination = isolateZspage(
        pool,
        sizeClass,
        fullest(sizeClass),
        EMPTIEST,
      );`,
      to: `destination = isolateZspage(
        pool,
        sizeClass,
        EMPTIEST,
        fullest(sizeClass),
      );`,
    },
    {
      what: "6.1 and 4.0 fill the emptiest zspages",
      from: `const destination = isolateZspage(
      pool,
      sizeClass,
      fullest(sizeClass),
      EMPTIEST,
    );`,
      to: `const destination = isolateZspage(
      pool,
      sizeClass,
      EMPTIEST,
      fullest(sizeClass),
    );`,
    },
    {
      what: "4.0 takes objects from almost full zspages too",
      from: "isolateZspage(pool, sizeClass, EMPTIEST, EMPTIEST)",
      to: "isolateZspage(pool, sizeClass, EMPTIEST, fullest(sizeClass))",
    },
    {
      what: "6.1 takes objects from the fullest zspages",
      from:
        `const source = isolateZspage(pool, sizeClass, EMPTIEST, fullest(sizeClass));
    if (source === NO_ZSPAGE) return pagesFreed;`,
      to:
        `const source = isolateZspage(pool, sizeClass, fullest(sizeClass), EMPTIEST);
    if (source === NO_ZSPAGE) return pagesFreed;`,
    },
  ]),
  ...mutantsOf("zsmalloc/compaction", ["zsmalloc"], [
    {
      what: "a pinned object is moved",
      from: "if (handle !== 0 && !mappings.isPinned(handle)) return handle;",
      to: "if (handle !== 0) return handle;",
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
      from: `pool.freeZspage(sizeClass, source);
  return sizeClass.pagesPerZspage;`,
      to: `pool.freeZspage(sizeClass, source);
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
      from: "chunk.offset + chunk.size <= this.#zspages.memory.pageSize",
      to: "chunk.offset + chunk.size < this.#zspages.memory.pageSize",
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
      from:
        `if (handle !== 0) handles.recordObj(handle, newPfn, objIndex, size);
    objIndex++;`,
      to:
        "if (handle !== 0) handles.recordObj(handle, newPfn, objIndex++, size);",
    },
    {
      what: "the frame that was replaced is not given back",
      from: "memory.freePage(pfn);",
      to: "",
    },
    {
      what: "a mapped object makes it EAGAIN",
      from: `if (profile.mapped === "left-alone") return "EINVAL";`,
      to: `if (profile.mapped === "left-alone") return "EAGAIN";`,
    },
  ]),
];

/** Planted defects of compaction, mapping and migration. */
export const ZSMALLOC_MOVES_MUTANTS: readonly Mutant[] = [
  ...COMPACTION,
  ...MAPPING,
];
