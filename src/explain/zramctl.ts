/** What is said of a table of `zramctl`. */
import type { MmStat } from "../zram/stat.ts";
import type {
  BrokenRule,
  ExplainContext,
  Explanation,
  NumberMeaning,
} from "./explanation.ts";
import type { TableFacts } from "./facts.ts";
import { aroundOf, type Beside, NOTHING } from "./mm_stat.ts";
import { mmStatFollows } from "./mm_stat_follows.ts";
import { brokenByMmStat } from "./mm_stat_rules.ts";
import {
  groupedNumeral,
  isNumeral,
  type ShownSize,
  shownSize,
} from "./numeral.ts";
import { ANY_RELEASE, span } from "./release_span.ts";
import { type ZramctlRow, zramctlRows } from "./zramctl_table.ts";

/** What a column is, and which number of `mm_stat` stands there. */
interface ZramctlColumn {
  readonly unit: string;
  readonly meaning: string;
  readonly field?: keyof MmStat;
}

/** The columns of util-linux's zramctl.c, and the numbers behind them. */
const COLUMNS: Readonly<Record<string, ZramctlColumn>> = {
  NAME: { unit: "", meaning: "the device" },
  ALGORITHM: { unit: "", meaning: "the one in brackets of comp_algorithm" },
  DISKSIZE: { unit: "size", meaning: "disksize: how much can be written" },
  DATA: { unit: "size", meaning: "orig_data_size", field: "orig_data_size" },
  COMPR: { unit: "size", meaning: "compr_data_size", field: "compr_data_size" },
  TOTAL: { unit: "size", meaning: "mem_used_total", field: "mem_used_total" },
  STREAMS: { unit: "", meaning: "max_comp_streams, up to 6.14" },
  "ZERO-PAGES": {
    unit: "pages",
    meaning: "same_pages: pages of any one word since 4.11",
    field: "same_pages",
  },
  "MEM-LIMIT": { unit: "size", meaning: "mem_limit", field: "mem_limit" },
  "MEM-USED": {
    unit: "size",
    meaning: "mem_used_max: the most ever used, not what is used",
    field: "mem_used_max",
  },
  MIGRATED: {
    unit: "pages",
    meaning: "pages_compacted, printed as if it were bytes",
    field: "pages_compacted",
  },
  "COMP-RATIO": { unit: "", meaning: "a ratio that zramctl computes" },
  MOUNTPOINT: { unit: "", meaning: "where it is mounted, or [SWAP]" },
};

/** The fewest numbers of `mm_stat`, of which a row shows some. */
const FEWEST = 7;

/** Explains each device of a table. */
export function explainZramctl(
  table: TableFacts,
  beside: Pick<Beside, "isUnderZswap">,
  context: ExplainContext,
): Explanation[] {
  return zramctlRows(table).map((row, nth) => {
    const explained = explainRow(row, beside, context);
    // The columns of the rows below are the same.
    return nth === 0 ? explained : { ...explained, mistaken: [] };
  });
}

function explainRow(
  { line, cells }: ZramctlRow,
  beside: Pick<Beside, "isUnderZswap">,
  context: ExplainContext,
): Explanation {
  const name = cells.get("NAME")?.replace("/dev/", "");
  const isRounded = [...cells.values()].some((cell) =>
    /^[0-9.,]+[KMGTPE]$/.test(cell)
  );
  return {
    kind: "zramctl",
    ...(name === undefined ? {} : { device: name }),
    line,
    title: `a row of zramctl${isRounded ? ", rounded" : ""}`,
    numbers: [...cells].map(([column, cell]) => cellMeaning(column, cell)),
    follows: [
      ...mmStatFollows(
        {
          ...aroundOf(statOf(cells), { ...beside, onDevice: 0 }, context),
          errors: numbersOf(cells, "error"),
        },
      ),
      ...(isRounded
        ? [
          "zramctl rounds: with --bytes, or from mm_stat, all of this is exact, and what the rules say can be checked.",
        ]
        : []),
    ],
    broken: isRounded ? [] : brokenByRow(statOf(cells), context),
    mistaken: MISTAKEN.filter(([column]) => cells.has(column))
      .map(([, sentence]) => sentence),
    // max_comp_streams, where it has a number.
    releases: cells.has("STREAMS") ? span("3.15", "6.14") : ANY_RELEASE,
  };
}

/** The rules that sizes in bytes break; numbers that are not shown break none. */
function brokenByRow(
  stat: Partial<MmStat>,
  { pageSize }: ExplainContext,
): BrokenRule[] {
  const { mem_used_total, orig_data_size, compr_data_size } = stat;
  const isWhole = mem_used_total !== undefined &&
    orig_data_size !== undefined && compr_data_size !== undefined;
  if (!isWhole) return [];
  const whole = { ...NOTHING, mem_used_max: mem_used_total, ...stat };
  return brokenByMmStat(whole, FEWEST, { pageSize });
}

function cellMeaning(column: string, cell: string): NumberMeaning {
  const { unit, meaning } = COLUMNS[column] ??
    { unit: "", meaning: "a column that zspec does not know" };
  return {
    name: column,
    value: isNumeral(cell) ? groupedNumeral(cell) : cell,
    unit,
    meaning,
    releases: ANY_RELEASE,
  };
}

/** What the cells say of `mm_stat`. */
const statOf = (cells: ReadonlyMap<string, string>) =>
  numbersOf(cells, "bytes");

/** Of each number of `mm_stat` in the cells what it is, or its error. */
function numbersOf(
  cells: ReadonlyMap<string, string>,
  which: keyof ShownSize,
): Partial<MmStat> {
  const stat: Partial<MmStat> = {};
  for (const [column, cell] of cells) {
    const field = COLUMNS[column]?.field;
    const size = shownSize(cell);
    if (field !== undefined && size !== undefined) stat[field] = size[which];
  }
  return stat;
}

const MISTAKEN: readonly (readonly [column: string, sentence: string])[] = [
  [
    "DISKSIZE",
    "DISKSIZE is not memory: it bounds DATA. What memory is taken stands under TOTAL, and its table of slots comes on top.",
  ],
  [
    "DATA",
    "DATA has pages of one word in it (since 4.14), and pages on a backing device, which take no memory.",
  ],
  [
    "MEM-USED",
    "MEM-USED is the most that was ever used, mem_used_max. What is used now is TOTAL.",
  ],
  [
    "MIGRATED",
    "MIGRATED is not a count of objects: it is pages_compacted, pages that compaction gave back, and 12B there are 12 pages.",
  ],
  [
    "ZERO-PAGES",
    "ZERO-PAGES are pages of any one word, not of zeros alone, since 4.11.",
  ],
  [
    "STREAMS",
    "STREAMS is the number of CPUs since 4.7, whatever was asked for.",
  ],
];
