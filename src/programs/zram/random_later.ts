/** What random programs do to pages later: idle marks, writeback, recompression. */
import type { ZramProfile } from "../../linux/zram_profile.ts";
import { pick } from "../random.ts";
import type { Draft } from "./draft.ts";
import { randomPage } from "./random_data.ts";
import { bio, fill, read, write } from "./random_requests.ts";

/** Ages in seconds where the program has the clock; the last wraps in 64 bits. */
const AGES = [
  "0",
  "1",
  "5",
  "20",
  "100000",
  "0x10",
  "4294967295",
  "4294967296",
  "18446744074",
];
/**
 * Ages of which it is known what becomes of pages, whatever the clock says: that
 * they all have or none. Where whole seconds are kept a page may have been
 * accessed in this one.
 */
const SURE_AGES: Readonly<
  Record<ZramProfile["idleAge"], readonly string[]>
> = {
  "nanoseconds": ["0", "100000"],
  "seconds": ["4294967295"],
  "below-uptime": ["4294967295"],
};

/** Marks pages idle: all, or those of an age. */
export function idle(draft: Draft): void {
  const { idleAge } = draft.profile.zram;
  const ages = draft.can("wait")
    ? [...AGES, ...metAges(draft), ...metAges(draft)]
    : SURE_AGES[idleAge];
  draft.setAny("idle", "all", "all", "all", "all\n", "some", ...ages);
}

/** Ages of moments at which something was accessed, and that of the system. */
function metAges({ moments }: Draft): string[] {
  const [now] = moments;
  return [...moments.slice(1).map((moment) => now - moment), Math.floor(now)]
    .map(String);
}

/** The clock goes on. */
export function wait(draft: Draft): void {
  draft.wait(draft.random(10));
}

/** Writes pages back. */
export function writeback(draft: Draft): void {
  draft.set("writeback", writebackText(draft));
}

/**
 * Many pages are written back, and then read, written in part, or written anew:
 * those on blocks that fail too.
 */
export function writebackMany(draft: Draft): void {
  const { random } = draft;
  fill(draft);
  if (draft.has("idle")) draft.set("idle", "all");
  draft.set("writeback", "idle");
  for (let nth = random(8); nth > 0; nth--) {
    if (draft.can("bio") && random(2) === 0) bio(draft);
    else read(draft);
  }
}

/** What is written to `writeback`: a type, pages, ranges, or what is refused. */
function writebackText(draft: Draft): string {
  const { random, diskPages } = draft;
  const type = () =>
    pick(random, "idle", "huge", "huge_idle", "incompressible", "huge\n");
  const page = () => `page_index=${draft.anyPage()}`;
  const range = () => {
    const first = draft.page();
    const last = Math.min(first + random(6), Math.max(diskPages - 1, 0));
    return `page_indexes=${first}-${last}`;
  };
  const wrong = [
    "all",
    "",
    "page_index=x",
    "page_index=-1",
    "page_indexes=3",
    "page_indexes=3-2",
    `page_indexes=0-${diskPages}`,
    "mode=1 huge",
  ];
  const made = [
    type,
    type,
    page,
    page,
    page,
    range,
    () => `type=${type()}`,
    () => `${range()} ${type()}`,
    () => `${page()} ${range()} ${page()}`,
    () => `${range()} ${range()} type=${type()}`,
    () => pick(random, ...wrong),
  ];
  return pick(random, ...made)();
}

/** What is done to a page in the middle of a writeback, where it is not written. */
const MEANWHILE = ["read", "discard", "slot_free_notify"] as const;

/** A page is written in the middle of a writeback of it, or of others; or else. */
export function writebackUnder(draft: Draft): void {
  const { random, diskPages } = draft;
  // Several, one after another: the first may fail, the last be touched.
  if (random(2) === 0 && diskPages > 1) return writebackManyUnder(draft);
  const page = draft.page();
  const value = random(3) === 0
    ? writebackText(draft)
    : `page_index=${random(4) === 0 ? draft.page() : page}`;
  if (random(2) === 0) write(draft, page);
  const after = random(pick(random, 3, 3, 12, 80));
  under(draft, value, after, page);
}

/** The first pages are written back, and one of them is touched about when it is. */
function writebackManyUnder(draft: Draft): void {
  const { random, diskPages } = draft;
  const last = 1 + random(Math.min(diskPages - 1, 6));
  for (let page = 0; page <= last; page++) write(draft, page);
  draft.set("idle", "all");
  // There are two waits for each page.
  const after = random(4) === 0 ? random(12) : 2 * last + random(2);
  under(draft, "idle", after, random(4) === 0 ? draft.page() : last);
}

/** A page is written, or what else is done to it, amid a writeback. */
function under(draft: Draft, value: string, after: number, page: number): void {
  const { random } = draft;
  const op = "writeback_under";
  if (random(2) === 0) {
    const does = pick(random, ...MEANWHILE);
    return draft.add({ op, value, after, page, does });
  }
  const { data, bytes } = randomPage(draft);
  draft.add({ op, value, after, page, data });
  draft.wrote(page, bytes);
}

/** Limits writeback, and writes back until the limit is met, or something else. */
export function writebackLimit(draft: Draft): void {
  const { random, profile: { pageSize } } = draft;
  const units = pageSize / 4096;
  const limits = [0, 1, units, units, 2 * units, 5 * units, 40].map(String);
  draft.setAny("writeback_limit", ...limits, "many");
  const enables = ["0", "1", "1", "1", "1", "no", "2"];
  draft.setAny("writeback_limit_enable", ...enables);
  if (random(4) === 0) return;
  for (let nth = random(4); nth >= 0; nth--) write(draft, draft.page());
  draft.set("idle", "all");
  draft.set("writeback", pick(random, "idle", "idle", writebackText(draft)));
}

/** Recompresses a page of which an algorithm makes about as much as the threshold. */
function recompressAtThreshold(draft: Draft): void {
  const { random, profile: { pageSize } } = draft;
  const large = pageSize / 2 + random(pageSize / 4);
  const small = 100 + random(pageSize / 2 - 100);
  // Each other algorithm makes little of it, whichever comes first.
  const lengths = [large, small, large, small];
  const data = { kind: "stated", lengths, seed: random(256) } as const;
  draft.write(draft.page(), { data, bytes: large });
  const threshold = small + random(3) - 1;
  const priority = 1 + random(3);
  draft.set("recompress", `priority=${priority} threshold=${threshold}`);
}

/** Recompresses pages, by each parameter or none. */
export function recompress(draft: Draft): void {
  const isStated = draft.create.codecs === "stated";
  if (isStated && draft.random(6) === 0) return recompressAtThreshold(draft);
  const written = draft.random(4) > 0 ? writeLarge(draft) : [];
  draft.set("recompress", recompressText(draft, written));
  if (draft.random(4) > 0) return;
  // Again, when some pages have had every algorithm.
  draft.set("recompress", `max_pages=${1 + draft.random(3)}`);
}

/**
 * Recompresses pages, and frees one in the middle of it: mostly one that takes a
 * whole page and so comes first.
 */
export function recompressUnder(draft: Draft): void {
  const { random, create, diskPages, profile: { pageSize } } = draft;
  const page = random(2) === 0 ? draft.page() : Math.max(diskPages - 1, 0);
  const isStated = create.codecs === "stated";
  const written = isStated ? writeShrinking(draft, page, pageSize) : [];
  const value = random(2) === 0 ? recompressText(draft, written) : "type=huge";
  const after = random(pick(random, 1, 2, 8));
  draft.add({ op: "recompress_under", value, after, page });
  draft.freed(page, 1);
}

/**
 * Writes pages of which other algorithms make more or less than the first.
 * Returns the lengths that they all make of them.
 */
function writeLarge(draft: Draft): readonly number[] {
  const { random, create, profile: { pageSize } } = draft;
  if (create.codecs !== "stated") return [];
  return Array.from(
    { length: 3 + random(4) },
    () =>
      writeShrinking(
        draft,
        draft.page(),
        pageSize / 2 + random(pageSize / 2),
      ),
  ).flat();
}

/** Writes a page of which the first algorithm makes so much; returns what all make. */
function writeShrinking(
  draft: Draft,
  page: number,
  first: number,
): readonly number[] {
  const { random, profile: { pageSize } } = draft;
  const others = Array.from({ length: 3 }, () => 24 + random(pageSize - 24));
  const lengths = [first, ...others];
  const data = { kind: "stated", lengths, seed: random(256) } as const;
  draft.write(page, { data, bytes: first });
  return lengths;
}

/** What is written to `recompress`, pages of some lengths being there. */
function recompressText(draft: Draft, written: readonly number[]): string {
  const { random, edges, lengths, profile: { pageSize, zram } } = draft;
  const some = (oneIn: number, name: string, ...values: (string | number)[]) =>
    random(oneIn) === 0 ? [`${name}=${pick(random, ...values)}`] : [];
  const half = Math.floor(pageSize / 2);
  const halves = Array<number>(8).fill(half);
  const thresholds = [...edges, ...lengths, 100, ...halves].map((edge) =>
    Math.max(1, edge + random(3) - 1)
  ).concat(written);
  // One algorithm alone: it must be there, and what names it go together.
  const isOne = zram.recompressOrder === "one-by-size";
  const priorities = isOne ? [1, 1, 1, 2, 2, 3, 0, 7] : [0, 1, 2, 3, 7];
  const parts = [
    ...some(4, "type", "idle", "huge", "huge_idle", ...(isOne ? [] : ["any"])),
    ...(random(4) > 0 ? some(1, "threshold", ...thresholds, 70000) : []),
    ...some(isOne ? 8 : 4, "algo", ...zram.compAlgorithms, "none"),
    ...some(isOne ? 2 : 4, "priority", ...priorities),
    ...some(draft.isScarce ? 1 : 4, "max_pages", 0, 1, 1, 1, 3, 10),
    ...some(20, "threshold", "x"),
    ...some(20, "type", "", "any"),
  ];
  return parts.join(" ");
}
