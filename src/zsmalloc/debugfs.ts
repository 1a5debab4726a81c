/**
 * The table of size classes, `/sys/kernel/debug/zsmalloc/POOL/classes`, in the
 * format of each era (CONFIG_ZSMALLOC_STAT). Classes that were merged away have
 * no line.
 */
import type { Profile } from "../linux/profile.ts";
import type { ZsPool } from "./pool.ts";
import { canCompact, GROUP_EMPTY, type SizeClass } from "./size_class.ts";

/** One column: its title, its width, and a class's number in it. */
interface Column {
  readonly title: string;
  readonly width: number;
  /** Whether the last line adds up the column. */
  readonly hasTotal: boolean;
  number(sizeClass: SizeClass): number;
}

function column(
  title: string,
  width: number,
  number: Column["number"],
  hasTotal = true,
): Column {
  return { title, width, hasTotal, number };
}

const CLASS: readonly Column[] = [
  column("class", 5, ({ index }) => index, false),
  column("size", 5, ({ size }) => size, false),
];

const ALMOST: readonly Column[] = [
  column("almost_full", 11, ({ zspages }) => zspages[2]),
  column("almost_empty", 12, ({ zspages }) => zspages[1]),
];

const TENTHS: readonly Column[] = [10, 20, 30, 40, 50, 60, 70, 80, 90, 99, 100]
  .map((percent, nth) =>
    column(`${percent}%`, 9, ({ zspages }) => zspages[GROUP_EMPTY + 1 + nth])
  );

/** Frames of a class's zspages, as the table shows them. */
export function pagesUsed(sizeClass: SizeClass): number {
  const { objsAllocated, objectsPerZspage, pagesPerZspage } = sizeClass;
  return objsAllocated / objectsPerZspage * pagesPerZspage;
}

const OBJECTS: readonly Column[] = [
  column("obj_allocated", 13, ({ objsAllocated }) => objsAllocated),
  column("obj_used", 10, ({ objsUsed }) => objsUsed),
  column("pages_used", 10, pagesUsed),
  column("pages_per_zspage", 16, (one) => one.pagesPerZspage, false),
];

const FREEABLE: readonly Column[] = [column("freeable", 8, canCompact)];

const TABLES: Readonly<
  Record<NonNullable<Profile["classesTable"]>, readonly Column[]>
> = {
  "almost": [...CLASS, ...ALMOST, ...OBJECTS],
  "almost-freeable": [...CLASS, ...ALMOST, ...OBJECTS, ...FREEABLE],
  "tenths": [...CLASS, ...TENTHS, ...OBJECTS, ...FREEABLE],
};

/** A line of the table: a space before each field, each to its width. */
function line(
  columns: readonly Column[],
  field: (column: Column) => string | number,
): string {
  return columns
    .map((one) => " " + String(field(one)).padStart(one.width))
    .join("") + "\n";
}

/** The last line: the sums of those columns that have one. */
function totals(
  pool: ZsPool,
  columns: readonly Column[],
): string {
  const last = columns.findLastIndex(({ hasTotal }) => hasTotal);
  return line(columns.slice(0, last + 1), (one) => {
    if (one.title === "class") return "Total";
    if (!one.hasTotal) return "";
    return pool.classes.reduce((sum, each) => sum + one.number(each), 0);
  });
}

/**
 * What `classes` of a pool's debugfs folder shows, or `undefined` in a kernel
 * that has no such file (3.12). Specifies `zs_stats_size_show`,
 * `mm/zsmalloc.c`, 4.0, 4.8 (which adds `freeable`) and 6.4.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { classesText, LINUX_4_0, ZsPool } from "zspec";
 *
 * const pool = new ZsPool(LINUX_4_0);
 * pool.malloc(4000);
 * assertEquals(classesText(pool)?.split("\n").slice(-5), [
 *   "   202  3264           0            0             0          0          0                4",
 *   "   254  4096           0            0             1          1          1                1",
 *   "",
 *   " Total                 0            0             1          1          1",
 *   "",
 * ]);
 * ```
 */
export function classesText(pool: ZsPool): string | undefined {
  const { classesTable } = pool.profile;
  if (classesTable === undefined) return undefined;
  const columns = TABLES[classesTable];
  return line(columns, ({ title }) => title) +
    pool.classes.map((each) => line(columns, (one) => one.number(each)))
      .join("") +
    "\n" + totals(pool, columns);
}
