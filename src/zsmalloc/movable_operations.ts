/** zsmalloc's frames as memory compaction moves them. */
import type { MovableOperations } from "../memory/movable_operations.ts";
import { NO_PAGE, PAGE_PRIVATE, PAGE_STRIDE } from "../memory/memory.ts";
import { runToEnd } from "../rules/stop.ts";
import { isolatePage, putbackPage } from "./isolation.ts";
import { migrateIsolatedPage, type MigrationPool } from "./migration.ts";

/**
 * What compaction does to a pool's frames. Where the kernel waits for an object
 * that is mapped, which it soon is no more, the frame is passed by: nobody else
 * runs meanwhile. Specifies `zsmalloc_mops`, `mm/zsmalloc.c`, since 6.0;
 * `zsmalloc_aops`, since 4.8.
 */
export function movableOperations(pool: MigrationPool): MovableOperations {
  return {
    isolate(pfn) {
      const zspage = pool.memory.page[pfn * PAGE_STRIDE + PAGE_PRIVATE];
      if (!pool.zspages.isLive(zspage)) return false;
      if (pool.mappings.hasReaders(zspage)) return false;
      return isolatePage(pool, pfn, zspage);
    },
    migrate(pfn, to) {
      const moved = runToEnd(migrateIsolatedPage(pool, pfn, false, to));
      if (moved === NO_PAGE) {
        throw new Error(`page ${pfn} was freed while compaction had it`);
      }
      return moved === to;
    },
    putback: (pfn) => putbackPage(pool, pfn),
  };
}
