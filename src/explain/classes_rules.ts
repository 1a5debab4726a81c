/** The rules of size classes that a table of them can break. */
import { grouped } from "../report/table.ts";
import type { Rule } from "../rules/rule.ts";
import { CLASS_INVARIANTS } from "../zsmalloc/pool_invariants.ts";
import {
  type ClassesTable,
  type ClassRow,
  groupColumns,
  summedColumns,
} from "./classes_table.ts";
import { broken, type BrokenRule, ruleNamed } from "./explanation.ts";

const ruleOf = (id: string) => ruleNamed(CLASS_INVARIANTS, id);

const USED = ruleOf("zsmalloc/class-objects-used");
const ALLOCATED = ruleOf("zsmalloc/class-objects-allocated");
const PAGES = ruleOf("zsmalloc/class-pages-used");
const GROUPS = ruleOf("zsmalloc/class-groups");

const FREEABLE: Rule = {
  id: "explain/classes-freeable",
  sentence:
    "freeable is the pages of as many zspages as a class's free chunks would fill.",
  source: "zs_can_compact, mm/zsmalloc.c, 4.3",
};
const TOTALS: Rule = {
  id: "explain/classes-total",
  sentence: "The last line adds up the lines above it.",
  source: "zs_stats_size_show, mm/zsmalloc.c, 4.0",
};

/** The geometry and the counts of a class. */
export interface ClassCounts {
  /** Chunks of a zspage. */
  readonly objectsPerZspage: number;
  /** Its pages; 1 where the table does not say. */
  readonly pagesPerZspage: number;
  /** Chunks of all zspages. */
  readonly allocated: number;
  /** Those that hold an object. */
  readonly used: number;
  /** Zspages. */
  readonly zspages: number;
  /** Pages of the zspages that compaction can empty. */
  readonly freeable: number;
}

/** The counts of a row. */
export function classCounts(
  { numbers }: ClassRow,
  pageSize: number,
): ClassCounts {
  const number = (name: string) => numbers.get(name) ?? 0;
  const pagesPerZspage = numbers.get("pages_per_zspage") ?? 1;
  const objectsPerZspage = Math.max(
    1,
    Math.floor(pagesPerZspage * pageSize / Math.max(1, number("size"))),
  );
  const [allocated, used] = [number("obj_allocated"), number("obj_used")];
  const spare = Math.floor(Math.max(0, allocated - used) / objectsPerZspage);
  return {
    objectsPerZspage,
    pagesPerZspage,
    allocated,
    used,
    zspages: allocated / objectsPerZspage,
    freeable: spare * pagesPerZspage,
  };
}

/** The rules that a table breaks, class by class. */
export function brokenByClasses(
  table: ClassesTable,
  pageSize: number,
): BrokenRule[] {
  const hasGeometry = table.columns.includes("pages_per_zspage");
  return [
    ...table.rows.flatMap((row) =>
      brokenByRow(row, table, hasGeometry, pageSize)
    ),
    ...brokenByTotals(table),
  ];
}

function brokenByRow(
  row: ClassRow,
  { columns }: ClassesTable,
  hasGeometry: boolean,
  pageSize: number,
): BrokenRule[] {
  const counts = classCounts(row, pageSize);
  const { allocated, used, zspages, objectsPerZspage } = counts;
  const found: BrokenRule[] = [];
  const say = (rule: Rule, expected: string, value: number) => {
    found.push(broken(rule, `class ${row.index}: ${expected}`, grouped(value)));
  };
  if (used > allocated) {
    say(USED, `obj_used at most ${grouped(allocated)}`, used);
  }
  if (!hasGeometry) return found;
  if (allocated % objectsPerZspage !== 0) {
    say(
      ALLOCATED,
      `obj_allocated a multiple of ${objectsPerZspage}`,
      allocated,
    );
    return found;
  }
  const pages = row.numbers.get("pages_used") ?? 0;
  const right = zspages * counts.pagesPerZspage;
  if (pages !== right) say(PAGES, `pages_used ${grouped(right)}`, pages);
  const groups = groupColumns(columns)
    .reduce((sum, name) => sum + (row.numbers.get(name) ?? 0), 0);
  if (groups > zspages) {
    say(GROUPS, `at most ${grouped(zspages)} zspages in groups`, groups);
  }
  const freeable = row.numbers.get("freeable");
  if (freeable !== undefined && freeable !== counts.freeable) {
    say(FREEABLE, `freeable ${grouped(counts.freeable)}`, freeable);
  }
  return found;
}

/** The last line against the sums: where no class was left out of the paste. */
function brokenByTotals(table: ClassesTable): BrokenRule[] {
  const { rows, totals } = table;
  const columns = summedColumns(table);
  if (totals === undefined || totals.length !== columns.length) return [];
  return columns.flatMap((name, nth) => {
    const sum = rows.reduce(
      (all, row) => all + (row.numbers.get(name) ?? 0),
      0,
    );
    if (sum === totals[nth]) return [];
    const expected = `Total of ${name} ${
      grouped(sum)
    }, or lines left out of the paste`;
    return [broken(TOTALS, expected, grouped(totals[nth]))];
  });
}
