/** Planted defects of zswap's locks, each with threads that find it. */
import { type Mutant, raceMutantsOf } from "./mutant.ts";

/** A page that the next writeback takes, having had its second chance. */
const AGED = "store 0 A; writeback";

/** Every one of them. */
export const ZSWAP_LOCKS_MUTANTS: readonly Mutant[] = [
  ...raceMutantsOf("zswap/pool_references", [
    {
      what: "a pool whose last reference is gone is had again",
      from: "if (pool.kref === 0) return false;",
      to: "",
      profile: "linux-7.3",
      threads:
        "store 0 A; set compressor second / invalidate 0 | set compressor first",
    },
    {
      what: "the list of pools changes without its lock",
      from: `  yield acquire(locks.pools, where);
  const found`,
      to: "  const found",
      profile: "linux-7.3",
      threads: "store 0 A / set compressor second | load 0",
    },
  ]),
  ...raceMutantsOf("zswap/writeback", [
    {
      what: "writeback does not look again once the swap cache has the page",
      from: `const isCurrent = !writebackLooksAgain ||
    (yield* owned.find(tree, offset, WHERE)) === entry;`,
      to: "const isCurrent = writebackLooksAgain || owned !== undefined;",
      profile: "linux-7.3",
      threads: `${AGED} / invalidate 0; store 0 B | writeback`,
    },
  ]),
  ...raceMutantsOf("zswap/shrink", [
    {
      what: "a page is written back with the list's lock held",
      from: "  yield release(lock, SHRINK_CB);\n",
      to: "",
      profile: "linux-7.3",
      threads: `${AGED} / writeback | load 0`,
    },
  ]),
  ...raceMutantsOf("zswap/tree_steps", [
    {
      what: "6.1 references the entry once the tree is unlocked",
      from: `  return under(
    tree.lock,
    where,
    () => holdEntryAt(zswap, tree, offset, where),
  );`,
      to: `  return (function* () {
    yield* under(tree.lock, where, () => entryAt(tree, offset, where));
    return holdEntryAt(zswap, tree, offset, where);
  })();`,
      profile: "linux-6.1",
      threads: "store 0 A / load 0 | writeback",
    },
  ]),
  ...raceMutantsOf("zswap/load", [
    {
      what: "6.1 drops its reference with the tree unlocked",
      from: `  yield* underSteps(
    tree.lock,
    FRONTSWAP_LOAD,
    () => putEntrySteps(zswap, tree, entry),
  );`,
      to: "  yield* putEntrySteps(zswap, tree, entry);",
      profile: "linux-6.1",
      threads: "store 0 A / load 0 | writeback",
    },
  ]),
];
