/** Two kernels' size classes side by side, and the same pages in both. */
import type { Profile } from "../linux/profile.ts";
import {
  type ClassRow,
  type GeometryReport,
  geometryReport,
} from "../report/geometry.ts";
import { fittedTable } from "../report/fitted_table.ts";
import { grouped, percent } from "../report/table.ts";
import { wrap } from "../report/wrap.ts";
import { filledDevice } from "./filled.ts";
import { type Measured, mixOf } from "./measuring.ts";
import { readInput } from "./pages.ts";
import { measureFor } from "./prediction.ts";
import { tellUnread } from "./unread.ts";

/** What a kernel needs for the pages of files. */
interface Stored {
  /** Pages of the files, the last of each padded with zeros. */
  readonly pages: number;
  /** Their bytes. */
  readonly bytes: number;
  /** Pages that take no memory. */
  readonly samePages: number;
  /** Pages stored whole. */
  readonly hugePages: number;
  /** Bytes of all objects. */
  readonly objectBytes: number;
  /** Frames that hold them. */
  readonly pagesUsed: number;
  /** Bytes of these frames. */
  readonly bytesUsed: number;
  /** Those of them that are no object's. */
  readonly waste: number;
  /** The share of them that are an object's; 0 where there are none. */
  readonly ratio: number;
}

/** One of the kernels that are compared. */
export interface Compared extends GeometryReport {
  readonly stored?: Stored;
}

/** Kernels beside each other, and what compressed the pages of files, if any. */
export interface Comparison {
  readonly algorithm?: string;
  readonly kernels: readonly Compared[];
}

/** Compares kernels, and where there are files, on their pages. */
export async function compare(
  profiles: readonly Profile[],
  paths: readonly string[] | undefined,
  algorithm: string,
): Promise<Comparison> {
  const kernels = profiles.map(geometryReport);
  if (paths === undefined) return { kernels };
  const stored = await storeOnEach(profiles, paths, algorithm);
  return {
    algorithm,
    kernels: kernels.map((one, nth) => ({ ...one, stored: stored[nth] })),
  };
}

/**
 * Every page of the files on a device of each profile. What a page is to a
 * kernel, a length or a word repeated, is measured once for kernels alike.
 */
async function storeOnEach(
  profiles: readonly Profile[],
  paths: readonly string[],
  name: string,
): Promise<Stored[]> {
  const known = new Map<string, Measured>();
  const stored: Stored[] = [];
  for (const profile of profiles) {
    const { pageSize, wordBits, zram: { sameFilled, zstd } } = profile;
    const kind = JSON.stringify([pageSize, wordBits, sameFilled, zstd]);
    let measured = known.get(kind);
    if (measured === undefined) {
      const input = readInput(paths, pageSize);
      measured = await measureFor(profile, input, [{ name, params: {} }]);
      if (known.size === 0) tellUnread(input.unread);
      known.set(kind, measured);
    }
    stored.push(storedOn(profile, measured));
  }
  return stored;
}

function storedOn(profile: Profile, measured: Measured): Stored {
  const { mmStat } = filledDevice(profile, mixOf(measured, 0));
  const { pageSize } = profile;
  const { compr_data_size, same_pages, huge_pages, mem_used_total } = mmStat;
  return {
    pages: measured.pages,
    bytes: measured.pages * pageSize,
    samePages: same_pages,
    hugePages: huge_pages,
    objectBytes: compr_data_size,
    pagesUsed: mem_used_total / pageSize,
    bytesUsed: mem_used_total,
    waste: mem_used_total - compr_data_size,
    ratio: mem_used_total === 0 ? 0 : compr_data_size / mem_used_total,
  };
}

/** The comparison for people, in lines of at most `width` characters. */
export function renderComparison(
  { algorithm, kernels }: Comparison,
  width: number = Infinity,
): string {
  const names = kernels.map(({ name }, nth) => `${LETTERS[nth]}: ${name}\n`);
  return [
    names.join(""),
    renderTotals(kernels, width),
    ...(algorithm === undefined
      ? []
      : [renderStored(kernels, algorithm, width)]),
    renderRows(kernels, width),
  ].join("\n");
}

/** The letters by which tables call the kernels. */
const LETTERS = "AB";

/** A table with a column for each kernel. */
function columns<Of>(
  title: string,
  of: readonly Of[],
  rows: readonly (readonly [string, (one: Of) => string | number])[],
  width: number,
): string {
  return fittedTable(
    [
      { title, align: "left" },
      ...of.map((_, nth) => ({ title: LETTERS[nth], importance: 1 })),
    ],
    rows.map(([name, cell]) => [`  ${name}`, ...of.map(cell)]),
    width,
  );
}

function renderTotals(kernels: readonly Compared[], width: number): string {
  return columns("Size classes", kernels, [
    ["bytes per page", ({ pageSize }) => grouped(pageSize)],
    ["bits per word", ({ wordBits }) => wordBits],
    ["pages per zspage, at most", ({ chainSize }) => chainSize],
    ["classes", ({ classes }) => classes.length],
    ["sizes that they serve", ({ sizeClasses }) => sizeClasses],
    ["huge threshold, bytes", (one) => grouped(one.hugeClassSize)],
  ], width) + "\n" +
    columns("One object of each size from 1 byte to a page", kernels, [
      ["bytes lost in the chunk, mean", (one) => one.chunkWaste.toFixed(1)],
      [
        "bytes lost at the zspage's end, mean",
        (one) => one.endWaste.toFixed(1),
      ],
      ["objects in two frames", (one) => percent(one.crossing, 1)],
    ], width);
}

/** A size's class in each kernel, if it has one. */
type Side = ClassRow | undefined;

/** Whether a size has a class of the same zspages in all kernels. */
function isSame(sides: readonly Side[]): boolean {
  return sides.every((one) =>
    one?.pagesPerZspage === sides[0]?.pagesPerZspage &&
    one?.objectsPerZspage === sides[0]?.objectsPerZspage &&
    one?.waste === sides[0]?.waste
  );
}

/** Each size that has a class in some kernel, and that class in each. */
function sidesBySize(kernels: readonly Compared[]) {
  const bySize = kernels.map(({ classes }) =>
    new Map(classes.map((one) => [one.size, one]))
  );
  const sizes = new Set(bySize.flatMap((classes) => [...classes.keys()]));
  return [...sizes].sort((a, b) => a - b).map((size) => ({
    size,
    sides: bySize.map((classes): Side => classes.get(size)),
  }));
}

function sideCells(side: Side): (string | number)[] {
  if (side === undefined) return ["", "", "", ""];
  const { pagesPerZspage, objectsPerZspage, waste, crossing } = side;
  return [pagesPerZspage, objectsPerZspage, waste, crossing];
}

/** The classes that only one kernel has, or that are others in each. */
function renderRows(kernels: readonly Compared[], width: number): string {
  const rows = sidesBySize(kernels);
  const differing = rows.filter(({ sides }) => !isSame(sides));
  const same = rows.length - differing.length;
  const summary = `${same} classes are the same in both.\n`;
  if (differing.length === 0) return summary;
  const titles = kernels.flatMap((_, nth) =>
    [`${LETTERS[nth]}: pages`, "objects", "waste", "crossing"]
      .map((title, place) => ({ title, importance: -(4 * nth + place) }))
  );
  return wrap(
    "Zspages of the classes that differ: pages, objects, bytes that no object has, and objects in two frames. A size without a class is served by the next one's.",
    Math.min(81, width),
  ) +
    fittedTable(
      [{ title: "size" }, ...titles],
      differing.map(({ size, sides }) => [size, ...sides.flatMap(sideCells)]),
      width,
    ) + summary;
}

function renderStored(
  kernels: readonly Compared[],
  algorithm: string,
  width: number,
): string {
  const stored = kernels.flatMap((one) => one.stored ?? []);
  return columns(`The files' pages, compressed by ${algorithm}`, stored, [
    ["pages stored", (one) => grouped(one.pages)],
    ["pages that take no memory", (one) => grouped(one.samePages)],
    ["pages stored whole", (one) => grouped(one.hugePages)],
    ["bytes of objects", (one) => grouped(one.objectBytes)],
    ["pages used", (one) => grouped(one.pagesUsed)],
    ["bytes used", (one) => grouped(one.bytesUsed)],
    ["waste", (one) => grouped(one.waste)],
    ["ratio of objects to bytes used", ({ ratio }) => percent(ratio, 1)],
  ], width);
}
