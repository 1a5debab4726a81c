/** The second model of zbud: two objects a page, and the page of best fit. */
import type { BuddySteps } from "../../programs/buddy/steps.ts";
import {
  Countdown,
  type NaiveBuddy,
  type NaiveMalloc,
  type NaiveReclaim,
  type NaiveSetup,
  zbudReclaims,
} from "./naive.ts";
import {
  type NaiveObject,
  type NaivePage,
  PagesByAge,
  PagesByRoom,
} from "./naive_pages.ts";

/** Chunks of a page, the header's among them. */
const CHUNKS = 64;

/** zbud as one would write it who has never seen its lists. */
export class NaiveZbud implements NaiveBuddy {
  /** The objects that there are. */
  readonly objects: Map<number, NaiveObject> = new Map();
  /** Pages of the pool. */
  pages = 0;
  /** zbud has no slots. */
  readonly slots = 0;
  /** Objects do not move. */
  readonly touched: ReadonlySet<NaivePage> = new Set();
  /** Objects do not move. */
  readonly moves = 0;

  readonly #setup: NaiveSetup;
  readonly #chunkSize: number;
  readonly #byRoom = new PagesByRoom<NaivePage>();
  readonly #byAge = new PagesByAge<NaivePage>();
  readonly #frame = new Countdown();

  /** An empty pool. */
  constructor(setup: NaiveSetup) {
    this.#setup = setup;
    this.#chunkSize = setup.pageSize / CHUNKS;
  }

  /** The page with one object and the fewest free chunks that will do, or a new one. */
  malloc({ object, size }: BuddySteps["malloc"]): NaiveMalloc {
    if (size === 0) return { error: "EINVAL" };
    if (size > this.#setup.pageSize - 2 * this.#chunkSize) {
      return { error: "ENOSPC" };
    }
    const chunks = Math.ceil(size / this.#chunkSize);
    const fit = this.#bestFit(chunks);
    const page = fit ?? this.#newPage();
    if (page === undefined) return { error: "ENOMEM" };
    const made: NaiveObject = {
      object,
      size,
      chunks,
      handle: 0,
      page,
      buddy: page.objects.has("FIRST") ? "LAST" : "FIRST",
      isMapped: false,
    };
    page.objects.set(made.buddy, made);
    this.objects.set(object, made);
    this.#list(page);
    this.#byAge.touch(page);
    return { made, hadChoice: fit !== undefined };
  }

  /** Frees an object, and with the last its page. */
  free({ object, page, buddy }: NaiveObject): void {
    this.objects.delete(object);
    page.objects.delete(buddy);
    if (page.objects.size > 0) this.#list(page);
    else this.#drop(page);
  }

  /** zbud has no worker. */
  work(): void {}

  /** A handle is an address: there is nothing to map. */
  map(object: NaiveObject): void {
    object.isMapped = true;
  }

  /** Likewise. */
  unmap(object: NaiveObject): void {
    object.isMapped = false;
  }

  /** Likewise. */
  used(): void {}

  /** The oldest pages, each one's first object first. */
  reclaim({ retries, refuseEach }: BuddySteps["reclaim"]): NaiveReclaim {
    const asked: number[] = [];
    const isRefused = retries === 0 || this.pages === 0 ||
      !zbudReclaims(this.#setup);
    if (isRefused) return { outcome: "EINVAL", asked };
    for (let nth = 0; nth < retries; nth++) {
      const [page] = this.#byAge.oldestFirst();
      for (const buddy of ["FIRST", "LAST"]) {
        const object = page.objects.get(buddy);
        if (object === undefined) continue;
        asked.push(object.object);
        const isRefused = object.isMapped ||
          refuseEach > 0 && object.object % refuseEach === 0;
        if (isRefused) break;
        this.objects.delete(object.object);
        page.objects.delete(buddy);
      }
      if (page.objects.size === 0) {
        this.#drop(page);
        return { outcome: "freed", asked };
      }
      this.#list(page);
      this.#byAge.touch(page);
    }
    return { outcome: "EAGAIN", asked };
  }

  /** A frame cannot be had; zbud has no slots. */
  fail({ what, after }: BuddySteps["fail"]): void {
    if (what === "frame") this.#frame.set(after);
  }

  /** Behind the header's chunk, or at the page's end. */
  offsetOf({ buddy, chunks }: NaiveObject): number {
    return this.#chunkSize * (buddy === "FIRST" ? 1 : CHUNKS - chunks);
  }

  /** The object's physical address. */
  handleOf(object: NaiveObject): number {
    return object.page.pfn * this.#setup.pageSize + this.offsetOf(object);
  }

  /** The pages from the oldest on, where zbud knows them by age. */
  oldestFirst(): Iterable<NaivePage> {
    return zbudReclaims(this.#setup) ? this.#byAge.oldestFirst() : [];
  }

  /** Nothing is left. */
  stop(): void {
    this.objects.clear();
    this.pages = 0;
  }

  #bestFit(chunks: number): NaivePage | undefined {
    for (let free = chunks; free < CHUNKS; free++) {
      const page = this.#byRoom.newest(free);
      if (page !== undefined) return page;
    }
  }

  #newPage(): NaivePage | undefined {
    if (this.#frame.isOver() || this.pages >= this.#setup.maxPages) return;
    this.pages++;
    return { pfn: -1, objects: new Map(), list: -1, listed: -1, touched: -1 };
  }

  /** A page with one object is listed by its free chunks. */
  #list(page: NaivePage): void {
    this.#byRoom.unlist(page);
    if (page.objects.size !== 1) return;
    const [{ chunks }] = page.objects.values();
    this.#byRoom.list(page, CHUNKS - 1 - chunks);
  }

  #drop(page: NaivePage): void {
    this.#byRoom.unlist(page);
    this.#byAge.remove(page);
    this.pages--;
  }
}
