/**
 * Planted defects of the cache before a disk. It is no machine of `zspec fuzz`:
 * `props/dm_cache_test.ts` plants them and runs its own programs.
 */
import { type Mutant, mutantsOf } from "./mutant.ts";

/** Planted defects of `src/dm_cache`. */
export const DM_CACHE_MUTANTS: readonly Mutant[] = [
  ...mutantsOf("dm_cache/migration", ["dm-cache"], [
    {
      what: "a dirty block makes room without being copied",
      from:
        "const isAvoided = !dirty.has(cblock) || cache.discards.has(oldOblock);",
      to: "const isAvoided = true;",
    },
    {
      what: "a block that could not be copied to the origin is forgotten",
      from: `    policy.forceMapping(newOblock, oldOblock);
`,
      to: "",
    },
    {
      what: "a block that could not be promoted counts as cached",
      from: `    policy.removeMapping(oblock);
`,
      to: "",
    },
    {
      what: "the mapping of a block that leaves stays in the metadata",
      from: "const refused = cache.metadata.remove(cblock);",
      to: "const refused = undefined;",
    },
  ]),
  ...mutantsOf("dm_cache/dm_cache", ["dm-cache"], [
    {
      what: "a write to the cache leaves the block clean",
      from: "      this.dirty.set(cblock);\n",
      to: "",
    },
    {
      what: "a write to the cache leaves the block discarded",
      from: `      this.dirty.set(cblock);
      this.discards.clear(oblock);
`,
      to: "      this.dirty.set(cblock);\n",
    },
  ]),
  ...mutantsOf("dm_cache/metadata", ["dm-cache"], [
    {
      what: "what a transaction leaves is never free",
      from: "    this.#free.push(...this.#leaving);\n",
      to: "",
    },
  ]),
  ...mutantsOf("dm_cache/mq", ["dm-cache"], [
    {
      what: "who makes room keeps its cache block",
      from: `    this.cblocks.give(entry.cblock);
    entry.inCache = false;
    entry.hitCount = 1;
`,
      to: `    entry.inCache = false;
    entry.hitCount = 1;
`,
    },
  ]),
];
