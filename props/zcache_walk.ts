/**
 * Random walks over zcache: cleancache and frontswap do what they do, every
 * rule is asked after each operation, and a second model keeps the book.
 */
import { assert, assertEquals } from "@std/assert";
import {
  assertInvariants,
  checkZcache,
  Cleancache,
  Memory,
  type Reach,
  statedCodecs,
  TMEM_PROMISES,
  type TmemKind,
  type TmemOid,
  type TmemPast,
  Zcache,
  ZCACHE_CHANGE_INVARIANTS,
  ZCACHE_FRONTSWAP_INVARIANTS,
  type ZcacheBefore,
  zcacheBefore,
  type ZcacheChange,
  ZcacheFrontswap,
  type ZcacheProfile,
} from "../mod.ts";
import {
  compressedLength,
  type Contents,
  PAGE_SIZE,
  pageOf,
  type WalkOp,
} from "./zcache_ops.ts";

/** How a walk's zcache is set up. */
export interface WalkSetup {
  readonly profile: ZcacheProfile;
  readonly exclusiveGets: boolean;
  /** The most frames. */
  readonly maxPages: number;
  /** Every so manieth frame is refused; 0 for none. */
  readonly failEvery: number;
}

/** What the second model knows of the pages of a kind, by their handles. */
class Book {
  readonly pasts = new Map<string, TmemPast>();
  /** Compressed lengths of what is kept. */
  readonly lengths = new Map<string, number>();

  past(handle: string): TmemPast {
    return this.pasts.get(handle) ?? { last: "never" };
  }

  forget(handle: string, last: "flushed" | "taken" | "missed"): void {
    this.lengths.delete(handle);
    if (this.past(handle).last !== "never") this.pasts.set(handle, { last });
  }

  forgetAll(prefix: string): void {
    for (const handle of [...this.pasts.keys()]) {
      if (handle.startsWith(prefix)) this.forget(handle, "flushed");
    }
  }
}

/** A walk in progress. */
class Walk {
  readonly zcache: Zcache;
  readonly cleancache: Cleancache;
  readonly frontswap: ZcacheFrontswap;
  /** The numbers of two file systems. */
  readonly fs: number[];
  readonly ephemeral = new Book();
  readonly persistent = new Book();
  /** Pages that frontswap has to give. */
  readonly stored = new Map<string, Uint8Array>();

  constructor(readonly setup: WalkSetup, readonly reach: Reach) {
    const { maxPages, failEvery, profile, exclusiveGets } = setup;
    const [codec] = statedCodecs(["lzo"]);
    const memory = new Memory({
      maxPages,
      failPageAlloc: (nth) =>
        failEvery > 0 && nth % failEvery === failEvery - 1,
    });
    this.zcache = new Zcache(profile, { memory, codec });
    this.cleancache = new Cleancache(this.zcache);
    this.frontswap = new ZcacheFrontswap(this.zcache, { exclusiveGets });
    this.fs = [this.cleancache.initFs(), this.cleancache.initFs()];
    this.frontswap.init(0);
    this.frontswap.init(1);
  }

  step(op: WalkOp): void {
    const before = zcacheBefore(this.zcache);
    const change = this.do(op);
    this.check(before, change);
  }

  check(before: ZcacheBefore, change: Omit<ZcacheChange, "zcache">): void {
    const { zcache, frontswap, reach } = this;
    checkZcache(zcache, reach);
    const changed = { zcache, ...change };
    assertInvariants(ZCACHE_CHANGE_INVARIANTS, before, changed, reach);
    assertInvariants(ZCACHE_FRONTSWAP_INVARIANTS, frontswap, frontswap, reach);
    this.checkPersistent();
    // The memory is zcache's alone.
    assertEquals(
      zcache.memory.allocatedPages,
      zcache.counters.eph_pageframes + zcache.counters.pers_pageframes,
      "frames allocated",
    );
  }

  /** The persistent pages are those of the book, no more and no fewer. */
  checkPersistent(): void {
    const { counters } = this.zcache;
    const { size } = this.persistent.lengths;
    assertEquals(counters.pers_zpages, size, "pers_zpages");
    const lengths = [...this.persistent.lengths.values()];
    assertEquals(counters.pers_zbytes, sum(lengths), "pers_zbytes");
  }

  do(op: WalkOp): Omit<ZcacheChange, "zcache"> {
    if (op.op === "shrink") return this.shrink(op);
    const file = this.file(op.at);
    const slot = this.slot(op.at);
    switch (op.op) {
      case "put":
        return this.put(file, op.page);
      case "get":
        return this.get(file);
      case "invalidatePage":
        this.cleancache.invalidatePage(file.fs, file.oid, file.index);
        this.ephemeral.forget(file.handle, "flushed");
        return { op: "flush", ...file };
      case "invalidateInode":
        this.cleancache.invalidateInode(file.fs, file.oid);
        this.ephemeral.forgetAll(`${file.poolId}:${file.oid}:`);
        return { op: "flush", poolId: file.poolId, oid: file.oid };
      case "remount":
        this.cleancache.invalidateFs(file.fs);
        this.ephemeral.forgetAll(`${file.poolId}:`);
        assertEquals(this.cleancache.initFs(), file.fs);
        return { op: "flush", poolId: file.poolId };
      case "store":
        return this.store(slot, op.page);
      case "load":
        return this.load(slot);
      case "invalidateSlot":
        this.frontswap.invalidatePage(slot.type, slot.offset);
        if (this.stored.delete(slot.name)) {
          this.persistent.forget(slot.handle, "flushed");
        }
        return { op: "flush", ...slot };
      case "swapoff":
        return this.swapoff(slot.type);
    }
  }

  /** Two file systems, three files, four pages. */
  file(at: number) {
    const fs = this.fs[at % 2];
    const poolId = this.cleancache.poolOf(fs) ?? -1;
    const oid: TmemOid = [1 + (at >> 1) % 3, 0, 7];
    const index = Math.floor(at / 6);
    return { fs, poolId, oid, index, handle: `${poolId}:${oid}:${index}` };
  }

  /** Two swap types and a few offsets, of which some share an object. */
  slot(at: number) {
    const type = at % 2;
    const offset = [0, 1, 255, 256, 257, 2 ** 32 - 1][(at >> 1) % 6];
    const poolId = this.frontswap.pool ?? -1;
    const oid: TmemOid = [type * 256 + offset % 256, 0, 0];
    const index = Math.floor(offset / 256);
    const handle = `${poolId}:${oid}:${index}`;
    return {
      type,
      offset,
      name: `${type}:${offset}`,
      poolId,
      oid,
      index,
      handle,
    };
  }

  put(
    file: ReturnType<Walk["file"]>,
    contents: Contents,
  ): Omit<ZcacheChange, "zcache"> {
    const page = pageOf(contents);
    const failed = this.zcache.counters.failed_eph_puts;
    const judged = this.judge("ephemeral", contents);
    this.cleancache.putPage(file.fs, file.oid, file.index, page);
    const isKept = this.zcache.counters.failed_eph_puts === failed;
    judged(isKept);
    this.note(this.ephemeral, file.handle, isKept, page, contents);
    return { op: "put", ...file, isKept };
  }

  get(file: ReturnType<Walk["file"]>): Omit<ZcacheChange, "zcache"> {
    const into = new Uint8Array(PAGE_SIZE);
    const isFound = this.cleancache.getPage(
      file.fs,
      file.oid,
      file.index,
      into,
    );
    this.promised("ephemeral", this.ephemeral, file.handle, isFound, into);
    this.ephemeral.forget(file.handle, isFound ? "taken" : "missed");
    return { op: "get", ...file };
  }

  store(
    slot: ReturnType<Walk["slot"]>,
    contents: Contents,
  ): Omit<ZcacheChange, "zcache"> {
    const page = pageOf(contents);
    const judged = this.judge("persistent", contents);
    const isKept = this.frontswap.store(slot.type, slot.offset, page);
    judged(isKept);
    this.note(this.persistent, slot.handle, isKept, page, contents);
    if (isKept) this.stored.set(slot.name, page);
    else this.stored.delete(slot.name);
    return { op: "put", ...slot, isKept };
  }

  /** A load finds what was stored last and kept, and nothing else. */
  load(slot: ReturnType<Walk["slot"]>): Omit<ZcacheChange, "zcache"> {
    const into = new Uint8Array(PAGE_SIZE);
    const page = this.stored.get(slot.name);
    const isFound = this.frontswap.load(slot.type, slot.offset, into);
    assertEquals(isFound, page !== undefined, `load of ${slot.name}`);
    // Past frontswap: what tmem promises of the same page.
    if (isFound) {
      this.promised("persistent", this.persistent, slot.handle, true, into);
      if (this.setup.exclusiveGets) {
        this.stored.delete(slot.name);
        this.persistent.forget(slot.handle, "taken");
      }
    } else {
      this.ask(slot);
    }
    return { op: "get", ...slot };
  }

  /** Asks zcache itself for a page that frontswap does not ask for. */
  ask({ poolId, oid, index, handle }: ReturnType<Walk["slot"]>): void {
    const into = new Uint8Array(PAGE_SIZE);
    const isFound = this.zcache.getPage(poolId, oid, index, into, "keep");
    this.promised("persistent", this.persistent, handle, isFound, into);
  }

  swapoff(type: number): Omit<ZcacheChange, "zcache"> {
    const { pool = -1 } = this.frontswap;
    // Both types, so that one flush is about the whole pool.
    for (const one of [type, 1 - type]) {
      this.frontswap.invalidateArea(one);
      this.frontswap.init(one);
    }
    this.stored.clear();
    this.persistent.forgetAll(`${pool}:`);
    return { op: "flush", poolId: pool };
  }

  shrink(
    pages: { readonly active: number; readonly inactive: number },
  ): Omit<ZcacheChange, "zcache"> {
    const { counters } = this.zcache;
    const left = Math.min(
      counters.eph_pageframes,
      pages.active + pages.inactive,
    );
    this.zcache.shrink(1, pages);
    assertEquals(counters.eph_pageframes, left, "ephemeral frames left");
    return { op: "shrink" };
  }

  /** What is to become of a put, looked at before: call the answer after it. */
  judge(kind: TmemKind, { length }: Contents): (isKept: boolean) => void {
    const { counters, profile } = this.zcache;
    const { compress_poor, mean_compress_poor } = counters;
    const { eph_ate_tail_failed, pers_ate_eph_failed } = counters;
    const isMarked = length === 0 && profile.zeroFilled === "marked";
    const bytes = compressedLength(length);
    const lengths = [...this.persistent.lengths.values()];
    const isPoor = !isMarked && bytes > (kind === "ephemeral" ? 4000 : 3584);
    const isMeanPoor = !isMarked && !isPoor && kind === "persistent" &&
      bytes > 2560 && lengths.length > 0 &&
      Math.floor(sum(lengths) / lengths.length) > 2560;
    return (isKept) => {
      assertEquals(
        counters.compress_poor - compress_poor,
        Number(isPoor),
        "compress_poor",
      );
      assertEquals(
        counters.mean_compress_poor - mean_compress_poor,
        Number(isMeanPoor),
        "mean_compress_poor",
      );
      const starved = counters.eph_ate_tail_failed - eph_ate_tail_failed +
        counters.pers_ate_eph_failed - pers_ate_eph_failed;
      assertEquals(isKept, !isPoor && !isMeanPoor && starved === 0, "kept");
      if (starved > 0) assert(this.zcache.zbud.ephemeral.lru.size === 0);
    };
  }

  /** Writes down what came of a put. */
  note(
    book: Book,
    handle: string,
    isKept: boolean,
    page: Uint8Array,
    { length }: Contents,
  ): void {
    const { profile } = this.zcache;
    if (isKept) {
      const isMarked = length === 0 && profile.zeroFilled === "marked";
      book.pasts.set(handle, { last: "put", page });
      book.lengths.set(handle, isMarked ? 0 : compressedLength(length));
      return;
    }
    const past = book.past(handle);
    if ("page" in past) {
      book.pasts.set(handle, { last: "refused", page: past.page });
      if (profile.failedPut === "older-goes") book.lengths.delete(handle);
    }
  }

  promised(
    kind: TmemKind,
    book: Book,
    handle: string,
    isFound: boolean,
    into: Uint8Array,
  ): void {
    const { profile } = this.zcache;
    const asked = { profile, kind, past: book.past(handle) };
    const found = isFound ? into : undefined;
    assertInvariants(TMEM_PROMISES, asked, found, this.reach);
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}

/** Walks: throws at the first rule that is broken, or answer that is another. */
export function walk(
  setup: WalkSetup,
  ops: readonly WalkOp[],
  reach: Reach,
): void {
  const one = new Walk(setup, reach);
  for (const op of ops) one.step(op);
}
