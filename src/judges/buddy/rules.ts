/** The rules of zbud and z3fold that the second models are about. */
import { type Rule, rule } from "../../rules/rule.ts";

/** zbud's. */
export const ZBUD_NAIVE = {
  refusal: rule(
    "zbud/refusal",
    "A size of 0 is EINVAL, one above a page less two chunks ENOSPC; ENOMEM is only where no page has room and no frame can be had.",
    "zbud_alloc, mm/zbud.c, 3.11",
  ),
  bestFit: rule(
    "zbud/best-fit",
    "An object goes to the page with one object and the fewest free chunks that will do, of these to the one that was listed last; to a new page where there is none.",
    "zbud_alloc: for_each_unbuddied_list, mm/zbud.c, 3.11",
  ),
  whichBuddy: rule(
    "zbud/which-buddy",
    "An object is the first of its page unless that has a first.",
    "zbud_alloc, mm/zbud.c, 3.11",
  ),
  offset: rule(
    "zbud/offset",
    "The first object starts behind the header's chunk; the last ends with the page.",
    "encode_handle, mm/zbud.c, 3.11",
  ),
  handle: rule(
    "zbud/handle-is-address",
    "A handle is the physical address of its object.",
    "encode_handle, zbud_map, mm/zbud.c, 3.11",
  ),
  bytes: rule(
    "zbud/bytes",
    "An object is read as it was written.",
    "zbud_map, mm/zbud.c, 3.11",
  ),
  mapped: rule(
    "zbud/mapped",
    "A mapped object is where it was mapped.",
    "zbud_map, zbud_unmap, mm/zbud.c, 3.11",
  ),
  counts: rule(
    "zbud/counts",
    "A page is the pool's, and its frame allocated, from its first object to its last.",
    "pages_nr in zbud_alloc and free_zbud_page, mm/zbud.c, 3.11",
  ),
  reclaim: rule(
    "zbud/reclaim-order",
    "Reclaim evicts the oldest page's objects, the first one first, until one stays; such a page is the newest then, and the next one is tried.",
    "zbud_reclaim_page, mm/zbud.c, 3.11",
  ),
  order: rule(
    "zbud/lru-order",
    "Pages stand in the order in which an object was last put into them, or reclaim gave them up.",
    "lru in zbud_alloc and zbud_reclaim_page, mm/zbud.c, 3.11",
  ),
};

/**
 * What the judge of a second model judges by. z3fold alone stops at a bug of
 * its own, and moves objects.
 */
export type BuddyRules = typeof ZBUD_NAIVE & {
  readonly bug?: Rule;
  readonly compaction?: Rule;
};

/** z3fold's. */
export const Z3FOLD_NAIVE: BuddyRules = {
  refusal: rule(
    "z3fold/refusal",
    "A size of 0 is EINVAL, one above a page ENOSPC; ENOMEM is only where no page has room and no frame or slots can be had.",
    "z3fold_alloc, init_z3fold_page, mm/z3fold.c, 6.1",
  ),
  bestFit: rule(
    "z3fold/best-fit",
    "An object goes to the page with the fewest free chunks that will do, of these to the one that was listed last, pages that wait for compaction being passed by; to a new page where there is none.",
    "__z3fold_alloc, mm/z3fold.c, 6.1",
  ),
  whichBuddy: rule(
    "z3fold/which-buddy",
    "An object is the first of its page where there is none and, before a middle one, room for it; else the last where there is none; else the middle.",
    "get_free_buddy, mm/z3fold.c, 5.1",
  ),
  offset: rule(
    "z3fold/offset",
    "The first object starts behind the header, a new middle one behind the first; the last ends with the page, and a headless page is its object.",
    "z3fold_alloc, z3fold_map, mm/z3fold.c, 4.8",
  ),
  handle: rule(
    "z3fold/handle-is-slot",
    "A handle is the address of a slot in the structure of the page in which its object was made, at the index of its place there; a headless page's is its own address, marked.",
    "__encode_handle, __idx, mm/z3fold.c, 5.5",
  ),
  bytes: rule(
    "z3fold/bytes",
    "An object is read as it was written, wherever it moved.",
    "z3fold_map, compact_single_buddy, mm/z3fold.c, 5.5",
  ),
  mapped: rule(
    "z3fold/mapped",
    "A mapped object stays where it was mapped.",
    "MIDDLE_CHUNK_MAPPED, mapped_count in z3fold_map, mm/z3fold.c, 5.5",
  ),
  counts: rule(
    "z3fold/counts",
    "A page is the pool's, and its frame allocated, until its last object is gone and compaction done with it; its slots go with the last handle in them, those of a page that reclaim emptied in part do not.",
    "z3fold_free, free_handle, __release_z3fold_page, z3fold_reclaim_page, mm/z3fold.c, 6.1",
  ),
  reclaim: rule(
    "z3fold/reclaim-order",
    "Reclaim evicts the objects of the oldest page that has none of another page's handle, the middle one first, then first and last, until one stays; such a page is the newest then, and the next one is tried.",
    "z3fold_reclaim_page, mm/z3fold.c, 6.1",
  ),
  order: rule(
    "z3fold/lru-order",
    "Pages stand in the order in which an object was last put into them, or reclaim gave them up; an object that compaction moves does not count.",
    "lru in z3fold_alloc and z3fold_reclaim_page, mm/z3fold.c, 4.8",
  ),
  bug: rule(
    "z3fold/no-slots-bug",
    "5.10 makes an object's handle in its page's slots even where there is no memory for them, and stops.",
    "__z3fold_alloc, __encode_handle, mm/z3fold.c, 5.10.262",
  ),
  compaction: rule(
    "z3fold/compaction",
    "After a free an only object moves into the page of best fit, if there is one; else a middle one beside another moves up to it where that wins three chunks, and alone becomes the first; nothing else moves.",
    "do_compact_page, compact_single_buddy, z3fold_compact_page, mm/z3fold.c, 6.1",
  ),
};
