/** The rules of zbud and z3fold that the second models are about. */
import type { Rule } from "../../rules/invariant.ts";

/** What the judge of a second model judges by. */
export interface BuddyRules {
  /** Which sizes are refused, and what is refused for want of memory. */
  readonly refusal: Rule;
  /** Which page a new object goes to. */
  readonly bestFit: Rule;
  /** Which of the page's objects it is. */
  readonly whichBuddy: Rule;
  /** Where in the page an object starts. */
  readonly offset: Rule;
  /** What its handle is. */
  readonly handle: Rule;
  /** What objects hold. */
  readonly bytes: Rule;
  /** What is mapped. */
  readonly mapped: Rule;
  /** What the pool counts. */
  readonly counts: Rule;
  /** Whom reclaim asks for, and what comes of it. */
  readonly reclaim: Rule;
  /** The order of pages. */
  readonly order: Rule;
  /** Where the kernel stops at a bug of its own: z3fold's alone. */
  readonly bug?: Rule;
  /** Where objects are after a free: z3fold's alone. */
  readonly compaction?: Rule;
}

/** zbud's. */
export const ZBUD_NAIVE: BuddyRules = {
  refusal: {
    id: "zbud/refusal",
    sentence:
      "A size of 0 is EINVAL, one above a page less two chunks ENOSPC; ENOMEM is only where no page has room and no frame can be had.",
    source: "zbud_alloc, mm/zbud.c, 3.11",
  },
  bestFit: {
    id: "zbud/best-fit",
    sentence:
      "An object goes to the page with one object and the fewest free chunks that will do, of these to the one that was listed last; to a new page where there is none.",
    source: "zbud_alloc: for_each_unbuddied_list, mm/zbud.c, 3.11",
  },
  whichBuddy: {
    id: "zbud/which-buddy",
    sentence: "An object is the first of its page unless that has a first.",
    source: "zbud_alloc, mm/zbud.c, 3.11",
  },
  offset: {
    id: "zbud/offset",
    sentence:
      "The first object starts behind the header's chunk; the last ends with the page.",
    source: "encode_handle, mm/zbud.c, 3.11",
  },
  handle: {
    id: "zbud/handle-is-address",
    sentence: "A handle is the physical address of its object.",
    source: "encode_handle, zbud_map, mm/zbud.c, 3.11",
  },
  bytes: {
    id: "zbud/bytes",
    sentence: "An object is read as it was written.",
    source: "zbud_map, mm/zbud.c, 3.11",
  },
  mapped: {
    id: "zbud/mapped",
    sentence: "A mapped object is where it was mapped.",
    source: "zbud_map, zbud_unmap, mm/zbud.c, 3.11",
  },
  counts: {
    id: "zbud/counts",
    sentence:
      "A page is the pool's, and its frame allocated, from its first object to its last.",
    source: "pages_nr in zbud_alloc and free_zbud_page, mm/zbud.c, 3.11",
  },
  reclaim: {
    id: "zbud/reclaim-order",
    sentence:
      "Reclaim evicts the oldest page's objects, the first one first, until one stays; such a page is the newest then, and the next one is tried.",
    source: "zbud_reclaim_page, mm/zbud.c, 3.11",
  },
  order: {
    id: "zbud/lru-order",
    sentence:
      "Pages stand in the order in which an object was last put into them, or reclaim gave them up.",
    source: "lru in zbud_alloc and zbud_reclaim_page, mm/zbud.c, 3.11",
  },
};

/** z3fold's. */
export const Z3FOLD_NAIVE: BuddyRules = {
  refusal: {
    id: "z3fold/refusal",
    sentence:
      "A size of 0 is EINVAL, one above a page ENOSPC; ENOMEM is only where no page has room and no frame or slots can be had.",
    source: "z3fold_alloc, init_z3fold_page, mm/z3fold.c, 6.1",
  },
  bestFit: {
    id: "z3fold/best-fit",
    sentence:
      "An object goes to the page with the fewest free chunks that will do, of these to the one that was listed last, pages that wait for compaction being passed by; to a new page where there is none.",
    source: "__z3fold_alloc, mm/z3fold.c, 6.1",
  },
  whichBuddy: {
    id: "z3fold/which-buddy",
    sentence:
      "An object is the first of its page where there is none and, before a middle one, room for it; else the last where there is none; else the middle.",
    source: "get_free_buddy, mm/z3fold.c, 5.1",
  },
  offset: {
    id: "z3fold/offset",
    sentence:
      "The first object starts behind the header, a new middle one behind the first; the last ends with the page, and a headless page is its object.",
    source: "z3fold_alloc, z3fold_map, mm/z3fold.c, 4.8",
  },
  handle: {
    id: "z3fold/handle-is-slot",
    sentence:
      "A handle is the address of a slot in the structure of the page in which its object was made, at the index of its place there; a headless page's is its own address, marked.",
    source: "__encode_handle, __idx, mm/z3fold.c, 5.5",
  },
  bytes: {
    id: "z3fold/bytes",
    sentence: "An object is read as it was written, wherever it moved.",
    source: "z3fold_map, compact_single_buddy, mm/z3fold.c, 5.5",
  },
  mapped: {
    id: "z3fold/mapped",
    sentence: "A mapped object stays where it was mapped.",
    source: "MIDDLE_CHUNK_MAPPED, mapped_count in z3fold_map, mm/z3fold.c, 5.5",
  },
  counts: {
    id: "z3fold/counts",
    sentence:
      "A page is the pool's, and its frame allocated, until its last object is gone and compaction done with it; its slots go with the last handle in them, those of a page that reclaim emptied in part do not.",
    source:
      "z3fold_free, free_handle, __release_z3fold_page, z3fold_reclaim_page, mm/z3fold.c, 6.1",
  },
  reclaim: {
    id: "z3fold/reclaim-order",
    sentence:
      "Reclaim evicts the objects of the oldest page that has none of another page's handle, the middle one first, then first and last, until one stays; such a page is the newest then, and the next one is tried.",
    source: "z3fold_reclaim_page, mm/z3fold.c, 6.1",
  },
  order: {
    id: "z3fold/lru-order",
    sentence:
      "Pages stand in the order in which an object was last put into them, or reclaim gave them up; an object that compaction moves does not count.",
    source: "lru in z3fold_alloc and z3fold_reclaim_page, mm/z3fold.c, 4.8",
  },
  bug: {
    id: "z3fold/no-slots-bug",
    sentence:
      "5.10 makes an object's handle in its page's slots even where there is no memory for them, and stops.",
    source: "__z3fold_alloc, __encode_handle, mm/z3fold.c, 5.10.262",
  },
  compaction: {
    id: "z3fold/compaction",
    sentence:
      "After a free an only object moves into the page of best fit, if there is one; else a middle one beside another moves up to it where that wins three chunks, and alone becomes the first; nothing else moves.",
    source:
      "do_compact_page, compact_single_buddy, z3fold_compact_page, mm/z3fold.c, 6.1",
  },
};

/** Rules as a list. */
export function listRules(rules: BuddyRules): readonly Rule[] {
  return Object.values(rules);
}
