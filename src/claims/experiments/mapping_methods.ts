/** The ways of accessing an object that lies in two frames. */
import {
  LINUX_3_12,
  LINUX_4_0,
  LINUX_7_3,
  type Profile,
} from "../../linux/profile.ts";
import type { MapMode } from "../../zsmalloc/mapping.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { share } from "../numbers.ts";
import { storedPages } from "../stored_pages.ts";

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
interface Copies {
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
interface Written {
  readonly mode: MapMode;
  /** Whether the byte is in the object afterwards. */
  readonly isKept: boolean;
  /** Whether the other bytes are what they were. */
  readonly isRestKept: boolean;
}

interface MethodFound {
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

/** Bytes that go from frames to elsewhere, or back, while `task` is done. */
function bytesCopied({ zspages }: ZsPool, task: () => void): number {
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
    task();
  } finally {
    Object.assign(zspages, { readBytes, writeBytes });
  }
  return bytes;
}

const mallocIn = (pool: ZsPool, length: number): number => {
  const handle = pool.malloc(length);
  if (typeof handle !== "number") throw new Error(`no object: ${handle}`);
  return handle;
};

function isCrossing(pool: ZsPool, handle: number): boolean {
  const { offset, size } = pool.chunkOf(handle, "find");
  return offset + size > pool.geometry.pageSize;
}

/** Maps an object: the bytes that mapping and unmapping it copies. */
function mapped(
  pool: ZsPool,
  handle: number,
  mode: MapMode,
  length: number,
  use: (object: ReturnType<ZsPool["map"]>) => void,
): number {
  let object: ReturnType<ZsPool["map"]> | undefined;
  const copied = bytesCopied(pool, () => {
    object = pool.map(handle, mode, 0, length);
  });
  if (object === undefined) throw new Error("not mapped");
  const one = object;
  use(one);
  return copied + bytesCopied(pool, () => pool.unmap(one));
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

function run(given: Given<"pages">): readonly MethodFound[] {
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

const effect = ({ isKept, isRestKept }: Written) =>
  isRestKept ? isKept ? "written" : "lost" : "the rest lost";

function figures(found: readonly MethodFound[]): readonly Figures[] {
  const mean = (bytes: number, objects: number) =>
    objects === 0 ? "" : (bytes / objects).toFixed(0);
  const all = [
    {
      title: "Bytes that a mapping copies, of an object on average",
      columns: ["", "objects", "copied", "to write", "to read", "wrong"],
      rows: found.flatMap(({ method, within, crossing }) =>
        ([["in one frame", within], ["in two", crossing]] as const)
          .map(([where, one]) => [
            `${method}, ${where}`,
            one.objects,
            one.copied,
            mean(one.toWrite, one.objects),
            mean(one.toRead, one.objects),
            one.wrong,
          ])
      ),
    },
    {
      title: "What becomes of one byte that is written by a mapping",
      columns: ["", "in one frame", "in two"],
      rows: found.flatMap(({ method, writtenWithin, writtenCrossing }) =>
        writtenWithin.map((within, nth) => [
          `${method}, ${within.mode}`,
          effect(within),
          effect(writtenCrossing[nth]),
        ])
      ),
    },
  ];
  return all.filter(({ rows }) => rows.length > 0);
}

/** Whether all modes do the same. */
const isAlike = (written: readonly Written[]) =>
  written.every((one) => effect(one) === effect(written[0]));

const modesText = (written: readonly Written[]) =>
  written.map((one) => `${one.mode}: ${effect(one)}`).join(", ") ||
  "no mapping can be written to";

const copying = (found: readonly MethodFound[]) =>
  found.filter(({ method }) => method !== "page-table");

/** The experiment. */
export const MAPPING_METHODS = experiment<"pages", readonly MethodFound[]>({
  name: "mapping-methods",
  theme: "mapping",
  method:
    "Real pages compressed by lzo are stored in zsmalloc and read again by each of its mapping methods, and the bytes are counted that mapping and unmapping copy. Then one byte of an object is written in each mode.",
  sizes: {
    pages: { usual: 1024, least: 16, most: 65536, means: "pages stored" },
  },
  kernels: [LINUX_3_12, LINUX_4_0, LINUX_7_3],
  run,
  figures,
  claims: [
    {
      name: "two-mapping-methods",
      says:
        "There are two methods of accessing an object in two pages, copying it and mapping its pages, and both give its bytes.",
      who: "Minchan Kim, 2013",
      passages: [{ thread: "002", at: "lines 104-106" }],
      decide: (found) =>
        holds(
          found.length === 2 &&
            found.every(({ crossing: { objects, wrong } }) =>
              objects > 0 && wrong === 0
            ),
          found.map(({ method, crossing: { objects, wrong } }) =>
            `${method}: ${wrong} of ${objects} objects in two frames read wrong`
          ).join("; "),
        ),
    },
    {
      name: "only-spanning-objects-are-copied",
      says: "Mapping copies only objects that lie across two pages.",
      who: "Minchan Kim, 2013",
      passages: [
        { thread: "002", at: "lines 104-106" },
        { thread: "002", at: "lines 135-136" },
      ],
      decide: (found) =>
        holds(
          copying(found).every(({ within, crossing }) =>
            within.toRead + within.toWrite === 0 && crossing.copied > 0
          ),
          copying(found).map(({ within, crossing }) =>
            `${within.copied} of ${within.objects} objects in one frame are copied to be read, ${crossing.copied} of ${crossing.objects} in two`
          ).join("; "),
        ),
    },
    {
      name: "map-modes-matter-only-across-pages",
      says:
        "The modes of a mapping make a difference only for objects that lie in two pages.",
      who: "Nitin Gupta, 2013",
      passages: [{ thread: "002", at: "lines 7565-7567" }],
      decide: ([{ writtenWithin, writtenCrossing }]) =>
        holds(
          isAlike(writtenWithin) && !isAlike(writtenCrossing),
          `in one frame ${modesText(writtenWithin)}; in two ${
            modesText(writtenCrossing)
          }`,
        ),
    },
    {
      name: "map-modes-no-effect-with-pgtable",
      says: "With page table mapping the modes have no effect.",
      who: "Nitin Gupta, 2013",
      passages: [{ thread: "002", at: "line 7566" }],
      decide(found) {
        const pageTable = found.find(({ method }) => method === "page-table");
        return pageTable === undefined
          ? holds(false, "there is no page table mapping")
          : holds(
            isAlike([...pageTable.writtenWithin, ...pageTable.writtenCrossing]),
            `in two frames ${modesText(pageTable.writtenCrossing)}`,
          );
      },
    },
    {
      name: "write-only-mapping-loses-the-rest",
      says:
        "A write of some bytes by a write-only mapping does not keep the others.",
      who: "Nitin Gupta, 2013",
      passages: [{ thread: "002", at: "lines 7572-7577" }],
      decide([{ writtenWithin, writtenCrossing }]) {
        const isLost = (written: readonly Written[]) =>
          written.some((one) => one.mode === "write-only" && !one.isRestKept);
        const evidence = `in one frame ${modesText(writtenWithin)}; in two ${
          modesText(writtenCrossing)
        }`;
        return isLost(writtenWithin) ? holds(true, evidence) : holdsIf(
          isLost(writtenCrossing),
          "the object lies in two pages and is copied",
          evidence,
        );
      },
    },
    {
      name: "pgtable-mapping-faster-on-arm",
      says:
        "On some machines mapping two pages by the page table is faster than copying.",
      who: "Minchan Kim, 2013",
      passages: [
        { thread: "002", at: "lines 136-139" },
        { thread: "002", at: "lines 107-110" },
      ],
      decide([{ within, crossing }]) {
        const objects = within.objects + crossing.objects;
        const bytes = crossing.copied === 0
          ? 0
          : Math.round(crossing.toRead / crossing.copied);
        return {
          ruling: "not decided here",
          evidence: `${crossing.copied} of ${objects} reads, ${
            share(crossing.copied, objects)
          }, copy ${bytes} bytes on average or set two page table entries and flush them from the TLB, whose cost is the machine's`,
        };
      },
    },
  ],
});
