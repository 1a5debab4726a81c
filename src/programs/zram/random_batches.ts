/** What random programs set of writeback since 6.19: batches, compressed pages. */
import { pick } from "../random.ts";
import type { Draft } from "./draft.ts";
import { alikePage } from "./random_data.ts";
import { write } from "./random_requests.ts";

/** Sets how many pages are on their way at a time: few, many, or no number. */
export function batchSize(draft: Draft): void {
  if (!draft.has("writeback_batch_size")) return;
  const sizes = ["1", "1", "2", "3", "5", "7", "32", "33", "100"];
  // Of a kernel that takes all the memory that there is.
  if (draft.scope.anySurroundings) sizes.push("4294967295");
  const wrong = ["0", "-1", "", "many", "4294967296"];
  const isWrong = draft.random(10) === 0;
  draft.setAny("writeback_batch_size", ...(isWrong ? wrong : sizes));
}

/** Whether pages are written back as they are stored: once there is a disk it is refused. */
export function compressedWriteback(draft: Draft): void {
  const odd = ["y", "N\n", "enable", "d", "2", ""];
  const right = [...Array<string>(12).fill("1"), "0"];
  draft.setAny("compressed_writeback", ...right, ...odd);
}

/**
 * More pages than a batch has are written back, then read: some blocks fail,
 * and the limit may end it in the middle of a batch.
 */
export function writebackBatches(draft: Draft): void {
  const { random, profile: { pageSize }, diskPages } = draft;
  draft.set("writeback_batch_size", String(1 + random(3)));
  const count = Math.min(diskPages, 4 + random(12));
  const first = random(diskPages - count + 1);
  for (let page = first; page < first + count; page++) write(draft, page);
  if (random(3) === 0) {
    const pages = 1 + random(12);
    draft.set("writeback_limit", String(pages * pageSize / 4096));
    draft.set("writeback_limit_enable", "1");
  }
  draft.set("idle", "all");
  // A page that is recompressed is idle no more.
  const isRecompressed = draft.has("recompress") && random(2) === 0;
  if (isRecompressed) draft.set("recompress", `priority=${1 + random(3)}`);
  const range = `page_indexes=${first}-${first + count - 1}`;
  draft.set(
    "writeback",
    isRecompressed ? range : pick(random, "idle", "idle", range, "huge_idle"),
  );
  for (let nth = 6 + random(8); nth > 0; nth--) {
    draft.add({ op: "read", page: first + random(count) });
  }
  if (random(2) === 0) draft.set("writeback_limit_enable", "0");
}

/**
 * Pages are asked for one after another, and the one that comes last is touched
 * before it is sent: where no other follows, a block is left.
 */
export function writebackLastTouched(draft: Draft): void {
  const { random, diskPages } = draft;
  const page = random(diskPages);
  const last = Math.min(page + random(3), diskPages - 1);
  const { pageSize } = draft.profile;
  const alike = alikePage(draft, 64 + random(pageSize / 2));
  for (let one = page; one <= last; one++) draft.write(one, alike);
  const value = `page_indexes=${page}-${last}`;
  const after = Math.max(0, last - page - random(2));
  const { data } = alike;
  draft.add({ op: "writeback_under", value, after, page, data });
  draft.add({ op: "get", attr: "bd_stat" });
}

/** Recompresses with one algorithm, and again: what has it is left alone. */
export function recompressAgain(draft: Draft): void {
  const { random, profile: { pageSize, zram } } = draft;
  for (let nth = 2 + random(4); nth >= 0; nth--) write(draft, draft.page());
  const text = `priority=${1 + random(3)}`;
  const few = `threshold=${1 + random(pageSize / 2)} max_pages=${random(3)}`;
  draft.set("recompress", pick(random, text, `${text} ${few}`));
  if (random(2) === 0) draft.set("idle", "all");
  const algo = `algo=${pick(random, ...zram.compAlgorithms)}`;
  draft.set(
    "recompress",
    pick(random, text, text, "type=any", algo, `${algo} ${text}`),
  );
  if (draft.can("block_state")) draft.add({ op: "block_state" });
}
