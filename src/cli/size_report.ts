/** What `zspec size` shows. */
import type { Profile } from "../linux/profile.ts";
import { fittedTable } from "../report/fitted_table.ts";
import { memoryPicture } from "../report/memory.ts";
import {
  counted,
  grouped,
  humanBytes,
  percent,
  ratio,
} from "../report/table.ts";
import { hanging, wrap } from "../report/wrap.ts";
import { tableEntryBytes } from "../zram/table.ts";
import { absentText, algorithmText, hasAlgorithm } from "./algorithms.ts";
import type { Algorithm, Measured } from "./measuring.ts";
import {
  isMostDisk,
  MOST_DISK,
  type SizePlan,
  type SizeRequest,
} from "./size_plan.ts";
import {
  chosenDisk,
  generatorText,
  settingsOf,
  shellText,
} from "./size_settings.ts";
import { proseColumns } from "./terminal.ts";

/** A device for one algorithm. */
export interface Sized {
  /** The algorithm. */
  readonly algorithm: Algorithm;
  /** Why its lengths are only near the kernel's. */
  readonly near: string | undefined;
  /** The device. */
  readonly plan: SizePlan;
}

/** Whether a kernel has mem_limit: since 3.18. */
const hasLimit = ({ zram }: Profile) => "mem_limit" in zram.attributes;

/**
 * The sizes for people, in lines of at most `width` characters but for what is
 * to be pasted; the settings are those of `best`.
 */
export function renderSizes(
  request: SizeRequest,
  data: { readonly title: string; readonly measured: Measured },
  sized: readonly Sized[],
  best: Sized,
  width: number = Infinity,
): string {
  const { profile, ram, share } = request;
  const prose = proseColumns(width);
  const { pages } = data.measured;
  const name = algorithmText(best.algorithm);
  return [
    wrap(
      `${data.title}: ${
        counted(pages, "page")
      } as a sample, zram of ${profile.name}, ${humanBytes(ram)} of RAM`,
      prose,
    ),
    renderTable(request, sized, width),
    renderRule(request, sized, prose),
    wrap(
      `With ${name}, of the ${humanBytes(ram * share)} that zram may take:`,
      width,
    ) + renderMemory(request, best.plan, width),
    renderFull(request, best.plan, prose),
    wrap(
      `Settings for ${name}${
        sized.length > 1 ? ", which holds the most; speed is not looked at" : ""
      }`,
      width,
    ),
    generatorText(request, best.algorithm, best.plan, prose),
    `or in this order\n`,
    shellText(settingsOf(request, best.algorithm, best.plan), prose),
  ].join("\n");
}

/** A size and its limit for each algorithm. */
function renderTable(
  { profile }: SizeRequest,
  sized: readonly Sized[],
  width: number,
): string {
  const limited = (text: string) => hasLimit(profile) ? text : "–";
  const isBacked = sized.some(({ plan }) => plan.backed !== undefined);
  const rows = sized.map(({ algorithm, near, plan }) => {
    const { disksize, memLimit, tableBytes, firstEio, aged, backed } = plan;
    const name = algorithmText(algorithm);
    return [
      near === undefined ? name : `${name} ≈`,
      ratio(disksize, plan.poolBytes),
      humanBytes(disksize),
      limited(humanBytes(memLimit)),
      humanBytes(tableBytes),
      `+${percent(aged.full - 1, 1)}`,
      limited(
        firstEio.heldPages === undefined
          ? "never"
          : humanBytes(firstEio.heldPages * profile.pageSize),
      ),
      limited(firstEio.belowRatio.toFixed(2)),
      ...backed === undefined ? [] : [humanBytes(backed.disksize)],
    ];
  });
  return fittedTable(
    [
      { title: "algorithm", align: "left" },
      { title: "ratio", importance: 5 },
      { title: "disksize" },
      { title: "mem_limit", importance: 6 },
      { title: "table", importance: 1 },
      { title: "aged", importance: 2 },
      { title: "EIO at", importance: 3 },
      { title: "below", importance: 4 },
      ...isBacked ? [{ title: "backed", importance: 7 }] : [],
    ],
    rows,
    width,
  );
}

/** By what rule, and what the columns are. */
function renderRule(
  request: SizeRequest,
  sized: readonly Sized[],
  width: number,
): string {
  const { profile, share, ram, seed, backing } = request;
  const [{ plan: { aged, backed } }] = sized;
  const absent = sized.filter(({ algorithm: { name } }) =>
    !hasAlgorithm(profile, name)
  );
  const near = sized.filter((one) => one.near !== undefined)
    .map((one) => `≈ ${algorithmText(one.algorithm)}: ${one.near}.`);
  return wrap(
    [
      `disksize: the most that leaves zram in ${humanBytes(ram * share)} (${
        100 * share
      }% of RAM) when it is full of such data, the pool aged and with the table of slots, ${
        tableEntryBytes(profile)
      } bytes a page.${
        hasLimit(profile) ? " mem_limit: what the table leaves of that." : ""
      }`,
      `aged: what more a pool takes after pages came and went (--seed ${seed}), measured on ${
        counted(aged.pages, "page")
      }; a larger pool has less.`,
      ...hasLimit(profile)
        ? [
          "EIO at: data that a new pool holds within mem_limit, were the disk larger. below: what compresses by less is refused before the disk is full.",
        ]
        : [],
      ...backing === undefined || backed === undefined ? [] : [
        `backed: disksize where ${
          counted(backed.blocks, "page")
        } go to a backing device of ${humanBytes(backing)}.`,
      ],
      ...sized.some(({ plan }) => isMostDisk(request, chosenDisk(plan)))
        ? [`A disk of more than ${MOST_DISK} times the RAM is not looked for.`]
        : [],
      ...near,
      ...absent.map(({ algorithm: { name } }) => absentText(profile, name)),
    ].join(" "),
    width,
  );
}

const BAR_WIDTH = 40;

/** The pool of a full disk, from new to compacted. */
function renderMemory(
  { profile }: SizeRequest,
  plan: SizePlan,
  width: number,
): string {
  const { poolBytes, objectBytes, aged } = plan;
  const { half, left, compacted } = aged;
  const stage = (name: string, objects: number, share: number) => ({
    name,
    objectBytes: objects,
    bytesUsed: poolBytes * share,
    note: percent(objects, poolBytes * share) + " objects",
  });
  const stages = [
    stage("full", objectBytes, 1),
    stage("aged", objectBytes, aged.full),
    stage("half gone", objectBytes * left, half),
    ...profile.compaction === "none"
      ? []
      : [stage("compacted", objectBytes * left, compacted)],
  ];
  return memoryPicture(stages, BAR_WIDTH, width);
}

/** What is hit when the device takes no more, and what it does then. */
function renderFull(
  { profile }: SizeRequest,
  plan: SizePlan,
  width: number,
): string {
  const disk = chosenDisk(plan).disksize;
  return [
    columns(`The disk is full at ${humanBytes(disk)}: no EIO`, [
      ["swap", "has no slot, so the page stays in memory"],
      ["file system", "is full itself: ENOSPC for who writes"],
      ["zswap above", "has no slot either, and stores nothing new"],
    ], width),
    hasLimit(profile) ? renderLimit(profile, plan, width) : wrap(
      `${profile.name} has no mem_limit: what compresses worse takes more memory.`,
      width,
    ),
  ].join("");
}

/** What is hit when the pool is at its limit. */
function renderLimit(
  { pageSize }: Profile,
  plan: SizePlan,
  width: number,
): string {
  const { memLimit, firstEio: { heldPages, freeChunks } } = chosenDisk(plan);
  const unless = plan.backed === undefined
    ? ", were the disk larger"
    : ", unless pages are written back before";
  const such = heldPages === undefined
    ? "Such data never reaches it."
    : `A new pool of such data reaches it with page ${grouped(heldPages)} (${
      humanBytes(heldPages * pageSize)
    }${unless}), and then still takes ${
      counted(freeChunks, "page")
    } of the right lengths; what does not compress reaches it at ${
      humanBytes(memLimit)
    }. Pages of one word are always taken.`;
  return columns(
    `The pool is at mem_limit: EIO. ${such}`,
    [
      ["swap", "keeps the page in memory, dirty, and tries it again"],
      [
        "file system",
        "has said that it is written: it is lost, fsync gets EIO",
      ],
      ["zswap above", "keeps in memory the page that it was writing back"],
    ],
    width,
  );
}

/** Who is hit, and what it does. */
function columns(
  title: string,
  rows: readonly (readonly string[])[],
  width: number,
): string {
  return wrap(title, width) +
    rows.map(([who, what]) => hanging(`  ${who}`.padEnd(15), what, width))
      .join("");
}
