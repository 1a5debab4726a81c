/** Planted defects of the buddy allocator of pages. */
import { type Mutant, mutantsOf } from "./mutant.ts";

const FINDERS = ["page_alloc"];

/** Planted defects of free lists, of merging, of fallback and of compaction. */
export const PAGE_ALLOC_MUTANTS: readonly Mutant[] = [
  ...mutantsOf("memory/free_area", FINDERS, [
    {
      what: "a block that is taken off a list still counts",
      from: "zone.nrFree[buddy.orders[pfn]]--;",
      to: "",
    },
    {
      what: "a block that changes lists comes first there since 5.10",
      from: "link(buddy, pfn, head, buddy.release.movedTo);",
      to: `link(buddy, pfn, head, "head");`,
    },
    {
      what: "CMA's free pages are not counted",
      from: "if (type === MIGRATE_CMA) zone.freeCma += pages;",
      to: "",
    },
    {
      what: "a block's neighbour does not know it",
      from: "prev[after] = pfn;",
      to: "",
    },
  ]),
  ...mutantsOf("memory/free_one_page", FINDERS, [
    {
      what: "the buddy is the block behind",
      from: `const other = pfn ^ 2 ** order;
    deleteFromFreeList`,
      to: `const other = pfn + 2 ** order;
    deleteFromFreeList`,
    },
    {
      what: "the largest blocks but one do not merge",
      from: "while (order < buddy.maxOrder &&",
      to: "while (order < buddy.maxOrder - 1 &&",
    },
    {
      what: "a smaller free block is a buddy",
      from: "spans(zone, other) && orders[other] === order;",
      to: "spans(zone, other) && orders[other] >= 0;",
    },
    {
      what: "CMA's pageblocks merge with others",
      from:
        "type === otherType || isMergeable(type) && isMergeable(otherType);",
      to: "true;",
    },
    {
      what: "pageblocks that merge keep their types",
      from: "changePageblockRange(buddy, other, order, type);",
      to: "",
    },
    {
      what: "what may soon be more comes first",
      from: `? "tail" : "head";`,
      to: `? "head" : "head";`,
    },
  ]),
  ...mutantsOf("memory/take_block", FINDERS, [
    {
      what: "the largest block is split",
      from: "for (let current = order; current <= buddy.maxOrder; current++) {",
      to: "for (let current = buddy.maxOrder; current >= order; current--) {",
    },
    {
      what: "a half is listed as if it were whole",
      from:
        `addToFreeList(buddy, zone, pfn + 2 ** order, order, type, "head");`,
      to:
        `addToFreeList(buddy, zone, pfn + 2 ** order, order + 1, type, "head");`,
    },
    {
      what: "the smallest half is lost",
      from: "for (let order = high - 1; order >= low; order--) {",
      to: "for (let order = high - 1; order > low; order--) {",
    },
  ]),
  ...mutantsOf("memory/fallback", FINDERS, [
    {
      what: "reclaimable pages are of movable blocks before unmovable ones",
      from: "[MIGRATE_UNMOVABLE, MIGRATE_MOVABLE],",
      to: "[MIGRATE_MOVABLE, MIGRATE_UNMOVABLE],",
    },
    {
      what: "a pageblock is claimed of which a quarter is alike",
      from: "2 ** (pageblockOrder - 1);",
      to: "2 ** (pageblockOrder - 2);",
    },
    {
      what: "what is left of a stolen block is the thief's",
      from: `const { pfn, type } = found;
  return takeBlock(buddy, zone, { pfn, order, type, remains: type });
};

/** Claims`,
      to: `const { pfn, type } = found;
  return takeBlock(buddy, zone, { pfn, order, type, remains: migrateType });
};

/** Claims`,
    },
    {
      what: "a claimed pageblock keeps its type",
      from: `moveFreePages(buddy, zone, start, end, migrateType);
  setBlockType(buddy, start, migrateType);`,
      to: "moveFreePages(buddy, zone, start, end, migrateType);",
    },
    {
      what: "movable pages take over pageblocks for any block",
      from: "order >= Math.floor(pageblockOrder / 2) ||",
      to: "order >= 0 ||",
    },
    {
      what: "pageblocks are mixed before lower zones are looked at",
      from: "const found = noFragment ? undefined : smallest(",
      to: "const found = smallest(",
    },
  ]),
  ...mutantsOf("memory/rmqueue", FINDERS, [
    {
      what: "any page is of a CMA area",
      from: `if (release.cma !== "first-fallback" && cma) {`,
      to: `if (release.cma !== "first-fallback") {`,
    },
    {
      what: "CMA comes first where it is half of what is free",
      from: "zone.freeCma > Math.floor(zone.freePages / 2);",
      to: "zone.freeCma >= Math.floor(zone.freePages / 2);",
    },
  ]),
  ...mutantsOf("memory/watermark", FINDERS, [
    {
      what: "the last page above the mark can be had",
      from: "if (free <= mark + reserve) return false;",
      to: "if (free < mark + reserve) return false;",
    },
    {
      what: "CMA's pages count for all",
      from: "- (gfp.cma ? 0 : zone.freeCma);",
      to: ";",
    },
    {
      what: "a mark is not halved for larger blocks",
      from: "min = Math.floor(min / 2);",
      to: "",
    },
  ]),
  ...mutantsOf("memory/alloc_pages", FINDERS, [
    {
      what: "the lowest zone comes first",
      from: "    .toReversed();",
      to: ";",
    },
    {
      what: "the low watermark is the least",
      from: `? takeFrom(buddy, zones, order, gfp, "min", false)`,
      to: `? takeFrom(buddy, zones, order, gfp, "low", false)`,
    },
  ]),
  ...mutantsOf("memory/pageblock", FINDERS, [
    {
      what: "the second free block of a pageblock stays on its list",
      from: `pfn += order === NO_BLOCK ? 1 : 2 ** order;
  }
}

/** The frames`,
      to: `pfn += order === NO_BLOCK ? 1 : 2 ** (order + 1);
  }
}

/** The frames`,
    },
    {
      what: "compaction moves pages to any pageblock",
      from: "return type === MIGRATE_MOVABLE || type === MIGRATE_CMA;",
      to: "return type >= 0;",
    },
  ]),
  ...mutantsOf("memory/memory_compaction", FINDERS, [
    {
      what: "where a page was is not freed",
      from: "memory.freePage(pfn);\n    control.moved++;",
      to: "control.moved++;",
    },
    {
      what: "a page that was not moved stays isolated",
      from: "owner?.putback(pfn);\n  free.giveBack(to);",
      to: "free.giveBack(to);",
    },
    {
      what: "a page that nothing was moved to is lost",
      from: "owner?.putback(pfn);\n  free.giveBack(to);",
      to: "owner?.putback(pfn);",
    },
    {
      what: "a moved page cannot be moved again",
      from: "memory.setMovable(to, buddy.owners[pfn]);",
      to: "",
    },
  ]),
  ...mutantsOf("memory/free_scanner", FINDERS, [
    {
      what: "pages are moved down",
      from: "this.#freePfn = pageblockOf(buddy, zone.end - 1).start;",
      to: "this.#freePfn = pageblockOf(buddy, zone.start).end;",
    },
    {
      what: "what is left is not freed",
      from: "for (const pfn of this.#pages) this.#memory.freePage(pfn);\n",
      to: "",
    },
    {
      what: "it may go below the watermark",
      from: "const mark = this.#zone.min + size;",
      to: "const mark = 0;",
    },
  ]),
  ...mutantsOf("zsmalloc/movable_operations", ["zsmalloc"], [
    {
      what: "a frame under a mapped object is moved",
      from: "if (pool.mappings.hasReaders(zspage)) return false;",
      to: "",
    },
    {
      what: "a frame that was moved is put back as well",
      from: "return moved === to;",
      to: "return moved !== to;",
    },
  ]),
  ...mutantsOf("zsmalloc/migration", ["zsmalloc"], [
    {
      what: "the frame that compaction has for it is not taken",
      from: "target === NO_PAGE ? zspages.allocPage() : target;",
      to: "zspages.allocPage();",
    },
  ]),
  ...mutantsOf("memory/boot", FINDERS, [
    {
      what: "a block at boot starts anywhere",
      from: "let order = Math.min(buddy.maxOrder, alignmentOf(pfn));",
      to: "let order = buddy.maxOrder;",
    },
    {
      what: "there is no reserve",
      from: "if (buddy.release.reserve) reserveBlocks(buddy, zone);",
      to: "",
    },
  ]),
];
