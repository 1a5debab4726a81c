/** How the zspages of a class are kept in lists by how full they are. */

/**
 * A rule that sorts zspages into fullness groups. Group 0 holds empty zspages,
 * the last group full ones; a zspage with room is looked for from the last but
 * one group down.
 */
export interface FullnessRule {
  /** Groups by number, as debugfs or the source names them. */
  readonly groups: readonly string[];
  /** The group of a zspage with `inuse` of its `objects` chunks allocated. */
  group(inuse: number, objects: number): number;
  /**
   * Whether a zspage less used than its list's head goes behind the head; else
   * every zspage that enters a list becomes its head.
   */
  readonly fullerHeadStays: boolean;
  /** Whether empty and full zspages are on lists too. */
  readonly listsAll: boolean;
}

/**
 * Twelve groups by tenths of the objects in use.
 *
 * Specifies `get_fullness_group` and `insert_zspage`, `mm/zsmalloc.c`, since
 * 6.4.
 */
export const inuseRatio: FullnessRule = {
  groups: [
    "0%",
    "10%",
    "20%",
    "30%",
    "40%",
    "50%",
    "60%",
    "70%",
    "80%",
    "90%",
    "99%",
    "100%",
  ],
  group(inuse, objects) {
    if (inuse === 0) return 0;
    if (inuse === objects) return 11;
    const ratio = Math.floor(100 * inuse / objects);
    return Math.floor(ratio / 10) + 1;
  },
  fullerHeadStays: false,
  listsAll: true,
};

/**
 * Four groups: empty, almost empty (at most three quarters in use), almost
 * full, full.
 *
 * Specifies `get_fullness_group` and `insert_zspage`, `mm/zsmalloc.c`, 4.8 to
 * 6.3.
 */
export const threeQuarters: FullnessRule = {
  groups: ["empty", "almost_empty", "almost_full", "full"],
  group(inuse, objects) {
    if (inuse === 0) return 0;
    if (inuse === objects) return 3;
    return inuse <= Math.floor(3 * objects / 4) ? 1 : 2;
  },
  fullerHeadStays: true,
  listsAll: true,
};

/**
 * The same groups as first merged: full and empty zspages are on no list, and
 * every zspage that enters one becomes its head.
 *
 * Specifies `get_fullness_group` and `insert_zspage`, `mm/zsmalloc.c`, 4.0.
 */
export const partFilledThreeQuarters: FullnessRule = {
  ...threeQuarters,
  fullerHeadStays: false,
  listsAll: false,
};

/**
 * Almost empty is at most one quarter in use.
 *
 * Specifies `get_fullness_group` and `insert_zspage`, `mm/zsmalloc.c`, 3.12.
 */
export const quarter: FullnessRule = {
  ...partFilledThreeQuarters,
  group(inuse, objects) {
    if (inuse === 0) return 0;
    if (inuse === objects) return 3;
    return inuse <= Math.floor(objects / 4) ? 1 : 2;
  },
};
