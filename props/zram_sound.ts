/** A device that is not the model, and keeps the contract: of few lines. */
import type { Answer, ZramTarget } from "../mod.ts";

const PAGE = 4096;

/** What is stored of a page. */
interface Stored {
  readonly data: Uint8Array;
  readonly bytes: number;
}

/** A device whose pages take a frame each, and what it can be told to do wrong. */
export interface OwnZram extends ZramTarget {
  /** Its pages. */
  readonly stored: Map<number, Stored>;
  /** How many pages the disk has. */
  readonly disk: { pages: number };
}

/** Whether a page is one word repeated. */
function isWord(data: Uint8Array): boolean {
  return data.every((byte, at) => byte === data[at % 8]);
}

/** Half a page, where the second half is zeros; else all of it. */
function lengthOf(data: Uint8Array): number {
  if (isWord(data)) return 0;
  return data.subarray(PAGE / 2).some((byte) => byte !== 0) ? PAGE : PAGE / 2;
}

function bytesOf(text: string): number {
  const shift = { K: 10, M: 20, G: 30 }[text.slice(-1).toUpperCase()] ?? 0;
  return parseInt(text) * 2 ** shift;
}

/** A device that keeps the contract. */
export function ownZram(): OwnZram {
  const stored = new Map<number, Stored>();
  const disk = { pages: 0 };
  let [limit, max, since] = [0, 0, 0];
  const objects = () => [...stored.values()].filter(({ bytes }) => bytes > 0);
  const reset = () => {
    stored.clear();
    [disk.pages, limit, max, since] = [0, 0, 0, 0];
  };
  const refused = (error: string) => ({ error });
  const set: Record<string, (value: string) => Answer> = {
    disksize(value) {
      if (bytesOf(value) === 0) return refused("EINVAL");
      if (disk.pages > 0) return refused("EBUSY");
      disk.pages = Math.ceil(bytesOf(value) / PAGE);
    },
    comp_algorithm: (value) =>
      value !== "own"
        ? refused("EINVAL")
        : disk.pages > 0
        ? refused("EBUSY")
        : undefined,
    compact: () => disk.pages === 0 ? refused("EINVAL") : undefined,
    reset: (value) => value === "0" ? refused("EINVAL") : reset(),
    mem_limit(value) {
      limit = Math.ceil(bytesOf(value) / PAGE);
    },
    mem_used_max(value) {
      if (value !== "0") return refused("EINVAL");
      max = objects().length;
    },
  };
  const get: Record<string, () => string> = {
    disksize: () => String(disk.pages * PAGE),
    initstate: () => disk.pages > 0 ? "1" : "0",
    comp_algorithm: () => "[own] ",
    mm_stat: () =>
      [
        stored.size * PAGE,
        objects().reduce((sum, { bytes }) => sum + bytes, 0),
        objects().length * PAGE,
        limit * PAGE,
        max * PAGE,
        stored.size - objects().length,
        0,
        objects().filter(({ bytes }) => bytes === PAGE).length,
        since,
      ].join(" "),
  };
  return {
    stored,
    disk,
    create: reset,
    set: (attr, value) => set[attr]?.(value) ?? undefined,
    get: (attr) => ({ value: `${get[attr]()}\n` }),
    write(page, data) {
      if (page >= disk.pages) return refused("EIO");
      const bytes = lengthOf(data);
      const more = objects().length + Number(bytes > 0);
      if (bytes > 0 && limit > 0 && more > limit) return refused("ENOSPC");
      stored.set(page, { data, bytes });
      if (bytes === PAGE) since++;
      max = Math.max(max, objects().length);
      return { stored: bytes };
    },
    read(page) {
      if (page >= disk.pages) return refused("EIO");
      return { data: stored.get(page)?.data ?? new Uint8Array(PAGE) };
    },
    discard(page, pages) {
      if (page + pages > disk.pages) return refused("EIO");
      for (let nth = page; nth < page + pages; nth++) stored.delete(nth);
    },
  };
}
