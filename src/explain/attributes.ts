/** What is said of a device's files of one value each. */
import { counted, grouped, humanBytes } from "../report/table.ts";
import { MM_STAT_FIELDS, type MmStat } from "../zram/stat.ts";
import {
  algorithmList,
  algorithmsByPriority,
  isStronger,
  releasesOfList,
} from "./algorithms.ts";
import type {
  ExplainContext,
  Explanation,
  NumberMeaning,
} from "./explanation.ts";
import type { DeviceFacts, FileText } from "./facts.ts";
import { aroundOf } from "./mm_stat.ts";
import { mmStatFollows } from "./mm_stat_follows.ts";
import { groupedNumeral, isNumeral } from "./numeral.ts";
import { ANY_RELEASE, narrowed, type ReleaseSpan } from "./release_span.ts";
import { ATTRIBUTE_MEANINGS } from "./zram_meanings.ts";

/** Files that could be read before they could only be written. */
const WRITE_ONLY_LATER = ["mem_limit", "mem_used_max"];
/** Characters of a text that stand in a table. */
const MOST_CHARACTERS = 20;
/** Bytes of a slot, of a kernel that nobody named. */
const USUAL_SLOT_BYTES = 16;

/** Explains the files of one value that a device has; `undefined` where none. */
export function explainAttributes(
  { device, files }: DeviceFacts,
  context: ExplainContext,
): Explanation | undefined {
  const own = [...files].filter(([name]) =>
    Object.hasOwn(ATTRIBUTE_MEANINGS, name)
  );
  if (own.length === 0) return undefined;
  return {
    kind: "attributes",
    ...(device === undefined ? {} : { device }),
    line: Math.min(...own.map(([, { line }]) => line)),
    title: counted(own.length, "file"),
    numbers: own.map(([name, file]) => valueOf(name, file)),
    follows: [
      ...diskFollows(files, context),
      ...separateFollows(files, context),
      ...recompressionFollows(files),
      ...writebackFollows(files),
    ],
    broken: [],
    mistaken: mistaken(files),
    releases: releasesOf(own) ?? null,
  };
}

function valueOf(name: string, { text }: FileText): NumberMeaning {
  const value = text.trim().replaceAll("\0", "").replaceAll("\n", " ");
  const known = ATTRIBUTE_MEANINGS[name];
  if (isNumeral(value)) return { name, ...known, value: groupedNumeral(value) };
  const { chosen } = algorithmList(value);
  const isLong = value.length > MOST_CHARACTERS;
  return {
    name,
    ...known,
    value: isLong ? chosen ?? "" : value,
    meaning: isLong ? `${known.meaning}: ${value}` : known.meaning,
  };
}

/** The releases that have all of the files, with these texts. */
function releasesOf(
  files: readonly (readonly [string, FileText])[],
): ReleaseSpan | undefined {
  let releases: ReleaseSpan | undefined = ANY_RELEASE;
  for (const [name, { text }] of files) {
    if (releases === undefined) return undefined;
    releases = narrowed(releases, ATTRIBUTE_MEANINGS[name].releases);
    if (name === "comp_algorithm" && releases !== undefined) {
      releases = narrowed(releases, releasesOfList(algorithmList(text)));
    }
  }
  return releases;
}

/** What follows from files of one number that `mm_stat` has later. */
function separateFollows(
  files: ReadonlyMap<string, FileText>,
  context: ExplainContext,
): string[] {
  if (files.has("mm_stat") || !files.has("orig_data_size")) return [];
  const stat: Partial<MmStat> = {};
  for (const field of MM_STAT_FIELDS) {
    const text = files.get(field)?.text.trim();
    if (text !== undefined && isNumeral(text)) stat[field] = Number(text);
  }
  const beside = { onDevice: 0, isUnderZswap: false };
  return mmStatFollows(aroundOf(stat, beside, context));
}

/** Its size in pages, and what the table of its slots takes. */
function diskFollows(
  files: ReadonlyMap<string, FileText>,
  { pageSize, profile }: ExplainContext,
): string[] {
  const text = files.get("disksize")?.text.trim();
  if (text === undefined || !isNumeral(text)) return [];
  const disksize = Number(text);
  if (disksize === 0) {
    return [
      "The device is not set up: disksize is 0, and every other number is of no use.",
    ];
  }
  const pages = disksize / pageSize;
  const slot = profile === undefined ? USUAL_SLOT_BYTES : slotBytes(profile);
  return [
    `The disk has ${grouped(pages)} pages. The table of its slots takes ${
      humanBytes(pages * slot)
    } (${slot} bytes each${
      profile === undefined ? ", in most releases" : ""
    }), whether they hold anything or not.`,
  ];
}

/** Bytes of a slot of a kernel's table. */
function slotBytes(
  { wordBits, zram }: NonNullable<ExplainContext["profile"]>,
): number {
  const { words, bytes, acTimeBytes } = zram.tableEntry;
  const all = words * wordBits / 8 + bytes +
    (zram.trackEntryActime ? acTimeBytes : 0);
  const word = wordBits / 8;
  return Math.ceil(all / word) * word;
}

/** Whether recompression can gain anything. */
function recompressionFollows(files: ReadonlyMap<string, FileText>): string[] {
  const first = algorithmList(files.get("comp_algorithm")?.text ?? "").chosen;
  const second = algorithmsByPriority(
    files.get("recomp_algorithm")?.text ?? "",
  );
  if (first === undefined) return [];
  return [...second].flatMap(([priority, { chosen }]) => {
    if (chosen === undefined) return [];
    const stronger = isStronger(chosen, first);
    if (stronger === undefined) return [];
    const names = `${chosen} (priority ${priority})`;
    return [
      stronger
        ? `Recompression by ${names} can gain over ${first}: what it makes of a page is kept where it falls into a smaller size class.`
        : `Recompression by ${names} gains nothing over ${first}, which packs as tightly or more: what it makes of a page is kept only where it falls into a smaller size class, and else is marked as tried in vain. Choose the fast algorithm in comp_algorithm and the tight one, such as zstd, in recomp_algorithm.`,
    ];
  });
}

/** Whether anything can be written back. */
function writebackFollows(files: ReadonlyMap<string, FileText>): string[] {
  const backing = files.get("backing_dev")?.text.trim();
  const isLimited = files.get("writeback_limit_enable")?.text.trim() === "1";
  const isSpent = files.get("writeback_limit")?.text.trim() === "0";
  const isSet = Number(files.get("disksize")?.text.trim() ?? 0) > 0;
  return [
    backing === "none"
      ? `No backing device is set, so that writing to writeback fails with ENODEV. backing_dev refuses what it is given for three reasons: EBUSY where the disk is set up already${
        isSet ? ", as this one is: reset it first" : ""
      }; EBUSY where somebody else has the device, a mount, another zram or a process; ENOTBLK where it is a file and no block device: losetup makes one of it. Recompression needs none.`
      : "",
    isLimited && isSpent
      ? "The writeback limit is used up: writeback fails with EIO until more is written to writeback_limit."
      : "",
  ].filter((sentence) => sentence !== "");
}

function mistaken(files: ReadonlyMap<string, FileText>): string[] {
  const sentences = [
    files.has("disksize")
      ? "disksize is no memory and no limit of memory: it bounds what can be written, before compression. mem_limit bounds the memory."
      : "",
    WRITE_ONLY_LATER.some((name) => files.has(name))
      ? "mem_limit and mem_used_max can be read up to 4.10 alone; since then mm_stat shows both. mem_limit has 64 bits."
      : "",
    files.has("recomp_algorithm")
      ? "Nothing is recompressed by itself: recompress has to be written to. backing_dev and bd_stat have nothing to do with it."
      : "",
    files.has("max_comp_streams")
      ? "max_comp_streams takes any number since 4.7 and ignores it: there is a stream for each CPU."
      : "",
    files.has("writeback_limit")
      ? "writeback_limit is in units of 4 KiB, and counts only while writeback_limit_enable is 1."
      : "",
  ];
  return sentences.filter((sentence) => sentence !== "");
}
