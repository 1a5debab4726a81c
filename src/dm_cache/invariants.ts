/** The rules that a cache keeps: no page is lost between its two devices. */
import {
  assertInvariants,
  type Checked,
  expectEqual,
  heldIf,
  type Invariant,
  type Rule,
  SILENT,
} from "../rules/invariant.ts";
import type { Reach } from "../rules/reach.ts";
import type { DmCache } from "./dm_cache.ts";
import { metadataUse, usedBlocks } from "./metadata_layout.ts";
import { PAGE_SIZE } from "./sizes.ts";

/** A block of the cache, and what the policy says is there. */
export interface FoundCblock {
  /** The block of the cache. */
  readonly cblock: number;
  /** The block of the origin that it holds, or `undefined`. */
  readonly oblock: number | undefined;
}

/** A rule about a block of the cache. */
export type CblockInvariant = Invariant<DmCache, FoundCblock>;
/** A rule about a cache as a whole. */
export type DmCacheInvariant = Invariant<DmCache, DmCache>;

/** The pages in which a cache block differs from the origin's; nothing where one cannot be read. */
function differingPages(
  { cacheDevice, origin, pagesPerBlock }: DmCache,
  cblock: number,
  oblock: number,
): number | undefined {
  const [cached, original] = [PAGE_SIZE, PAGE_SIZE].map((size) =>
    new Uint8Array(size)
  );
  let differing = 0;
  for (let nth = 0; nth < pagesPerBlock; nth++) {
    const errno = cacheDevice.readPage(cblock * pagesPerBlock + nth, cached) ??
      origin.readPage(oblock * pagesPerBlock + nth, original);
    if (errno !== undefined) return undefined;
    if (cached.some((byte, at) => byte !== original[at])) differing++;
  }
  return differing;
}

/** Rules about each block of the cache. */
export const CBLOCK_INVARIANTS: readonly CblockInvariant[] = [
  {
    id: "dm-cache/mapping",
    sentence:
      "The metadata has for each cache block the origin block that the policy has for it, and nothing for a free one.",
    source:
      "dm_cache_insert_mapping, dm_cache_remove_mapping, dm-cache-metadata.c, 3.12",
    check({ metadata }, { cblock, oblock }) {
      return expectEqual(
        `cache block ${cblock}`,
        metadata.mapping[cblock],
        oblock ?? -1,
      ) ?? heldIf(oblock !== undefined);
    },
  },
  {
    id: "dm-cache/dirty-in-cache",
    sentence:
      "A dirty bit is of a block that is in the cache, or was left by one that made room for a promotion that failed.",
    source:
      "set_dirty, migration_success_post_commit, migration_failure, dm-cache-target.c, 3.12",
    check({ dirty, leftDirty }, { cblock, oblock }) {
      if (!dirty.has(cblock)) return SILENT;
      if (oblock !== undefined || leftDirty.has(cblock)) return undefined;
      return {
        where: `cache block ${cblock}`,
        expected: "no dirty bit, as it is free",
        found: "one",
      };
    },
  },
  {
    id: "dm-cache/clean-is-a-copy",
    sentence:
      "A clean block in the cache is what the origin has, unless it was discarded when it came.",
    source: "issue_copy, clear_dirty, dm-cache-target.c, 3.12",
    check(cache, { cblock, oblock }) {
      const isClean = oblock !== undefined && !cache.dirty.has(cblock) &&
        !cache.uncopied.has(cblock);
      const differing = isClean
        ? differingPages(cache, cblock, oblock)
        : undefined;
      if (differing === undefined) return SILENT;
      return expectEqual(`pages of cache block ${cblock}`, differing, 0);
    },
  },
];

/** Rules about a cache as a whole. */
export const WHOLE_CACHE_INVARIANTS: readonly DmCacheInvariant[] = [
  {
    id: "dm-cache/one-to-one",
    sentence:
      "No block of the origin is in two cache blocks, and no cache block holds two.",
    source: "struct entry, mq_map, dm-cache-policy-mq.c, 3.12",
    check({ policy }) {
      const entries = [...policy.mappings()];
      const oblocks = new Set(entries.map(({ oblock }) => oblock));
      const cblocks = new Set(entries.map(({ cblock }) => cblock));
      return expectEqual(
        "blocks of the origin",
        oblocks.size,
        entries.length,
      ) ??
        expectEqual("cache blocks", cblocks.size, entries.length) ??
        heldIf(entries.length > 1);
    },
  },
  {
    id: "dm-cache/residency",
    sentence:
      "The cache blocks in use are those that hold a block, and no more than there are.",
    source: "mq_residency, alloc_cblock, dm-cache-policy-mq.c, 3.12",
    check({ policy, cacheBlocks }) {
      const held = [...policy.mappings()].length;
      return expectEqual("blocks in the cache", policy.residency, held) ??
        expectEqual("blocks too many", Math.max(0, held - cacheBlocks), 0) ??
        heldIf(held > 0);
    },
  },
  {
    id: "dm-cache/dirty-counted",
    sentence: "The count of dirty blocks is that of the bits that are set.",
    source: "set_dirty, clear_dirty, dm-cache-target.c, 3.12",
    check({ dirty, cacheBlocks }) {
      let bits = 0;
      for (let at = 0; at < cacheBlocks; at++) bits += Number(dirty.has(at));
      return expectEqual("nr_dirty", dirty.count, bits) ?? heldIf(bits > 0);
    },
  },
  {
    id: "dm-cache/metadata-committed",
    sentence:
      "Once nothing is to be committed, the metadata device says, by way of its superblock, which block is where.",
    source: "dm_cache_commit, need_commit_migrations, dm-cache-target.c, 3.12",
    check({ metadata }): Checked {
      const loaded = metadata.changed ? "EAGAIN" : metadata.load();
      if (typeof loaded === "string") return SILENT;
      const wrong = loaded.findIndex((oblock, at) =>
        oblock !== metadata.mapping[at]
      );
      if (wrong < 0) return heldIf(loaded.some((oblock) => oblock >= 0));
      return expectEqual(
        `cache block ${wrong} on the metadata device`,
        loaded[wrong],
        metadata.mapping[wrong],
      );
    },
  },
  {
    id: "dm-cache/metadata-counted",
    sentence:
      "Once nothing is to be committed, the metadata takes what its layout says; before, no more than the device has.",
    source: "dm_cache_get_free_metadata_block_count, dm-cache-metadata.c, 3.12",
    check({ metadata, cacheBlocks }) {
      const least = usedBlocks(metadataUse(cacheBlocks, metadata.blocks));
      if (!metadata.changed) {
        return expectEqual("metadata blocks", metadata.used, least);
      }
      const isBetween = metadata.used >= least && metadata.free >= 0;
      if (isBetween) return undefined;
      return {
        where: "metadata blocks",
        expected: `from ${least} to ${metadata.blocks}`,
        found: metadata.used,
      };
    },
  },
];

/** Every rule about a cache. */
export const DM_CACHE_INVARIANTS: readonly Rule[] = [
  ...CBLOCK_INVARIANTS,
  ...WHOLE_CACHE_INVARIANTS,
];

/**
 * Checks all of a cache; throws an `InvariantError` at the first rule broken.
 * `reach` counts the rules that had something to say. Both devices are read.
 *
 * @example
 * ```ts
 * import { checkDmCache, createDmCache, RamBackingDevice } from "zspec";
 *
 * const [metadata, cache, origin] = [32, 64, 256]
 *   .map((pages) => new RamBackingDevice(pages, 4096));
 * const device = createDmCache({ metadata, cache, origin, blockSectors: 64 });
 * if (typeof device === "string") throw new Error(device);
 * device.writePage(0, new Uint8Array(4096));
 * checkDmCache(device);
 * ```
 */
export function checkDmCache(cache: DmCache, reach?: Reach): void {
  assertInvariants(WHOLE_CACHE_INVARIANTS, cache, cache, reach);
  const held = new Map<number, number>();
  for (const { cblock, oblock } of cache.policy.mappings()) {
    held.set(cblock, oblock);
  }
  for (let cblock = 0; cblock < cache.cacheBlocks; cblock++) {
    const found = { cblock, oblock: held.get(cblock) };
    assertInvariants(CBLOCK_INVARIANTS, cache, found, reach);
  }
}
