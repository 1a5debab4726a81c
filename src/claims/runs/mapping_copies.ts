/** What mapping an object copies, and what becomes of what is written to it. */
import type { Profile } from "../../linux/profile.ts";
import type { MapMode, MappedObject } from "../../zsmalloc/mapping.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import type { Given } from "../experiment.ts";
import { isCrossing, mallocIn, storedPages } from "./stored_pages.ts";

const MODES: readonly MapMode[] = ["read-only", "read-write", "write-only"];

/** The modes in which an object is mapped that can be written to. */
const WRITABLE: Readonly<Record<Profile["mapping"], readonly MapMode[]>> = {
  "copy": MODES,
  "page-table": MODES,
  "read-only-copy": [],
};

/**
 * The methods that a kernel can be built with: one that copies could be built
 * with CONFIG_PGTABLE_MAPPING too, up to 5.9.
 */
const METHODS: Readonly<
  Record<Profile["mapping"], readonly Profile["mapping"][]>
> = {
  "copy": ["copy", "page-table"],
  "page-table": ["copy", "page-table"],
  "read-only-copy": ["read-only-copy"],
};

/** What is copied for objects of one kind. */
export interface Copies {
  objects: number;
  /** Objects for which something was copied to be read. */
  copied: number;
  /** Bytes copied to map and unmap them all, to write and then to read. */
  toWrite: number;
  toRead: number;
  /** Objects whose bytes were not those that were written. */
  wrong: number;
}

/** What becomes of an object of which one byte is written by a mapping. */
export interface Written {
  readonly mode: MapMode;
  /** Whether the byte is in the object afterwards. */
  readonly isKept: boolean;
  /** Whether the other bytes are what they were. */
  readonly isRestKept: boolean;
}

/** What one method does. */
export interface MethodFound {
  readonly method: Profile["mapping"];
  readonly within: Copies;
  readonly crossing: Copies;
  /** By mode, of those that the kernel has. */
  readonly writtenWithin: readonly Written[];
  readonly writtenCrossing: readonly Written[];
}

const noCopies = (): Copies => ({
  objects: 0,
  copied: 0,
  toWrite: 0,
  toRead: 0,
  wrong: 0,
});

/** Does a task: what it answers, and the bytes that it copied from or to frames. */
function counted<Done>(
  { zspages }: ZsPool,
  task: () => Done,
): { done: Done; bytes: number } {
  const { readBytes, writeBytes } = zspages;
  let bytes = 0;
  zspages.readBytes = (pfn, offset, into) => {
    bytes += into.length;
    readBytes.call(zspages, pfn, offset, into);
  };
  zspages.writeBytes = (pfn, offset, data) => {
    bytes += data.length;
    writeBytes.call(zspages, pfn, offset, data);
  };
  try {
    const done = task();
    return { done, bytes };
  } finally {
    Object.assign(zspages, { readBytes, writeBytes });
  }
}

/** Maps an object: the bytes that mapping and unmapping it copies. */
function mapped(
  pool: ZsPool,
  handle: number,
  mode: MapMode,
  length: number,
  use: (object: MappedObject) => void,
): number {
  const map = counted(pool, () => pool.map(handle, mode, 0, length));
  use(map.done);
  return map.bytes + counted(pool, () => pool.unmap(map.done)).bytes;
}

/** Stores pages and reads them again, as zram does. */
function store(
  pool: ZsPool,
  pages: readonly Uint8Array[],
  writesByMapping: boolean,
): { within: Copies; crossing: Copies } {
  const copies = { within: noCopies(), crossing: noCopies() };
  for (const page of pages) {
    const handle = mallocIn(pool, page.length);
    const kind = copies[isCrossing(pool, handle) ? "crossing" : "within"];
    kind.objects++;
    if (writesByMapping) {
      kind.toWrite += mapped(
        pool,
        handle,
        "write-only",
        page.length,
        (object) => object.write(page),
      );
    } else pool.write(handle, page);
    const into = new Uint8Array(page.length);
    const toRead = mapped(
      pool,
      handle,
      "read-only",
      page.length,
      (object) => object.read(into),
    );
    kind.toRead += toRead;
    if (toRead > 0) kind.copied++;
    if (into.some((byte, at) => byte !== page[at])) kind.wrong++;
  }
  return copies;
}

/** Writes one byte of an object in each mode, to one in a frame or in two. */
function writeOne(
  profile: Profile,
  modes: readonly MapMode[],
  crossing: boolean,
): readonly Written[] {
  return modes.map((mode) => {
    const pool = new ZsPool(profile);
    const length = 1500;
    const find = (): number => {
      const handle = mallocIn(pool, length);
      return isCrossing(pool, handle) === crossing ? handle : find();
    };
    const handle = find();
    pool.write(handle, new Uint8Array(length).fill(1));
    mapped(
      pool,
      handle,
      mode,
      length,
      (object) => object.write(Uint8Array.of(2)),
    );
    const [first, ...rest] = pool.read(handle, new Uint8Array(length));
    return {
      mode,
      isKept: first === 2,
      isRestKept: rest.every((byte) => byte === 1),
    };
  });
}

/** Stores and reads by each method of one kernel. */
export function runMappings(given: Given<"pages">): readonly MethodFound[] {
  const { sizes, realPages } = given;
  return METHODS[given.profile.mapping].map((method) => {
    const profile: Profile = { ...given.profile, mapping: method };
    const pages = storedPages(
      profile,
      realPages(sizes.pages, profile.pageSize),
    );
    const modes = WRITABLE[method];
    return {
      method,
      ...store(new ZsPool(profile), pages, modes.includes("write-only")),
      writtenWithin: writeOne(profile, modes, false),
      writtenCrossing: writeOne(profile, modes, true),
    };
  });
}
