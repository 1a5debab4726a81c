/** A random program for a device while it is made. */
import { zsGeometry } from "../../zsmalloc/geometry.ts";
import type { Profile } from "../../linux/profile.ts";
import type { Bytes } from "../bytes.ts";
import type { Scope } from "../program.ts";
import { pick, type Random } from "../random.ts";
import type { ZramCreate, ZramStep, ZramSteps } from "./steps.ts";

/** A page, and about how many bytes it takes. */
export interface RandomPage {
  /** What it is made from. */
  readonly data: Bytes;
  /** Bytes in the pool. */
  readonly bytes: number;
}

/** So many moments can be aimed at. */
const MOMENTS = 4;

/**
 * The steps so far, and about what they come to: enough to aim at what is
 * there, at its edges and near its limits.
 */
export class Draft {
  /** Draws. */
  readonly random: Random;
  /** What the program may be made of. */
  readonly scope: Scope;
  /** The kernel, with the geometry of the last `create`. */
  profile: Profile;
  /** What is special about the device. */
  create: ZramCreate = {};
  /** The steps. */
  readonly steps: ZramStep[] = [];
  /** Pages of the disk. */
  diskPages: number = 0;
  /** How many algorithms there are. */
  algorithms = 1;
  /** Lengths that many pages of the program have. */
  lengths: readonly number[] = [];
  /** Lengths at which something changes. */
  edges: readonly number[] = [];
  /** The last moments at which pages can have been accessed, in seconds. */
  readonly moments: number[] = [0];
  /** Pages that were written last. */
  readonly recent: number[] = [];
  /** About how many bytes each page takes. */
  readonly #bytes = new Map<number, number>();
  #sum = 0;

  /** No steps yet. */
  constructor(random: Random, scope: Scope, profile: Profile) {
    this.random = random;
    this.scope = scope;
    this.profile = profile;
  }

  /** Whether steps of an operation can be made. */
  can(op: keyof ZramSteps): boolean {
    return this.scope.ops.has(op);
  }

  /** Whether an attribute is there, and may be used. */
  has(attr: string): boolean {
    const { attributes } = this.scope;
    return attr in this.profile.zram.attributes &&
      (attributes === undefined || attributes.has(attr));
  }

  /** About how many pages the pool uses. */
  get usedPages(): number {
    return Math.ceil(1.1 * this.#sum / this.profile.pageSize);
  }

  /** Whether there may be no frames for a page. */
  get isScarce(): boolean {
    const { maxPages, failEach } = this.create;
    return maxPages !== undefined || failEach !== undefined;
  }

  /** Adds a step. */
  add(step: ZramStep): void {
    this.steps.push(step);
  }

  /** Adds a text that is written to an attribute. */
  set(attr: string, value: string): void {
    this.add({ op: "set", attr, value });
  }

  /** Adds one of some texts, where an attribute is there. */
  setAny(attr: string, ...values: readonly string[]): void {
    if (this.has(attr)) this.set(attr, pick(this.random, ...values));
  }

  /** A page is written. */
  write(page: number, { data, bytes }: RandomPage): void {
    this.add({ op: "write", page, data });
    this.wrote(page, bytes);
  }

  /** Pages are discarded. */
  discard(page: number, pages: number): void {
    this.add({ op: "discard", page, pages });
    if (page + pages <= this.diskPages) this.freed(page, pages);
  }

  /** The clock goes on. */
  wait(seconds: number): void {
    this.add({ op: "wait", seconds });
    this.moments.unshift(this.moments[0] + seconds);
    this.moments.splice(MOMENTS);
  }

  /** A device is made, or reset. */
  forget(): void {
    this.diskPages = 0;
    this.algorithms = 1;
    this.recent.length = 0;
    this.#bytes.clear();
    this.#sum = 0;
  }

  /** What follows from a geometry: lengths at which something changes. */
  settle(): void {
    const { random, profile } = this;
    const { pageSize } = profile;
    const { hugeClassSize, classes, handleSize } = zsGeometry(profile);
    const largest = (nth: number) => classes[nth].size - handleSize;
    this.edges = [
      hugeClassSize,
      pageSize,
      pageSize * 3 / 4,
      largest(random(classes.length)),
      largest(random(classes.length)),
      24,
    ].filter((edge) => edge > 0);
    const count = 1 + random(4);
    this.lengths = Array.from(
      { length: count },
      () => 24 + random(pageSize - 24),
    );
  }

  /** A page that is there: often one that was written. */
  page(): number {
    const { random, recent, diskPages } = this;
    if (recent.length > 0 && random(2) === 0) {
      return recent[random(recent.length)];
    }
    return random(8) === 0
      ? pick(random, 0, Math.max(diskPages - 1, 0))
      : random(Math.max(diskPages, 1));
  }

  /** A page, or now and then one that is not there. */
  anyPage(): number {
    const { random, diskPages } = this;
    return random(16) === 0
      ? diskPages + pick(random, 0, 0, 1, 1000)
      : this.page();
  }

  /** A page takes about so many bytes from now on. */
  wrote(page: number, bytes: number): void {
    if (page >= this.diskPages) return;
    this.#sum += bytes - (this.#bytes.get(page) ?? 0);
    this.#bytes.set(page, bytes);
    if (this.recent.length < 24) this.recent.push(page);
    else this.recent[this.random(24)] = page;
  }

  /** Pages take nothing any more. */
  freed(page: number, pages: number): void {
    for (let nth = 0; nth < pages; nth++) {
      this.#sum -= this.#bytes.get(page + nth) ?? 0;
      this.#bytes.delete(page + nth);
    }
  }
}
