/**
 * The second model of z3fold: three objects a page, slots that handles lead to,
 * and objects that move.
 */
import type { BuddySteps } from "../../programs/buddy/steps.ts";
import { BUG } from "../../targets/step_target.ts";
import {
  isEarlyZ3fold,
  NaiveBuddy,
  type NaiveMalloc,
  type NaiveSetup,
} from "./naive.ts";
import { CHUNKS } from "./naive_pages.ts";
import {
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
export class NaiveZ3fold extends NaiveBuddy<Page, Z3foldObject> {
  readonly #queue: Page[] = [];

  /** An empty pool. Headers take 88 bytes on 64-bit, 52 on 32-bit. */
  constructor(setup: NaiveSetup) {
    const { pageSize, wordBits } = setup;
    const header = wordBits === 64 ? 88 : 52;
    super(setup, Math.ceil(header / (pageSize / CHUNKS)));
  }

  /** The page with the least room that will do, or a new one. */
  override malloc({ object, size }: BuddySteps["malloc"]): NaiveMalloc {
    this.touched.clear();
    const { pageSize } = this.setup;
    if (size === 0) return { error: "EINVAL" };
    if (size > pageSize) return { error: "ENOSPC" };
    const largest = pageSize - (this.headerChunks + 1) * this.chunkSize;
    const isHeadless = size > largest;
    const chunks = Math.ceil(size / this.chunkSize);
    const fit = isHeadless ? undefined : this.#takeBestFit(chunks);
    if (fit !== undefined && fit.slots === undefined) return { error: BUG };
    const page = fit ?? this.#newPage(isHeadless);
    if (page === undefined) return { error: "ENOMEM" };
    const buddy = isHeadless
      ? "HEADLESS"
      : freeBuddy(page, chunks, this.headerChunks);
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
    this.touch(page);
    return { made, hadChoice: fit !== undefined };
  }

  /** Frees an object; what is left of its page is compacted, now or later. */
  override free(freed: Z3foldObject, later: boolean): void {
    this.touched.clear();
    const { object, buddy, page, slots, index } = freed;
    this.objects.delete(object);
    page.objects.delete(buddy);
    if (slots !== undefined) this.#emptySlot(page, slots, index);
    if (page.objects.size === 0 && !page.isQueued) return this.drop(page);
    if (page.isQueued) return;
    page.isQueued = true;
    // The worker belongs to the CPU on whose lists the page is.
    if (later && page.list >= 0) this.#queue.push(page);
    else this.#compact(page);
  }

  /** Compacts the pages that wait. */
  override work(): void {
    this.touched.clear();
    for (const page of this.#queue.splice(0)) this.#compact(page);
  }

  /** An object that is mapped keeps its page's objects where they are. */
  override map(object: Z3foldObject): void {
    super.map(object);
    if (object.buddy === "MIDDLE") object.page.isPinned = true;
  }

  /** It does so no longer. */
  override unmap(object: Z3foldObject): void {
    super.unmap(object);
    this.used(object);
  }

  /** Whoever unmaps a middle object takes its pin away. */
  override used({ buddy, page }: Z3foldObject): void {
    if (buddy === "MIDDLE") page.isPinned = false;
  }

  /** Behind the header, where the page's middle is, or at its end. */
  override offsetOf(object: Z3foldObject): number {
    const { buddy, page } = object;
    if (buddy === "HEADLESS") return 0;
    return buddy === "MIDDLE"
      ? this.chunkSize * page.start
      : super.offsetOf(object);
  }

  /**
   * The address of the object's slot; of a headless page the page's own, with
   * bit 0 set. A structure of slots may have any address of its own.
   */
  override handleOf(
    { page, slots, index }: Z3foldObject,
    found: number,
  ): number {
    const { pageSize, wordBits } = this.setup;
    if (slots === undefined) return page.pfn * pageSize + 1;
    if (slots.address === 0) slots.address = found - found % SLOTS_ALIGN;
    return slots.address + index * wordBits / 8;
  }

  /** Nothing is left. */
  override stop(): void {
    super.stop();
    this.#queue.length = 0;
  }

  /** The oldest page that has no object of another page's handle. */
  protected override oldest(): Page | "EINVAL" | "EAGAIN" {
    const oldest = this.byAge.values()
      .find((page) => page.isHeadless || !hasForeign(page));
    return oldest ?? (this.byAge.size === 0 ? "EINVAL" : "EAGAIN");
  }

  /** Slots in which reclaim left something go with their page. */
  protected override giveBack(page: Page): boolean {
    if (page.isQueued) return false;
    if (page.slots !== undefined) this.slots--;
    this.drop(page);
    return true;
  }

  protected override putBack(page: Page): void {
    if (!page.isHeadless && !isEarlyZ3fold(this.setup)) this.#list(page);
    this.touched.add(page);
  }

  /** Takes the page of best fit off its list; those that wait for the worker too. */
  #takeBestFit(chunks: number): Page | undefined {
    for (let free = chunks; free < CHUNKS - this.headerChunks; free++) {
      let page = this.byRoom.take(free);
      while (page?.isQueued) page = this.byRoom.take(free);
      if (page === undefined) continue;
      page.slots ??= this.#newSlots();
      if (page.slots !== undefined || isEarlyZ3fold(this.setup)) return page;
      this.#list(page);
      return undefined;
    }
  }

  #newSlots(): Structure | undefined {
    if (this.faults.strikes("slab")) return undefined;
    this.slots++;
    return { address: 0, used: new Set() };
  }

  #newPage(isHeadless: boolean): Page | undefined {
    if (!this.hasFrame()) return;
    const slots = isHeadless ? undefined : this.#newSlots();
    if (!isHeadless && slots === undefined) return;
    this.pages++;
    return {
      pfn: -1,
      objects: new Map(),
      list: -1,
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
    page.start = this.headerChunks + chunksOf(page, "FIRST");
  }

  /** A page that is not full is listed by the room that one more can have. */
  #list(page: Page): void {
    this.byRoom.unlist(page);
    if (page.objects.size < 3) {
      this.byRoom.list(page, roomOf(page, this.headerChunks));
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
    this.byRoom.unlist(page);
    if (page.objects.size === 0) return this.drop(page);
    if (this.#moveOnly(page)) return this.drop(page);
    if (moveMiddle(page, this.headerChunks)) this.moves++;
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
    object.buddy = freeBuddy(target, object.chunks, this.headerChunks);
    this.#occupy(target, object);
    this.#list(target);
    this.moves++;
    return true;
  }
}
