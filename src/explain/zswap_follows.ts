/** What follows from zswap's counters, and what they are mistaken for. */
import { counted, grouped, humanBytes, percent } from "../report/table.ts";
import type { ExplainContext } from "./explanation.ts";

type Numbers = ReadonlyMap<string, number>;
type Texts = ReadonlyMap<string, string>;

/** `max_pool_percent` and `accept_threshold_percent` where nobody set them. */
const USUAL_MAX_PERCENT = 20;
const USUAL_ACCEPT_PERCENT = 90;

/** Bytes of the pools, by whichever number says it. */
function poolBytes(numbers: Numbers, pageSize: number): number | undefined {
  const pages = numbers.get("pool_pages");
  return numbers.get("pool_total_size") ?? numbers.get("Zswap") ??
    (pages === undefined ? undefined : pages * pageSize);
}

/** Bytes of the pages that zswap holds, before compression. */
function heldBytes(numbers: Numbers, pageSize: number): number | undefined {
  const pages = numbers.get("stored_pages");
  return pages === undefined ? numbers.get("Zswapped") : pages * pageSize;
}

/** Each sentence. */
export function zswapFollows(
  numbers: Numbers,
  texts: Texts,
  { pageSize }: ExplainContext,
): string[] {
  return [
    ...enabledFollows(texts),
    ...ratioFollows(numbers, pageSize),
    ...allocatorFollows(numbers, texts, pageSize),
    ...limitFollows(numbers, pageSize),
    ...hitFollows(numbers),
    ...refusedFollows(numbers),
    ...writebackFollows(numbers),
  ];
}

function enabledFollows(texts: Texts): string[] {
  return texts.get("enabled") === "N"
    ? [
      "zswap is off: it stores nothing, and gives back what it still has. Numbers are of the time before.",
    ]
    : [];
}

function ratioFollows(numbers: Numbers, pageSize: number): string[] {
  const pool = poolBytes(numbers, pageSize);
  const held = heldBytes(numbers, pageSize);
  if (pool === undefined || held === undefined) return [];
  if (held === 0) return ["zswap holds no page."];
  const same = (numbers.get("same_filled_pages") ?? 0) * pageSize;
  const ratio = pool === 0
    ? ""
    : `, ${(held / pool).toFixed(2)} times smaller with the pool's own cost`;
  const without = same === 0 || pool === 0
    ? ""
    : `; ${((held - same) / pool).toFixed(2)} times without the ${
      humanBytes(same)
    } of same-filled pages, which take no object`;
  const whole = (numbers.get("stored_incompressible_pages") ?? 0) * pageSize;
  const incompressible = whole === 0
    ? ""
    : ` ${humanBytes(whole)} of it did not compress and are stored whole.`;
  return [
    `${humanBytes(held)} of pages in ${
      humanBytes(pool)
    } of memory${ratio}${without}.${incompressible}`,
  ];
}

/** The most objects in a page of allocators that have a most (up to 6.14). */
const MOST_IN_PAGE: Readonly<
  Record<string, { readonly most: number; readonly word: string }>
> = {
  zbud: { most: 2, word: "two" },
  z3fold: { most: 3, word: "three" },
};

/** More objects in a page than the allocator that is set can have there. */
function allocatorFollows(
  numbers: Numbers,
  texts: Texts,
  pageSize: number,
): string[] {
  const zpool = texts.get("zpool") ?? "";
  const pool = poolBytes(numbers, pageSize) ?? 0;
  if (!Object.hasOwn(MOST_IN_PAGE, zpool) || pool === 0) return [];
  const { most, word } = MOST_IN_PAGE[zpool];
  const same = numbers.get("same_filled_pages");
  const held = (heldBytes(numbers, pageSize) ?? 0) - (same ?? 0) * pageSize;
  if (held <= most * pool) return [];
  const filled = same === undefined
    ? ", or many pages are same-filled, which take no object"
    : "";
  return [
    `${zpool} holds at most ${word} objects in a page, and here are ${
      (held / pool).toFixed(2)
    }: older pools of another allocator are still there, or the counters are of different moments${filled}.`,
  ];
}

/** What the limit is, and how near the pools are to it. */
function limitFollows(numbers: Numbers, pageSize: number): string[] {
  const total = numbers.get("MemTotal");
  const pool = poolBytes(numbers, pageSize);
  if (total === undefined) return [];
  const share = numbers.get("max_pool_percent");
  const limit = total * (share ?? USUAL_MAX_PERCENT) / 100;
  const said = share === undefined
    ? `${USUAL_MAX_PERCENT}%, if max_pool_percent was not changed`
    : `max_pool_percent, ${share}%`;
  const accept = numbers.get("accept_threshold_percent") ??
    USUAL_ACCEPT_PERCENT;
  const used = pool === undefined
    ? ""
    : ` The pools take ${humanBytes(pool)}, ${percent(pool, limit)} of it.`;
  return [
    `The limit is ${humanBytes(Math.floor(limit))}: ${said}, of MemTotal, ${
      humanBytes(total)
    }.${used} Once it was hit, stores are accepted again below ${
      humanBytes(Math.floor(limit * accept / 100))
    } (accept_threshold_percent, ${accept}%, since 5.6).`,
  ];
}

function hitFollows(numbers: Numbers): string[] {
  const hits = numbers.get("pool_limit_hit") ?? 0;
  if (hits === 0) return [];
  const free = numbers.get("MemFree");
  const beside = free === undefined
    ? ""
    : ` That ${humanBytes(free)} are free now says nothing against it.`;
  return [
    `${
      counted(hits, "store")
    } found zswap at its limit. The limit is a share of all memory, whatever is free.${beside} Since 5.6 every store until the pools are down to the threshold is refused, and pages go to the swap device; a worker writes older entries back meanwhile. Raise max_pool_percent, or turn on shrinker_enabled (6.8), which writes back before.`,
  ];
}

/** Which stores were refused, and why. */
function refusedFollows(numbers: Numbers): string[] {
  const poor = numbers.get("reject_compress_poor") ?? 0;
  const failed = numbers.get("reject_compress_fail") ?? 0;
  const held = numbers.get("stored_pages");
  const beside = held === undefined
    ? ""
    : `, beside ${grouped(held)} that it holds now`;
  const noMemory = (numbers.get("reject_alloc_fail") ?? 0) +
    (numbers.get("reject_kmemcache_fail") ?? 0);
  return [
    poor === 0
      ? ""
      : `${
        counted(poor, "store")
      } refused as the page does not compress (reject_compress_poor)${beside}: it went to the swap device. With zbud and z3fold (up to 6.14) that also is a page whose object fits no page of theirs. Where zram is that device, those pages are what it gets. Since 6.18 such pages are stored whole, unless writeback is off.`,
    failed === 0
      ? ""
      : `${
        counted(failed, "store")
      } refused as the compressor failed (reject_compress_fail): most compressors answer so where a page does not fit into a page, so that it is no sign of a fault.`,
    noMemory === 0
      ? ""
      : `${
        counted(noMemory, "store")
      } refused for want of memory: zswap asks for some just when there is little.`,
    (numbers.get("decompress_fail") ?? 0) === 0
      ? ""
      : "decompress_fail is not 0: bytes in the pool were damaged, and whoever asked for the page got an error. Look for bad memory or a fault of the compressor.",
  ].filter((sentence) => sentence !== "");
}

function writebackFollows(numbers: Numbers): string[] {
  const written = numbers.get("written_back_pages") ?? numbers.get("zswpwb");
  if (written === undefined || written === 0) return [];
  const out = numbers.get("zswpout");
  const share = out === undefined || out === 0
    ? ""
    : `, ${percent(written, out)} of those ever stored (zswpout)`;
  return [
    `${
      counted(written, "page")
    } written back to the swap device${share}: each was compressed, decompressed and written, which a smaller zswap does more often.`,
  ];
}

/** What people take counters for, of those that are there. */
export function mistakenOfZswap(numbers: Numbers): string[] {
  const about: readonly (readonly [name: string, sentence: string])[] = [
    [
      "pool_limit_hit",
      "pool_limit_hit counts stores, not times that zswap became full, and does not fall. It is no lack of free memory.",
    ],
    [
      "reject_compress_poor",
      "reject_compress_poor is no error: the page is on the swap device. What counts is its share of all stores, and it never falls.",
    ],
    [
      "reject_reclaim_fail",
      "reject_reclaim_fail counts no refused stores since 5.6: tries of the worker, since 6.5 entries that it could not write back.",
    ],
    [
      "pool_total_size",
      "pool_total_size is memory, not data. Up to 6.8 it is what it was when an entry was last stored or freed.",
    ],
    [
      "Zswapped",
      "Zswapped is before compression, Zswap after it. Pages in zswap have their slots on the swap device all the same, so that SwapFree falls as if they were there.",
    ],
    [
      "zswpin",
      "pswpin and pswpout are of the swap devices alone, zswpin and zswpout of zswap alone; pages that zswap writes back count in pswpout, too.",
    ],
  ];
  return about.filter(([name]) => numbers.has(name))
    .map(([, sentence]) => sentence);
}
