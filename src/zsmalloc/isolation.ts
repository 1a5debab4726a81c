/**
 * Isolation: a frame is taken out of use by others before it is migrated, and
 * put back where that did not come to pass.
 */
import type { Profile } from "../linux/profile.ts";
import type { Memory } from "../memory/memory.ts";
import type { PageHolds } from "./page_holds.ts";
import {
  fullnessGroup,
  GROUP_EMPTY,
  insertZspage,
  removeZspage,
  type SizeClass,
} from "./size_class.ts";
import { NO_ZSPAGE, ZSPAGE_INUSE, type Zspages } from "./zspage.ts";

/** What isolation works on. */
export interface IsolationPool {
  readonly profile: Profile;
  readonly memory: Memory;
  readonly zspages: Zspages;
  readonly holds: PageHolds;
  classOfZspage(zspage: number): SizeClass;
}

/** What isolating a frame does to its zspage, and ending that. */
interface Isolation {
  /** Whether a zspage's frame may be isolated, which is then done to it. */
  begin(pool: IsolationPool, zspage: number): boolean;
  /** The last isolated frame of a zspage was migrated or put back. */
  end(pool: IsolationPool, zspage: number): void;
}

const ISOLATIONS: Readonly<Record<Profile["isolated"], Isolation>> = {
  /**
   * The zspage leaves its list, so that nothing is allocated from it. An empty
   * one, or one that another has taken off, is refused. Specifies
   * `zs_page_isolate` and `putback_zspage_deferred`, 4.8 to 5.18.
   */
  "off-list": {
    begin(pool, zspage) {
      const { zspages, holds } = pool;
      if (holds.offLists.has(zspage)) {
        return holds.offLists.get(zspage) === "isolated";
      }
      if (zspages.get(zspage, ZSPAGE_INUSE) === 0) return false;
      removeZspage(zspages, pool.classOfZspage(zspage), zspage);
      holds.offLists.set(zspage, "isolated");
      return true;
    },
    end(pool, zspage) {
      const { holds, zspages } = pool;
      const sizeClass = pool.classOfZspage(zspage);
      const group = fullnessGroup(zspages, sizeClass, zspage);
      holds.offLists.delete(zspage);
      insertZspage(zspages, sizeClass, zspage, group);
      // Its frame is locked, so that it cannot be freed here.
      if (group === GROUP_EMPTY) holds.freeWork = true;
    },
  },
  /** The zspage stays as it is, and may be freed. Since 5.19. */
  "on-list": {
    begin: ({ holds }, zspage) => holds.offLists.get(zspage) !== "being-freed",
    end() {},
  },
};

/**
 * Isolates a frame of a zspage for its migration: false where it is locked or
 * isolated already, or the zspage may not be touched. Specifies
 * `isolate_movable_page`, `mm/migrate.c`, and `zs_page_isolate`,
 * `mm/zsmalloc.c`, since 4.8.
 */
export function isolatePage(
  pool: IsolationPool,
  pfn: number,
  zspage: number,
): boolean {
  const { profile, holds } = pool;
  if (!profile.movable || holds.isLocked(pfn) || holds.isIsolated(pfn)) {
    return false;
  }
  if (!ISOLATIONS[profile.isolated].begin(pool, zspage)) return false;
  holds.isolate(pfn, zspage);
  return true;
}

/**
 * Ends a frame's isolation. The frame of a zspage that was freed meanwhile is
 * given back now, as who isolated it held it. Specifies `zs_page_putback`.
 */
export function putbackPage(pool: IsolationPool, pfn: number): void {
  const { profile, holds, memory } = pool;
  const zspage = holds.release(pfn);
  if (zspage === NO_ZSPAGE) memory.freePage(pfn);
  else if (!holds.isZspageIsolated(zspage)) {
    ISOLATIONS[profile.isolated].end(pool, zspage);
  }
}
