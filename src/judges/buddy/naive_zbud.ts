/** The second model of zbud: two objects a page, and the page of best fit. */
import type { BuddySteps } from "../../programs/buddy/steps.ts";
import {
  NaiveBuddy,
  type NaiveMalloc,
  type NaiveSetup,
  zbudReclaims,
} from "./naive.ts";
import { CHUNKS, type NaiveObject, type NaivePage } from "./naive_pages.ts";

/** zbud as one would write it who has never seen its lists: no object moves. */
export class NaiveZbud extends NaiveBuddy {
  /** An empty pool. */
  constructor(setup: NaiveSetup) {
    super(setup, 1);
  }

  /** The page with one object and the fewest free chunks that will do, or a new one. */
  override malloc({ object, size }: BuddySteps["malloc"]): NaiveMalloc {
    if (size === 0) return { error: "EINVAL" };
    if (size > this.setup.pageSize - 2 * this.chunkSize) {
      return { error: "ENOSPC" };
    }
    const chunks = Math.ceil(size / this.chunkSize);
    const fit = this.#takeBestFit(chunks);
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
    this.putBack(page);
    this.touch(page);
    return { made, hadChoice: fit !== undefined };
  }

  /** Frees an object, and with the last its page. */
  override free({ object, page, buddy }: NaiveObject): void {
    this.objects.delete(object);
    page.objects.delete(buddy);
    if (page.objects.size > 0) this.putBack(page);
    else this.drop(page);
  }

  /** The object's physical address. */
  override handleOf(object: NaiveObject): number {
    return object.page.pfn * this.setup.pageSize + this.offsetOf(object);
  }

  /** The pages from the oldest on, where zbud knows them by age. */
  override oldestFirst(): Iterable<NaivePage> {
    return zbudReclaims(this.setup) ? this.byAge : [];
  }

  protected override oldest(): NaivePage | "EINVAL" {
    const [oldest] = this.oldestFirst();
    return oldest ?? "EINVAL";
  }

  protected override giveBack(page: NaivePage): boolean {
    this.drop(page);
    return true;
  }

  /** A page with one object is listed by its free chunks. */
  protected override putBack(page: NaivePage): void {
    this.byRoom.unlist(page);
    if (page.objects.size !== 1) return;
    const [{ chunks }] = page.objects.values();
    this.byRoom.list(page, CHUNKS - 1 - chunks);
  }

  #takeBestFit(chunks: number): NaivePage | undefined {
    for (let free = chunks; free < CHUNKS; free++) {
      const page = this.byRoom.take(free);
      if (page !== undefined) return page;
    }
  }

  #newPage(): NaivePage | undefined {
    if (!this.hasFrame()) return;
    this.pages++;
    return { pfn: -1, objects: new Map(), list: -1 };
  }
}
