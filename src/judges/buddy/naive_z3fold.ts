/**
 * The second model of z3fold: three objects a page, slots that handles lead to,
 * and objects that move.
 */
import type { BuddySteps } from "../../programs/buddy/steps.ts";
import { BUG } from "../../targets/step_target.ts";
import {
  Countdown,
  isEarlyZ3fold,
  type NaiveBuddy,
  type NaiveMalloc,
  type NaiveReclaim,
  type NaiveSetup,
} from "./naive.ts";
import {
  type NaiveObject,
  type NaivePage,
  PagesByAge,
  PagesByRoom,
} from "./naive_pages.ts";
import {
  CHUNKS,
  chunksOf,
  freeBuddy,
  hasForeign,
  indexOf,
  moveMiddle,
  type Page,
  roomOf,
  SLOTS_ALIGN,
  type Structure,
  type Z3foldObject,
} from "./naive_z3fold_page.ts";

/** z3fold as one would write it who has never seen its lists. */
export class NaiveZ3fold implements NaiveBuddy {
  /** The objects that there are. */
  readonly objects: Map<number, Z3foldObject> = new Map();
  /** Pages of the pool. */
  pages = 0;
  /** Structures of slots. */
  slots = 0;
  /** The pages whose objects the last operation may have moved. */
  readonly touched: Set<Page> = new Set();
  /** How often an object moved. */
  moves = 0;

  readonly #setup: NaiveSetup;
  readonly #chunkSize: number;
  readonly #headerChunks: number;
  readonly #byRoom = new PagesByRoom<Page>();
  readonly #byAge = new PagesByAge<Page>();
  readonly #queue: Page[] = [];
  readonly #frame = new Countdown();
  readonly #slab = new Countdown();

  /** An empty pool. */
  constructor(setup: NaiveSetup) {
    this.#setup = setup;
    this.#chunkSize = setup.pageSize / CHUNKS;
    // 88 bytes on 64-bit, 52 on 32-bit.
    this.#headerChunks = Math.ceil(
      (setup.wordBits === 64 ? 88 : 52) / this.#chunkSize,
    );
  }

  /** The page with the least room that will do, or a new one. */
  malloc({ object, size }: BuddySteps["malloc"]): NaiveMalloc {
    this.touched.clear();
    const { pageSize } = this.#setup;
    if (size === 0) return { error: "EINVAL" };
    if (size > pageSize) return { error: "ENOSPC" };
    const largest = pageSize - (this.#headerChunks + 1) * this.#chunkSize;
    const isHeadless = size > largest;
    const chunks = Math.ceil(size / this.#chunkSize);
    const fit = isHeadless ? undefined : this.#takeBestFit(chunks);
    if (fit !== undefined && fit.slots === undefined) return { error: BUG };
    const page = fit ?? this.#newPage(isHeadless);
    if (page === undefined) return { error: "ENOMEM" };
    const buddy = isHeadless
      ? "HEADLESS"
      : freeBuddy(page, chunks, this.#headerChunks);
    const index = indexOf(page, buddy);
    page.slots?.used.add(index);
    const made: Z3foldObject = {
      object,
      size,
      chunks,
      handle: 0,
      page,
      buddy,
      isMapped: false,
      slots: page.slots,
      index,
    };
    this.objects.set(object, made);
    this.#occupy(page, made);
    if (!isHeadless) this.#list(page);
    this.#byAge.touch(page);
    return { made, hadChoice: fit !== undefined };
  }

  /** Frees an object; what is left of its page is compacted, now or later. */
  free(freed: NaiveObject, later: boolean): void {
    this.touched.clear();
    const object = this.objects.get(freed.object);
    if (object === undefined) return;
    const { page, slots, index } = object;
    this.objects.delete(object.object);
    page.objects.delete(object.buddy);
    if (slots !== undefined) this.#emptySlot(page, slots, index);
    if (page.objects.size === 0 && !page.isQueued) return this.#drop(page);
    if (page.isQueued) return;
    page.isQueued = true;
    // The worker belongs to the CPU on whose lists the page is.
    if (later && page.list >= 0) this.#queue.push(page);
    else this.#compact(page);
  }

  /** Compacts the pages that wait. */
  work(): void {
    this.touched.clear();
    for (const page of this.#queue.splice(0)) this.#compact(page);
  }

  /** An object that is mapped keeps its page's objects where they are. */
  map(mapped: NaiveObject): void {
    mapped.isMapped = true;
    const object = this.objects.get(mapped.object);
    if (object?.buddy === "MIDDLE") object.page.isPinned = true;
  }

  /** It does so no longer. */
  unmap(mapped: NaiveObject): void {
    mapped.isMapped = false;
    this.used(mapped);
  }

  /** Whoever unmaps a middle object takes its pin away. */
  used(used: NaiveObject): void {
    const object = this.objects.get(used.object);
    if (object?.buddy === "MIDDLE") object.page.isPinned = false;
  }

  /** The oldest pages that have no object of another page's handle. */
  reclaim({ retries, refuseEach }: BuddySteps["reclaim"]): NaiveReclaim {
    this.touched.clear();
    const asked: number[] = [];
    if (retries === 0) return { outcome: "EINVAL", asked };
    for (let nth = 0; nth < retries; nth++) {
      const oldest = this.#oldest();
      if (typeof oldest === "string") return { outcome: oldest, asked };
      this.#byRoom.unlist(oldest);
      for (const buddy of ["HEADLESS", "MIDDLE", "FIRST", "LAST"]) {
        const object = oldest.objects.get(buddy);
        if (object === undefined) continue;
        asked.push(object.object);
        if (isKept(object, refuseEach)) break;
        // Its slot stays in use: reclaim frees all of them with the page.
        this.objects.delete(object.object);
        oldest.objects.delete(buddy);
      }
      if (oldest.objects.size === 0 && !oldest.isQueued) {
        if (oldest.slots !== undefined) this.slots--;
        this.#drop(oldest);
        return { outcome: "freed", asked };
      }
      const isListed = !oldest.isHeadless && !isEarlyZ3fold(this.#setup);
      if (isListed) this.#list(oldest);
      this.#byAge.touch(oldest);
      this.touched.add(oldest);
    }
    return { outcome: "EAGAIN", asked };
  }

  /** A frame or a structure of slots cannot be had. */
  fail({ what, after }: BuddySteps["fail"]): void {
    (what === "frame" ? this.#frame : this.#slab).set(after);
  }

  /** Behind the header, where the page's middle is, or at its end. */
  offsetOf({ object }: NaiveObject): number {
    const found = this.objects.get(object);
    if (found === undefined) return -1;
    const { page, buddy, chunks } = found;
    if (buddy === "HEADLESS") return 0;
    if (buddy === "FIRST") return this.#chunkSize * this.#headerChunks;
    return this.#chunkSize * (buddy === "LAST" ? CHUNKS - chunks : page.start);
  }

  /**
   * The address of the object's slot; of a headless page the page's own, with
   * bit 0 set. A structure of slots may have any address of its own.
   */
  handleOf({ object }: NaiveObject, found: number): number {
    const one = this.objects.get(object);
    if (one?.slots === undefined) {
      return (one?.page.pfn ?? 0) * this.#setup.pageSize + 1;
    }
    if (one.slots.address === 0) {
      one.slots.address = found - found % SLOTS_ALIGN;
    }
    return one.slots.address + one.index * this.#setup.wordBits / 8;
  }

  /** The pages from the oldest on. */
  oldestFirst(): Iterable<NaivePage> {
    return this.#byAge.oldestFirst();
  }

  /** Nothing is left. */
  stop(): void {
    this.objects.clear();
    this.touched.clear();
    this.#queue.length = 0;
    this.pages = 0;
  }

  /** The oldest page that can be emptied, or why there is none. */
  #oldest(): Page | "EINVAL" | "EAGAIN" {
    let isEmpty = true;
    for (const page of this.#byAge.oldestFirst()) {
      isEmpty = false;
      if (page.isHeadless || !hasForeign(page)) return page;
    }
    return isEmpty ? "EINVAL" : "EAGAIN";
  }

  /** Takes the page of best fit off its list; those that wait for the worker too. */
  #takeBestFit(chunks: number): Page | undefined {
    for (let free = chunks; free < CHUNKS - this.#headerChunks; free++) {
      for (
        let page = this.#byRoom.newest(free);
        page !== undefined;
        page = this.#byRoom.newest(free)
      ) {
        this.#byRoom.unlist(page);
        if (page.isQueued) continue;
        if (page.slots === undefined) page.slots = this.#newSlots();
        if (page.slots !== undefined || isEarlyZ3fold(this.#setup)) return page;
        this.#list(page);
        return undefined;
      }
    }
  }

  #newSlots(): Structure | undefined {
    if (this.#slab.isOver()) return undefined;
    this.slots++;
    return { address: 0, used: new Set() };
  }

  #newPage(isHeadless: boolean): Page | undefined {
    if (this.#frame.isOver() || this.pages >= this.#setup.maxPages) return;
    const slots = isHeadless ? undefined : this.#newSlots();
    if (!isHeadless && slots === undefined) return;
    this.pages++;
    return {
      pfn: -1,
      objects: new Map(),
      list: -1,
      listed: -1,
      touched: -1,
      isHeadless,
      slots,
      shifts: 0,
      start: 0,
      isPinned: false,
      isQueued: false,
    };
  }

  /** An object has the place that its `buddy` says. */
  #occupy(page: Page, object: Z3foldObject): void {
    page.objects.set(object.buddy, object);
    this.touched.add(page);
    if (object.buddy !== "MIDDLE") return;
    page.start = this.#headerChunks + chunksOf(page, "FIRST");
  }

  /** A page that is not full is listed by the room that one more can have. */
  #list(page: Page): void {
    this.#byRoom.unlist(page);
    if (page.objects.size < 3) {
      this.#byRoom.list(page, roomOf(page, this.#headerChunks));
    }
  }

  /** An object's slot is empty; with the last its structure goes. */
  #emptySlot(page: Page, slots: Structure, index: number): void {
    slots.used.delete(index);
    if (slots.used.size > 0) return;
    this.slots--;
    if (page.slots === slots) page.slots = undefined;
  }

  /** What z3fold's worker does to a page. */
  #compact(page: Page): void {
    page.isQueued = false;
    this.#byRoom.unlist(page);
    if (page.objects.size === 0) return this.#drop(page);
    if (this.#moveOnly(page)) return this.#drop(page);
    if (moveMiddle(page, this.#headerChunks)) this.moves++;
    this.touched.add(page);
    this.#list(page);
  }

  /** An only object of a page's own goes to another page, if one has room. */
  #moveOnly(page: Page): boolean {
    if (page.objects.size !== 1 || hasForeign(page)) return false;
    const [object] = page.objects.values();
    if (object.isMapped) return false;
    const target = this.#takeBestFit(object.chunks);
    if (target === undefined) return false;
    page.objects.delete(object.buddy);
    object.page = target;
    object.buddy = freeBuddy(target, object.chunks, this.#headerChunks);
    this.#occupy(target, object);
    this.#list(target);
    this.moves++;
    return true;
  }

  #drop(page: Page): void {
    this.#byRoom.unlist(page);
    this.#byAge.remove(page);
    this.touched.delete(page);
    this.pages--;
  }
}

/** Whether an object is not to be evicted. */
function isKept(object: NaiveObject, refuseEach: number): boolean {
  return object.isMapped ||
    refuseEach > 0 && object.object % refuseEach === 0;
}
