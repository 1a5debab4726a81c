/** The memory of a process that runs: what of it swap would take. */
import { fillFrom } from "./read_pieces.ts";
import type { Segment } from "./segments.ts";
import { noteUnreadPages, type Unread } from "./unread.ts";

const PROCESS_MEMORY = /^\/proc\/(?:[0-9]+|self)\/mem$/;
/** A private mapping that can be read and written, in `/proc/PID/maps`. */
const MAPPING = /^([0-9a-f]+)-([0-9a-f]+) rw.p /gm;
/** Bytes of a page's entry in `/proc/PID/pagemap`. */
const ENTRY_BYTES = 8;
/** Its highest bits: a page is in memory, in swap, or a file's. */
const [PRESENT, SWAPPED, OF_FILE] = [0x80, 0x40, 0x20];
/** Pages that are looked at at a time. */
const AT_A_TIME = 4096;
/** Bytes that are read at a time to see whether they can be. */
const CHUNK_BYTES = 1 << 20;

/** Whether a path is that of a process's memory. */
export function isProcessMemory(path: string): boolean {
  return PROCESS_MEMORY.test(path);
}

/**
 * The pages of a process's private writable mappings that are in memory or in
 * swap, and are not still a file's: what it never touched takes no memory.
 * Pages that cannot be read are counted in `unread`. Throws what Deno throws
 * where the process may not be looked at.
 */
export function processSegments(
  path: string,
  pageSize: number,
  unread: Unread,
): Segment[] {
  const folder = path.replace(/mem$/, "");
  const maps = Deno.readTextFileSync(`${folder}maps`);
  using memory = Deno.openSync(path);
  using pagemap = Deno.openSync(`${folder}pagemap`);
  const buffer = new Uint8Array(Math.max(pageSize, CHUNK_BYTES));
  const segments: Segment[] = [];
  let lost = 0;
  for (const [, from, to] of maps.matchAll(MAPPING)) {
    const [start, end] = [parseInt(from, 16), parseInt(to, 16)];
    for (const run of usedRuns(pagemap, { start, end }, pageSize)) {
      lost += addReadable(memory, run, { pageSize, buffer, segments });
    }
  }
  if (lost > 0) noteUnreadPages(unread, path, lost, "they cannot be read");
  return segments;
}

/** Bytes of the kernel's own pages: AT_PAGESZ of the auxiliary vector. */
function kernelPageSize(): number {
  const AT_PAGESZ = 6;
  const vector = new BigUint64Array(
    Deno.readFileSync("/proc/self/auxv").slice().buffer,
  );
  for (let nth = 0; nth + 1 < vector.length; nth += 2) {
    if (Number(vector[nth]) === AT_PAGESZ) return Number(vector[nth + 1]);
  }
  throw new Error("Cannot find AT_PAGESZ in /proc/self/auxv");
}

/** The longest runs of pages of which any of the kernel's own is used. */
function* usedRuns(
  pagemap: Deno.FsFile,
  { start, end }: { readonly start: number; readonly end: number },
  pageSize: number,
): Generator<Segment, void> {
  const own = kernelPageSize();
  const step = Math.max(pageSize, own);
  const perStep = step / own;
  const entries = new Uint8Array(AT_A_TIME * perStep * ENTRY_BYTES);
  let runStart: number | undefined;
  for (let at = start; at < end; at += AT_A_TIME * step) {
    const steps = Math.min(AT_A_TIME, Math.ceil((end - at) / step));
    pagemap.seekSync(at / own * ENTRY_BYTES, Deno.SeekMode.Start);
    const known = Math.min(steps * perStep, (end - at) / own) * ENTRY_BYTES;
    entries.fill(0);
    pagemap.readSync(entries.subarray(0, known));
    for (let nth = 0; nth < steps; nth++) {
      const here = at + nth * step;
      if (isUsed(entries, nth * perStep, perStep)) runStart ??= here;
      else if (runStart !== undefined) {
        yield { at: runStart, bytes: here - runStart };
        runStart = undefined;
      }
    }
  }
  if (runStart !== undefined) yield { at: runStart, bytes: end - runStart };
}

/** Whether any of some pages takes memory or swap of its own. */
function isUsed(entries: Uint8Array, first: number, count: number): boolean {
  for (let nth = first; nth < first + count; nth++) {
    const bits = entries[nth * ENTRY_BYTES + ENTRY_BYTES - 1];
    if ((bits & (PRESENT | SWAPPED)) !== 0 && (bits & OF_FILE) === 0) {
      return true;
    }
  }
  return false;
}

/** Adds what can be read of a run; answers how many pages cannot. */
function addReadable(
  memory: Deno.FsFile,
  { at, bytes }: Segment,
  { pageSize, buffer, segments }: {
    readonly pageSize: number;
    readonly buffer: Uint8Array;
    readonly segments: Segment[];
  },
): number {
  const end = at + bytes;
  let [from, lost] = [at, 0];
  for (let next = at; next < end;) {
    const wanted = Math.min(buffer.length, end - next);
    const whole = readable(memory, next, buffer.subarray(0, wanted));
    if (whole === wanted) {
      next += wanted;
      continue;
    }
    const bad = next + Math.floor(whole / pageSize) * pageSize;
    if (bad > from) segments.push({ at: from, bytes: bad - from });
    lost++;
    from = next = bad + pageSize;
  }
  if (end > from) segments.push({ at: from, bytes: end - from });
  return lost;
}

/** How many bytes from an address on can be read. */
function readable(
  memory: Deno.FsFile,
  at: number,
  into: Uint8Array,
): number {
  try {
    memory.seekSync(at, Deno.SeekMode.Start);
  } catch {
    return 0;
  }
  return fillFrom(memory, into);
}
