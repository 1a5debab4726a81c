/** What names an object, and what the first word of its chunk holds. */

/** How one release of zsmalloc names its objects. */
export interface ObjectRule {
  /**
   * What a handle is: the object's location itself, so that it cannot move, or
   * the address of a cell that holds the location. With cells each chunk
   * starts with its object's handle.
   */
  readonly handle: "location" | "cell";
  /** What an object's index in a location counts from: its frame, or its zspage. */
  readonly index: "in-frame" | "in-zspage";
  /**
   * What that index is in a handle or a link for the first object of a frame:
   * from 1 on, none of frame 0 looks like null.
   */
  readonly firstIndex: 0 | 1;
  /** What the first word of a free chunk says of the next one. */
  readonly link: "location" | "index";
  /** Bits below the object index in a location. */
  readonly tagBits: number;
  /**
   * Whether a location has the class's index too, above the object's, where
   * there are bits enough.
   */
  readonly namesClass: boolean;
}

/**
 * The handle is the location, its index counted from 1 so that it is never 0.
 * Specifies `obj_location_to_handle`, `mm/zsmalloc.c`, 3.12 to 3.19.
 */
export const LOCATION_HANDLES: ObjectRule = {
  handle: "location",
  index: "in-frame",
  firstIndex: 1,
  link: "location",
  tagBits: 0,
  namesClass: false,
};

/**
 * The same before it was mended, in 3.13 and the stable releases of 3.12: the
 * first object of frame 0 has handle 0, which is how `zs_malloc` says that it
 * failed. Specifies `obj_location_to_handle`, `zsmalloc-main.c`, 3.12.0.
 */
export const LOCATION_HANDLES_FROM_0: ObjectRule = {
  ...LOCATION_HANDLES,
  firstIndex: 0,
};

/**
 * Handles are decoupled from locations. Specifies `location_to_obj` and
 * `record_obj`, `mm/zsmalloc.c`, 4.0 to 4.7.
 */
export const CELLS_WITH_LOCATION_LINKS: ObjectRule = {
  handle: "cell",
  index: "in-frame",
  firstIndex: 0,
  link: "location",
  tagBits: 1,
  namesClass: false,
};

/**
 * A free chunk links to an index in its zspage. Specifies `location_to_obj`
 * and `set_freeobj`, `mm/zsmalloc.c`, 4.8 to 6.8.
 */
export const CELLS_WITH_INDEX_LINKS: ObjectRule = {
  handle: "cell",
  index: "in-zspage",
  firstIndex: 0,
  link: "index",
  tagBits: 1,
  namesClass: false,
};

/**
 * A location has no tag any more. Specifies `location_to_obj`,
 * `mm/zsmalloc.c`, 6.9 to 7.2.
 */
export const CELLS_WITHOUT_TAG: ObjectRule = {
  ...CELLS_WITH_INDEX_LINKS,
  tagBits: 0,
};

/**
 * A location names its object's class, so that `zs_free` needs not look at the
 * zspage. Specifies `location_to_obj` and `ZS_OBJ_CLASS_BITS`,
 * `mm/zsmalloc.c`, since 7.3.
 */
export const CELLS_WITH_CLASS: ObjectRule = {
  ...CELLS_WITHOUT_TAG,
  namesClass: true,
};
