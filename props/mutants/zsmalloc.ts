/** Planted defects of zsmalloc: classes, handles, zspages, the pool. */
import { type Mutant, mutantsOf } from "./mutant.ts";

const GEOMETRY = mutantsOf("zsmalloc/geometry", ["zsmalloc", "zram"], [
  {
    what: "the huge class starts one byte below",
    from: "hugeClassSize = size - (handleSize - 1);",
    to: "hugeClassSize = size - handleSize;",
  },
  {
    what: "the number of classes is rounded down",
    from: "Math.ceil((pageSize - minAllocSize) / classDelta) + 1",
    to: "Math.floor((pageSize - minAllocSize) / classDelta) + 1",
  },
  {
    what: "classes of as many objects merge, whatever their pages",
    from: `built?.pagesPerZspage !== zspage.pagesPerZspage ||
      built.objectsPerZspage`,
    to: "built?.objectsPerZspage",
  },
  {
    what: "an object goes into the class below its size",
    from: "? Math.ceil((size - geometry.minAllocSize) / geometry.classDelta)",
    to: "? Math.floor((size - geometry.minAllocSize) / geometry.classDelta)",
  },
  {
    what: "the smallest chunk has 16 bytes",
    from: "const LEAST_ALLOC_SIZE = 32;",
    to: "const LEAST_ALLOC_SIZE = 16;",
  },
  {
    what: "the tag takes no bit from an object's index",
    from: "wordBits - pfnBits - objects.tagBits - objClassBits",
    to: "wordBits - pfnBits - objClassBits",
  },
  {
    what: "a handle takes 8 bytes on 32-bit too",
    from: `objects.handle === "cell" ? wordBits / 8 : 0`,
    to: `objects.handle === "cell" ? 8 : 0`,
  },
]);

const HANDLES = [
  ...mutantsOf("zsmalloc/location", ["zsmalloc"], [
    {
      what: "an object's index has a bit too few",
      from: "this.#pfnShift = objIndexBits + tagBits;",
      to: "this.#pfnShift = objIndexBits + tagBits - 1;",
    },
    {
      what: "the upper half of a frame's number is not written",
      from: "into[word + 1] = pfn >>> (32 - shift);",
      to: "into[word + 1] = 0;",
    },
  ]),
  ...mutantsOf("zsmalloc/location_handles", ["zsmalloc"], [
    {
      what: "the index in a handle counts from 0",
      from: "this.#firstIndex = firstIndex;",
      to: "this.#firstIndex = 0;",
    },
  ]),
  ...mutantsOf("zsmalloc/obj", ["zsmalloc"], [
    {
      what: "the upper half of a freed cell is not cleared",
      from: "if (this.#wordBytes === 8) this.#cells[word + 1] = FREE_CELL;",
      to: "",
    },
    {
      what: "cells grow one too late",
      from: "if (handle / 4 >= this.#cells.length) this.#grow();",
      to: "if (handle / 4 > this.#cells.length) this.#grow();",
    },
    {
      what: "a cell that is freed still counts",
      from: "this.allocated--;",
      to: "",
    },
  ]),
  ...mutantsOf("zsmalloc/obj_index", ["zsmalloc"], [
    {
      what: "an object that starts in the frame before counts in the next",
      from: "return Math.ceil(nth * pageSize / size);",
      to: "return Math.floor(nth * pageSize / size);",
    },
  ]),
];

const FREE_LISTS = mutantsOf("zsmalloc/free_link", ["zsmalloc"], [
  {
    what: "a link keeps the upper half that was there",
    from: "if (isLong) memory.words[word + 1] = 0;",
    to: "",
  },
  {
    what: "the link that ends a list has its upper half of zeros",
    from: "if (isLong) memory.words[word + 1] = NO_OBJ;",
    to: "if (isLong) memory.words[word + 1] = 0;",
  },
  {
    what: "a location in a link counts from 0",
    from: "const index = indexing.encode(pfn, objIndex, size) + firstIndex;",
    to: "const index = indexing.encode(pfn, objIndex, size);",
  },
]);

const SIZE_CLASSES = mutantsOf("zsmalloc/size_class", ["zsmalloc"], [
  {
    what: "a zspage as full as the head goes behind it",
    from: "fields[field + ZSPAGE_INUSE] < fields[headField + ZSPAGE_INUSE]",
    to: "fields[field + ZSPAGE_INUSE] <= fields[headField + ZSPAGE_INUSE]",
  },
  {
    what: "the fuller head stays in every release",
    from: "sizeClass.fullerHeadStays && head !== NO_ZSPAGE &&",
    to: "head !== NO_ZSPAGE &&",
  },
  {
    what: "a zspage that empties stays on its list",
    from: "if (group !== zspages.get(zspage, ZSPAGE_FULLNESS)) {",
    to: "if (group > zspages.get(zspage, ZSPAGE_FULLNESS)) {",
  },
  {
    what: "an allocation passes the fullest list by",
    from:
      "for (let group = groupFull(sizeClass) - 1; group >= GROUP_EMPTY; group--)",
    to:
      "for (let group = groupFull(sizeClass) - 2; group >= GROUP_EMPTY; group--)",
  },
  {
    what: "an allocation looks at the emptiest list first",
    from:
      "for (let group = groupFull(sizeClass) - 1; group >= GROUP_EMPTY; group--)",
    to: "for (let group = GROUP_EMPTY; group < groupFull(sizeClass); group++)",
  },
  {
    what: "a part of a zspage's room counts as one to be freed",
    from: "Math.floor(unused / sizeClass.objectsPerZspage)",
    to: "Math.ceil(unused / sizeClass.objectsPerZspage)",
  },
  {
    what: "what can be freed counts zspages",
    from: `Math.floor(unused / sizeClass.objectsPerZspage) *
    sizeClass.pagesPerZspage`,
    to: "Math.floor(unused / sizeClass.objectsPerZspage)",
  },
]);

const ZSPAGES = mutantsOf("zsmalloc/zspage", ["zsmalloc"], [
  {
    what: "the last frame of a zspage that fails is not given back",
    from: "while (pages.length > 0) this.memory.freePage(",
    to: "while (pages.length > 1) this.memory.freePage(",
  },
  {
    what: "frame 0 is taken for none",
    from: `if (pfn === NO_PAGE) {
        while`,
    to: `if (pfn <= 0) {
        while`,
  },
  {
    what: "the upper half of a chunk's header keeps its link",
    from: "if (this.#wordBytes === 8) memory.words[word + 1] = 0;",
    to: "",
  },
  {
    what: "the poison is another byte",
    from: "const POISON_INUSE = 0x5a;",
    to: "const POISON_INUSE = 0x6b;",
  },
  {
    what: "the poison takes half a word on 64-bit",
    from: "memory.bytes.fill(POISON_INUSE, start, start + this.#wordBytes);",
    to: "memory.bytes.fill(POISON_INUSE, start, start + 4);",
  },
  {
    what: "a moved object is copied as if its new frames lay side by side",
    from: `pageSize - fromOffset,
        pageSize - toOffset,`,
    to: "pageSize - fromOffset,",
  },
  {
    what: "an object is read as if its frames lay side by side",
    from: "const next = this.nextPage(pfn) * pageSize;",
    to: "const next = (pfn + 1) * pageSize;",
  },
  {
    what: "an object is written as if its frames lay side by side",
    from: "bytes.set(data.subarray(first), this.nextPage(pfn) * pageSize);",
    to: "bytes.set(data.subarray(first), (pfn + 1) * pageSize);",
  },
  {
    what: "a last chunk that ends with its frame links to one more",
    from: "next === NO_PAGE && offset + size >= memory.pageSize",
    to: "next === NO_PAGE && offset + size > memory.pageSize",
  },
  {
    what: "the table of zspages grows one too late",
    from: "if (zspage * ZSPAGE_STRIDE >= this.fields.length) this.#grow();",
    to: "if (zspage * ZSPAGE_STRIDE > this.fields.length) this.#grow();",
  },
  {
    what: "the chain does not lead to a frame that replaced another",
    from: "page[before * PAGE_STRIDE + PAGE_INDEX] = to + 1;",
    to: "page[before * PAGE_STRIDE + PAGE_INDEX] = to;",
  },
]);

const DEBUGFS = mutantsOf("zsmalloc/debugfs", ["zsmalloc"], [
  {
    what: "pages_used counts zspages",
    from: "return objsAllocated / objectsPerZspage * pagesPerZspage;",
    to: "return objsAllocated / objectsPerZspage;",
  },
  {
    what: "the tenths start with the empty zspages",
    from: "zspages[GROUP_EMPTY + 1 + nth]",
    to: "zspages[GROUP_EMPTY + nth]",
  },
]);

const OPERATIONS = [
  ...mutantsOf("zsmalloc/malloc", ["zsmalloc"], [
    {
      what: "the handle of an object without frames is not freed",
      from: `  handles.free(cell);
  return "ENOMEM";
}

const`,
      to: `  return "ENOMEM";
}

const`,
    },
  ]),
  ...mutantsOf("zsmalloc/compact", ["zsmalloc"], [
    {
      what: "the smallest class is not compacted",
      from: "for (let nth = pool.classes.length - 1; nth >= 0; nth--) {",
      to: "for (let nth = pool.classes.length - 1; nth > 0; nth--) {",
    },
  ]),
  ...mutantsOf("zsmalloc/destroy", ["zsmalloc"], [
    {
      what: "a destroyed pool reports chunks for zspages",
      from: "zspages: objsAllocated / objectsPerZspage,",
      to: "zspages: objsAllocated,",
    },
  ]),
];

const POOL = mutantsOf("zsmalloc/pool", ["zsmalloc"], [
  {
    what: "an object of a whole page is too large",
    from: "if (size > this.geometry.pageSize) return this.profile.tooLarge;",
    to: "if (size >= this.geometry.pageSize) return this.profile.tooLarge;",
  },
  {
    what: "an empty zspage that is freed stays in its class",
    from: `removeZspage(this.zspages, sizeClass, zspage);
    sizeClass.objsAllocated`,
    to: "sizeClass.objsAllocated",
  },
  {
    what: "the chunks of a zspage that is freed stay in its class",
    from: `removeZspage(this.zspages, sizeClass, zspage);
    sizeClass.objsAllocated -= sizeClass.objectsPerZspage;`,
    to: "removeZspage(this.zspages, sizeClass, zspage);",
  },
  {
    what: "pages that the shrinker frees do not count in pages_compacted",
    from: `return this.compact() || "stop";`,
    to: `const before = this.pagesCompacted;
    const freed = this.compact();
    this.pagesCompacted = before;
    return freed || "stop";`,
  },
  {
    what: "pages that the shrinker frees count twice in pages_compacted",
    from: `return this.compact() || "stop";`,
    to: `const freed = this.compact();
    this.pagesCompacted += freed;
    return freed || "stop";`,
  },
  {
    what: "a zspage that is freed counts as one page",
    from: "this.pagesAllocated -= sizeClass.pagesPerZspage;",
    to: "this.pagesAllocated--;",
  },
  {
    what: "the shrinker counts in kernels without one",
    from: "if (!this.profile.shrinker) return 0;",
    to: "",
  },
  {
    what: "6.18 looks a class up with the handle in front, 7.2 without",
    from: `profile.classLookup === "chunk"`,
    to: `profile.classLookup !== "chunk"`,
    machines: ["zsmalloc", "zram"],
  },
]);

/** Planted defects of zsmalloc, without those of what moves objects. */
export const ZSMALLOC_MUTANTS: readonly Mutant[] = [
  ...GEOMETRY,
  ...HANDLES,
  ...FREE_LISTS,
  ...SIZE_CLASSES,
  ...ZSPAGES,
  ...DEBUGFS,
  ...OPERATIONS,
  ...POOL,
];
