/** Moving blocks between the origin and the cache. */
import type { Errno } from "../linux/errno.ts";
import { KernelBug } from "../rules/kernel_bug.ts";
import type { BackingDevice } from "../zram/backing.ts";
import type { DmCache } from "./dm_cache.ts";
import { PAGE_SIZE } from "./sizes.ts";

/** Whole pages, one behind another, on a device. */
interface Region {
  readonly device: BackingDevice;
  readonly first: number;
}

/**
 * Copies a block of pages, all read before any is written; what was written
 * before a write failed stays. Specifies `dm_kcopyd_copy`.
 */
function copyBlock(from: Region, to: Region, pages: number): Errno | undefined {
  const read: Uint8Array[] = [];
  for (let nth = 0; nth < pages; nth++) {
    const page = new Uint8Array(PAGE_SIZE);
    const errno = from.device.readPage(from.first + nth, page);
    if (errno !== undefined) return errno;
    read.push(page);
  }
  for (const [nth, page] of read.entries()) {
    const errno = to.device.writePage(to.first + nth, page);
    if (errno !== undefined) return errno;
  }
}

const PRE_COMMIT = "migration_success_pre_commit, dm-cache-target.c";

/** Commits what a migration changed (`commit_if_needed`). */
function commitMigration(cache: DmCache): void {
  const errno = cache.commit();
  if (errno === undefined) return;
  throw new KernelBug(
    "do_worker, dm-cache-target.c",
    `let a migration wait, and try again and again, until the metadata can be written, which it cannot (${errno})`,
  );
}

/**
 * Copies a block into a free cache block, which is clean then. Where that
 * fails, the block stays on the origin and the policy is told; so the request
 * that it was for goes there. Answers whether it succeeded. Specifies `promote`
 * and the last branch of `migration_failure`, `dm-cache-target.c`, 3.12.
 */
export function promote(
  cache: DmCache,
  oblock: number,
  cblock: number,
): boolean {
  const { origin, cacheDevice, pagesPerBlock, policy, stats } = cache;
  const isAvoided = cache.discards.has(oblock);
  if (isAvoided) stats.copiesAvoided++;
  const errno = isAvoided ? undefined : copyBlock(
    { device: origin, first: oblock * pagesPerBlock },
    { device: cacheDevice, first: cblock * pagesPerBlock },
    pagesPerBlock,
  );
  if (errno !== undefined) {
    stats.failedPromotions++;
    policy.removeMapping(oblock);
    return false;
  }
  const refused = cache.metadata.insert(cblock, oblock);
  if (refused !== undefined) {
    throw new KernelBug(
      PRE_COMMIT,
      `never end a request for block ${oblock}, which it forgets when the metadata has no room for its mapping (${refused})`,
    );
  }
  commitMigration(cache);
  cache.dirty.clear(cblock);
  cache.leftDirty.delete(cblock);
  if (isAvoided) cache.uncopied.add(cblock);
  return true;
}

/**
 * Takes a block out of the cache: a dirty one is copied to the origin first,
 * unless it was discarded. Where that fails, it stays, dirty as it was. Its
 * dirty bit is let be: the promotion that follows clears it. Answers whether it
 * succeeded. Specifies `demote_then_promote`, `dm-cache-target.c`, 3.12.
 */
export function demote(
  cache: DmCache,
  oldOblock: number,
  newOblock: number,
  cblock: number,
): boolean {
  const { origin, cacheDevice, pagesPerBlock, policy, stats, dirty } = cache;
  const isAvoided = !dirty.has(cblock) || cache.discards.has(oldOblock);
  if (isAvoided) stats.copiesAvoided++;
  const errno = isAvoided ? undefined : copyBlock(
    { device: cacheDevice, first: cblock * pagesPerBlock },
    { device: origin, first: oldOblock * pagesPerBlock },
    pagesPerBlock,
  );
  if (errno !== undefined) {
    stats.failedDemotions++;
    policy.forceMapping(newOblock, oldOblock);
    return false;
  }
  const refused = cache.metadata.remove(cblock);
  if (refused !== undefined) {
    throw new KernelBug(
      PRE_COMMIT,
      `never end another request for block ${oldOblock}, which it keeps locked when the metadata cannot be changed (${refused})`,
    );
  }
  commitMigration(cache);
  if (dirty.has(cblock)) cache.leftDirty.add(cblock);
  cache.uncopied.delete(cblock);
  return true;
}
