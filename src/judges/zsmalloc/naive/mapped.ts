/** The second model of mapped objects: what each shows, and what becomes of it. */
import type { MapMode } from "../../../zsmalloc/mapping.ts";
import { became, type LiveObjects } from "../live_objects.ts";
import type { NaivePool } from "./pool.ts";
import type { NaiveZspage } from "./placement.ts";

/** Bytes of which the first so many are known. */
interface Copy {
  readonly bytes: Uint8Array;
  known: number;
}

/** An object that is mapped. */
interface Mapped {
  readonly object: number;
  readonly mode: MapMode;
  readonly cpu: number;
  /** Bytes that are mapped. */
  readonly length: number;
  /** Its copy, where it is mapped as one. */
  readonly copy: Copy | undefined;
}

/** The objects of one pool that are mapped. */
export class NaiveMapped {
  readonly #pool: NaivePool;
  readonly #live: LiveObjects;
  readonly #hasFramesMapped: boolean;
  readonly #buffers = new Map<number, Copy>();
  readonly #mapped = new Map<number, Mapped>();

  /** Nothing is mapped; `hasFramesMapped` is CONFIG_PGTABLE_MAPPING. */
  constructor(pool: NaivePool, live: LiveObjects, hasFramesMapped: boolean) {
    this.#pool = pool;
    this.#live = live;
    this.#hasFramesMapped = hasFramesMapped && !pool.facts.mapsToRead;
  }

  /** How many are mapped. */
  get count(): number {
    return this.#mapped.size;
  }

  /** The mapping that began first. */
  get oldest(): number | undefined {
    return this.#mapped.keys().next().value;
  }

  /** Whether an object is mapped. */
  has(object: number): boolean {
    if (this.#mapped.size === 0) return false;
    return this.#mapped.values().some((one) => one.object === object);
  }

  /** Whether an object is pinned, as it is mapped. */
  stays(object: number): boolean {
    return this.#pool.facts.mapped === "stays" && this.has(object);
  }

  /** Whether a zspage has a mapped object that keeps others away. */
  isLocked(zspage: NaiveZspage): boolean {
    const { mapped } = this.#pool.facts;
    if (mapped !== "waited-for" && mapped !== "passed-over") return false;
    return this.hasReaders(zspage);
  }

  /** Whether a zspage has a mapped object. */
  hasReaders(zspage: NaiveZspage): boolean {
    const { places } = this.#pool;
    if (this.#mapped.size === 0) return false;
    return this.#mapped.values().some(({ object }) =>
      places.get(object)?.zspage === zspage
    );
  }

  /** Why an object cannot be mapped: words of the reason. */
  whyNot(object: number, mode: MapMode, cpu: number): string | undefined {
    const { mapsToRead, mapped } = this.#pool.facts;
    if (mapsToRead) return mode === "read-only" ? undefined : "read_begin";
    if (this.#mapped.values().some((one) => one.cpu === cpu)) {
      return "one buffer";
    }
    return mapped === "stays" && this.has(object) ? "pin_tag" : undefined;
  }

  /** Maps an object. */
  map(
    mapping: number,
    object: number,
    mode: MapMode,
    cpu: number,
    asked = Infinity,
  ): void {
    const { spansWhatIsRead } = this.#pool.facts;
    const size = this.#live.objects.get(object)?.size ?? 0;
    const length = spansWhatIsRead ? Math.min(asked, size) : size;
    const copy = this.#copyOf(object, mode, cpu, length);
    this.#mapped.set(mapping, { object, mode, cpu, length, copy });
  }

  /** Writes all bytes of a mapped object; `false` where it is mapped to be read. */
  write(mapping: number, bytes: Uint8Array): boolean {
    const { object, copy } = this.#of(mapping);
    if (this.#pool.facts.mapsToRead) return false;
    if (copy === undefined) this.#become(object, bytes);
    else {
      copy.bytes.set(bytes);
      copy.known = Math.max(copy.known, bytes.length);
    }
    return true;
  }

  /** Ends a mapping. */
  unmap(mapping: number): void {
    const { object, mode, copy } = this.#of(mapping);
    this.#mapped.delete(mapping);
    if (copy === undefined || mode === "read-only") return;
    const size = this.#live.objects.get(object)?.size ?? 0;
    this.#become(object, copy.bytes.slice(0, Math.min(copy.known, size)));
  }

  /** The object of a mapping that there is. */
  objectOf(mapping: number): number {
    return this.#of(mapping).object;
  }

  /** The first bytes that a mapping shows, as many as are known. */
  shown(mapping: number): Uint8Array {
    const { object, length, copy } = this.#of(mapping);
    const live = this.#live.objects.get(object);
    if (live === undefined) return new Uint8Array(0);
    const { bytes, known } = copy ??
      { bytes: this.#live.bytesOf(live, live.known), known: live.known };
    return bytes.subarray(0, Math.min(known, length));
  }

  #of(mapping: number): Mapped {
    const mapped = this.#mapped.get(mapping);
    if (mapped === undefined) throw new Error(`no mapping ${mapping}`);
    return mapped;
  }

  #become(object: number, bytes: Uint8Array): void {
    const live = this.#live.objects.get(object);
    if (live !== undefined) became(live, bytes, bytes.length);
  }

  /** The copy as which an object in two frames is mapped, if it is. */
  #copyOf(
    object: number,
    mode: MapMode,
    cpu: number,
    length: number,
  ): Copy | undefined {
    const pool = this.#pool;
    const { spansWhatIsRead } = pool.facts;
    const read = spansWhatIsRead ? length : undefined;
    if (this.#hasFramesMapped || !pool.crosses(object, read)) return undefined;
    const buffer = pool.facts.mapsToRead ? undefined : this.#buffers.get(cpu);
    const copy = buffer ?? { bytes: new Uint8Array(pool.pageSize), known: 0 };
    if (!pool.facts.mapsToRead) this.#buffers.set(cpu, copy);
    const live = this.#live.objects.get(object);
    if (mode === "write-only" || live === undefined) return copy;
    // What lies beyond the bytes that were asked for is in the copy too.
    copy.bytes.set(this.#live.bytesOf(live, live.known));
    copy.known = live.known;
    return copy;
  }
}
