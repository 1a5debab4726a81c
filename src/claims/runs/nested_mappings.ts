/** Two mappings on one CPU, one within the other, as nothing in Linux prevents. */
import type { Profile } from "../../linux/profile.ts";
import type { MapMode, MappedObject } from "../../zsmalloc/mapping.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import { isCrossing, mallocIn } from "./stored_pages.ts";

/** Bytes of each object. */
const LENGTH = 1500;
const CPU = 0;
/** A CPU that nothing is mapped on. */
const NO_CPU = 1;

/** What both objects hold, and what is written to them. */
const OLD = [1, 2];
const NEW = [3, 4];

/** Which of two objects, in each of which frames: `true` where it is in two. */
export type Pair = readonly [crossing: boolean, crossing: boolean];

/** Every pair. */
export const PAIRS: readonly Pair[] = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
];

/** What came of two mappings. */
export interface Nested {
  readonly pair: Pair;
  /** What was done, in words. */
  readonly order: string;
  /** Objects that were read wrong while mapped, or hold what is wrong then. */
  readonly broken: number;
}

/** Two objects in a pool, of the asked kinds, with old bytes. */
class TwoObjects {
  readonly pool: ZsPool;
  readonly handles: readonly number[];
  /** Whether objects are written by mapping them. */
  readonly writesByMapping: boolean;
  readonly #wrong = new Set<number>();
  readonly #mapped = new Map<number, MappedObject>();
  readonly #expected: number[] = [...OLD];

  constructor(profile: Profile, pair: Pair) {
    this.pool = new ZsPool(profile);
    this.handles = pair.map((crossing) => this.#find(crossing));
    this.handles.forEach((handle, nth) =>
      this.pool.write(handle, full(OLD[nth]))
    );
    this.writesByMapping = profile.mapping !== "read-only-copy";
  }

  map(nth: number): void {
    const mode: MapMode = this.writesByMapping ? "read-write" : "read-only";
    const object = this.pool.map(this.handles[nth], mode, CPU, LENGTH);
    // The model throws where a CPU maps two, which Linux does not notice: it is
    // not to know of this one, whose buffer the next has as well.
    Object.assign(object, { cpu: NO_CPU });
    this.#mapped.set(nth, object);
  }

  read(nth: number): void {
    const found = this.#mapped.get(nth)?.read(new Uint8Array(LENGTH));
    if (found?.some((byte) => byte !== this.#expected[nth])) {
      this.#wrong.add(nth);
    }
  }

  /** Writes the first or the second half, or all: by its mapping, if it can. */
  write(nth: number, from: number, end: number): void {
    if (!this.writesByMapping) return;
    const data = full(NEW[nth]).subarray(from, end);
    this.#mapped.get(nth)?.write(data, from);
    if (end === LENGTH) this.#expected[nth] = NEW[nth];
  }

  unmap(nth: number): void {
    const object = this.#mapped.get(nth);
    if (object !== undefined) this.pool.unmap(object);
    this.#mapped.delete(nth);
  }

  /** Objects that were wrong when they were read, or are. */
  get broken(): number {
    for (const [nth, handle] of this.handles.entries()) {
      const found = this.pool.read(handle, new Uint8Array(LENGTH));
      if (found.some((byte) => byte !== this.#expected[nth])) {
        this.#wrong.add(nth);
      }
    }
    return this.#wrong.size;
  }

  #find(crossing: boolean): number {
    const handle = mallocIn(this.pool, LENGTH);
    return isCrossing(this.pool, handle) === crossing
      ? handle
      : this.#find(crossing);
  }
}

const full = (byte: number) => new Uint8Array(LENGTH).fill(byte);

/** Both are mapped, read, and unmapped in either order. */
export function mapBoth(profile: Profile): readonly Nested[] {
  return PAIRS.flatMap((pair) =>
    [[0, 1], [1, 0]].map((order) => {
      const objects = new TwoObjects(profile, pair);
      objects.map(0);
      objects.map(1);
      objects.read(0);
      objects.read(1);
      order.forEach((nth) => objects.unmap(nth));
      return {
        pair,
        order: order[0] === 0 ? "first unmapped first" : "last unmapped first",
        broken: objects.broken,
      };
    })
  );
}

/** One writes in four steps, and an interrupt does the same within any two. */
export function interrupted(profile: Profile): readonly Nested[] {
  return PAIRS.flatMap((pair) => {
    const half = LENGTH / 2;
    const steps = (objects: TwoObjects, nth: number) =>
      [
        ["map", () => objects.map(nth)],
        ["half a write", () => objects.write(nth, 0, half)],
        ["a write", () => objects.write(nth, half, LENGTH)],
        ["a read", () => objects.read(nth)],
        ["unmap", () => objects.unmap(nth)],
      ] as const;
    return Array.from({ length: 6 }, (_, point) => {
      const objects = new TwoObjects(profile, pair);
      const own = steps(objects, 0);
      own.slice(0, point).forEach(([, step]) => step());
      steps(objects, 1).forEach(([, step]) => step());
      own.slice(point).forEach(([, step]) => step());
      const order = point === 0 ? "before map" : `after ${own[point - 1][0]}`;
      return { pair, order, broken: objects.broken };
    });
  });
}
