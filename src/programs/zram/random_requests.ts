/** Random requests: for pages, and in sectors. */
import { pick } from "../random.ts";
import type { Draft } from "./draft.ts";
import { alikePage, randomPage } from "./random_data.ts";
import { BLOCK } from "./request_range.ts";
import { SECTOR, type ZramBio } from "./steps.ts";

/** A page is written. */
export function write(draft: Draft, page = draft.anyPage()): void {
  const written = randomPage(draft);
  draft.write(page, written);
  // Equal pages, of which a real codec must make the same.
  if (draft.create.codecs !== "kernel" || draft.random(4) > 0) return;
  draft.add({ op: "write", page, data: written.data });
}

/** A page is read. */
export function read(draft: Draft): void {
  draft.add({ op: "read", page: draft.anyPage() });
}

/** Pages are discarded, now and then some that are not there. */
export function discard(draft: Draft): void {
  const { random, diskPages } = draft;
  const page = draft.anyPage();
  const most = random(16) === 0 ? diskPages : 6;
  const wanted = 1 + random(Math.max(most, 1));
  const isPast = random(12) === 0;
  const left = Math.max(1, diskPages - page);
  const pages = isPast ? left + pick(random, 1, 1, 7) : Math.min(wanted, left);
  draft.discard(page, pages);
}

/** The swap layer frees a page. */
export function slotFreeNotify(draft: Draft): void {
  const page = draft.page();
  draft.add({ op: "slot_free_notify", page });
  draft.freed(page, 1);
}

/** A part of a page that is larger than a block is discarded, which leaves it. */
export function discardWithin(draft: Draft): void {
  const { random, profile: { pageSize } } = draft;
  if (pageSize === BLOCK) return;
  const start = draft.page() * pageSize + BLOCK;
  const blocks = 1 + random(pageSize / BLOCK - 1);
  const sector = start / SECTOR;
  const bytes = Math.min(blocks * BLOCK, pageSize - BLOCK);
  draft.add({ op: "bio", request: "discard", sector, bytes });
}

/** A request in sectors: of blocks, of several pages, beyond the end, unaligned. */
export function bio(draft: Draft): void {
  const { random, profile, scope } = draft;
  const request = pick<ZramBio["request"]>(
    random,
    "read",
    "read",
    "write",
    "write",
    "write",
    "discard",
    "write_zeroes",
  );
  const range = rangeOf(draft);
  const isUnaligned = scope.anySurroundings && random(12) === 0;
  const { sector, bytes } = isUnaligned
    ? pick(
      random,
      { ...range, sector: range.sector + 1 },
      { ...range, bytes: Math.max(SECTOR, range.bytes - SECTOR) },
    )
    : range;
  if (request !== "write") {
    return draft.add({ op: "bio", request, sector, bytes });
  }
  const page = randomPage(draft);
  const { data } = page;
  const rest = random(3) === 0 ? { rest: randomPage(draft).data } : {};
  draft.add({ op: "bio", request, sector, bytes, data, ...rest });
  const first = Math.floor(sector * SECTOR / profile.pageSize);
  draft.wrote(first, page.bytes);
}

/** Blocks of 4 KiB: one, a page of them, or a few pages, mostly inside the disk. */
function rangeOf(draft: Draft): Pick<ZramBio, "sector" | "bytes"> {
  const { random, profile: { pageSize }, diskPages } = draft;
  const perPage = pageSize / BLOCK;
  const all = diskPages * perPage;
  const first = draft.page() * perPage +
    (random(2) === 0 ? 0 : random(perPage));
  const wanted = pick(random, 1, perPage, 1 + random(3 * perPage), 2 * perPage);
  const isPast = random(16) === 0;
  const blocks = isPast
    ? Math.max(1, all - first + pick(random, 1, perPage))
    : Math.max(1, Math.min(wanted, all - first));
  return { sector: first * BLOCK / SECTOR, bytes: blocks * BLOCK };
}

/** The most pages that are filled at once. */
const MOST_FILLED = 48;

/** Many pages are written, so many that the pool grows by zspages. */
export function fill(draft: Draft): void {
  const { random, diskPages } = draft;
  if (diskPages === 0) return;
  const count = 1 + random(Math.min(diskPages, MOST_FILLED));
  const first = random(diskPages);
  for (let nth = 0; nth < count; nth++) write(draft, (first + nth) % diskPages);
}

/**
 * Pages of about one length are written, then thinned and compacted: every
 * second page or third is discarded, so that zspages have room, and compaction
 * can free some.
 */
export function age(draft: Draft): void {
  const { random, diskPages } = draft;
  const count = Math.min(diskPages, MOST_FILLED);
  const first = random(diskPages - count + 1);
  const { pageSize } = draft.profile;
  // Of large objects few are in a zspage: a few that are freed leave room for all.
  const length = random(3) === 0
    ? 64 + random(pageSize / 2)
    : pageSize / 2 + random(3 * pageSize / 8);
  for (let page = first; page < first + count; page++) {
    draft.write(page, alikePage(draft, length));
  }
  const step = 2 + random(2);
  for (let page = first; page < first + count; page += step) {
    draft.discard(page, Math.min(step - 1, diskPages - page));
  }
  if (draft.has("compact")) draft.set("compact", "1");
}
