/** A naive model of mapped objects: what each holds, and what becomes of it. */
import { PAGE_PRIVATE, PAGE_STRIDE } from "../memory/memory.ts";
import type { MapMode, MappedObject } from "../zsmalloc/mapping.ts";
import type { ZsPool } from "../zsmalloc/pool.ts";
import { agreeBytes, refuses } from "./agree.ts";

/** An object that is mapped, and its copy where it is mapped as one. */
interface Mapped {
  readonly handle: number;
  readonly mode: MapMode;
  readonly cpu: number;
  readonly object: MappedObject;
  readonly copy: Uint8Array | undefined;
}

/** The objects of a pool that are mapped, beside what they should hold. */
export class MappedModel {
  readonly #pool: ZsPool;
  readonly #objects: Map<number, Uint8Array>;
  readonly #buffers = new Map<number, Uint8Array>();
  #mapped: readonly Mapped[] = [];

  /** `objects` has the bytes of each live handle's object. */
  constructor(pool: ZsPool, objects: Map<number, Uint8Array>) {
    this.#pool = pool;
    this.#objects = objects;
  }

  /** Objects mapped now. */
  get count(): number {
    return this.#mapped.length;
  }

  /** Whether an object is mapped. */
  has(handle: number): boolean {
    return this.#mapped.some((one) => one.handle === handle);
  }

  /** Whether the zspage of a frame has a mapped object. */
  isLocked(pfn: number): boolean {
    const zspage = this.#zspageOf(pfn);
    return this.#mapped.some(({ handle }) =>
      this.#zspageOf(this.#pool.handles.pfnOf(handle)) === zspage
    );
  }

  /** Bytes of the whole chunk that an object of `size` bytes has. */
  capacityOf(size: number): number {
    const { pagesPerZspage, objectsPerZspage, size: chunk } = this.#pool
      .classFor(size);
    const { handleSize } = this.#pool.geometry;
    const isHuge = pagesPerZspage === 1 && objectsPerZspage === 1;
    return isHuge ? chunk : chunk - handleSize;
  }

  /** Maps an object, or sees that the kernel would not. */
  map(handle: number, mode: MapMode, cpu: number): void {
    const pool = this.#pool;
    const { mapping, mapped } = pool.profile;
    const isReadOnly = mapping === "read-only-copy";
    const map = () => pool.map(handle, mode, cpu);
    if (isReadOnly && mode !== "read-only") {
      return refuses("zs_obj_read_begin", map);
    }
    if (!isReadOnly && this.#mapped.some((one) => one.cpu === cpu)) {
      return refuses("one buffer", map);
    }
    if (mapped === "pinned" && this.has(handle)) return refuses("pin_tag", map);
    const object = map();
    const copy = this.#copyOf(handle, mode, cpu);
    this.#mapped = [...this.#mapped, { handle, mode, cpu, object, copy }];
    this.#compare(object, copy);
  }

  /** Writes all of the `nth` mapped object. */
  write(nth: number, bytesOf: (length: number) => Uint8Array): void {
    const mapped = this.#mapped[nth % this.count];
    if (mapped === undefined) return;
    const { object, copy, handle } = mapped;
    const bytes = bytesOf(object.length);
    if (this.#pool.profile.mapping === "read-only-copy") {
      return refuses("to read", () => object.write(bytes));
    }
    object.write(bytes);
    if (copy === undefined) this.#objects.set(handle, bytes);
    else copy.set(bytes);
    this.#compare(object, copy);
  }

  /** Unmaps the `nth` mapped object, if there is one. */
  unmap(nth: number): void {
    const mapped = this.#mapped[nth % this.count];
    if (mapped === undefined) return;
    const { object, copy, handle, mode } = mapped;
    this.#compare(object, copy);
    this.#pool.unmap(object);
    this.#mapped = this.#mapped.filter((one) => one !== mapped);
    if (copy !== undefined && mode !== "read-only") {
      this.#objects.set(handle, copy.slice());
    }
    refuses("not mapped here", () => this.#pool.unmap(object));
  }

  #compare(object: MappedObject, copy: Uint8Array | undefined): void {
    const expected = copy ?? this.#objects.get(object.handle);
    const found = object.read(new Uint8Array(object.length));
    agreeBytes(
      `the mapped object of handle ${object.handle}`,
      found,
      expected ?? new Uint8Array(0),
    );
  }

  /** The copy as which an object in two frames is mapped, if it is. */
  #copyOf(handle: number, mode: MapMode, cpu: number): Uint8Array | undefined {
    const { mapping, pageSize } = this.#pool.profile;
    const bytes = this.#objects.get(handle) ?? new Uint8Array(0);
    if (mapping === "page-table" || !this.#crosses(handle)) return undefined;
    if (mapping === "read-only-copy") return bytes.slice();
    const buffer = this.#buffers.get(cpu) ?? new Uint8Array(pageSize);
    this.#buffers.set(cpu, buffer);
    if (mode !== "write-only") buffer.set(bytes);
    return buffer.subarray(0, bytes.length);
  }

  #crosses(handle: number): boolean {
    const { handles, memory } = this.#pool;
    const zspage = this.#zspageOf(handles.pfnOf(handle));
    const { size } = this.#pool.classOfZspage(zspage);
    const start = handles.objIndexOf(handle, size) * size;
    return start % memory.pageSize + size > memory.pageSize;
  }

  #zspageOf(pfn: number): number {
    return this.#pool.memory.page[pfn * PAGE_STRIDE + PAGE_PRIVATE];
  }
}
