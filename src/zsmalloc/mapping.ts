/**
 * Mapping an object: its bytes as one range, although it may lie in two frames.
 */
import type { Profile } from "../linux/profile.ts";
import { assertBytes, named } from "../rules/argument.ts";
import type { Memory } from "../memory/memory.ts";
import type { Zspages } from "./zspage.ts";

/** ZS_MM_RO, ZS_MM_RW, ZS_MM_WO: what the mapper is going to do. */
export type MapMode = "read-only" | "read-write" | "write-only";

/** Where a mapped chunk lies. */
export interface MappedChunk {
  /** The object's handle. */
  readonly handle: number;
  /** The zspage that it is in. */
  readonly zspage: number;
  /** The frame in which the chunk starts. */
  readonly pfn: number;
  /** Where in that frame. */
  readonly offset: number;
  /** Bytes of the chunk. */
  readonly size: number;
  /** Bytes of the handle in front of the object. */
  readonly header: number;
}

/**
 * An object that is mapped: its bytes can be read and written in place until
 * it is unmapped. What becomes of them is said at {@linkcode Mappings}.
 */
export interface MappedObject {
  /** The object's handle. */
  readonly handle: number;
  /** What the mapper is going to do. */
  readonly mode: MapMode;
  /** The CPU on which it is mapped. */
  readonly cpu: number;
  /** Bytes that the object can hold. */
  readonly length: number;
  /** Fills `into` with the mapped bytes from `at` on. */
  read(into: Uint8Array, at?: number): Uint8Array;
  /** Puts `data` into the mapped bytes from `at` on. */
  write(data: Uint8Array, at?: number): void;
}

/** The bytes behind a mapping. */
interface MappedBytes {
  read(into: Uint8Array, at: number): void;
  write(data: Uint8Array, at: number): void;
  /** Ends the mapping. */
  unmap(): void;
}

/** How a release maps an object that crosses frames. */
type MapCrossing = (
  zspages: Zspages,
  chunk: MappedChunk,
  mode: MapMode,
  buffer: Uint8Array,
) => MappedBytes;

/** The frames themselves: what is written is in the object at once. */
function mapFrames(zspages: Zspages, chunk: MappedChunk): MappedBytes {
  const { pfn, offset, header } = chunk;
  const place = (at: number): readonly [number, number] => {
    const byte = offset + header + at;
    const { pageSize } = zspages.memory;
    return byte < pageSize
      ? [pfn, byte]
      : [zspages.nextPage(pfn), byte - pageSize];
  };
  return {
    read: (into, at) => zspages.readBytes(...place(at), into),
    write: (data, at) => zspages.writeBytes(...place(at), data),
    unmap() {},
  };
}

/**
 * A copy in the CPU's buffer: to write only, it starts with whatever the buffer
 * held; to read only, it is not copied back. Specifies `__zs_map_object` and
 * `__zs_unmap_object`.
 */
function mapBuffer(
  zspages: Zspages,
  chunk: MappedChunk,
  mode: MapMode,
  buffer: Uint8Array,
): MappedBytes {
  const { pfn, offset, size, header } = chunk;
  const copy = buffer.subarray(0, size);
  if (mode !== "write-only") zspages.readBytes(pfn, offset, copy);
  const object = copy.subarray(header);
  return {
    read: (into, at) => into.set(object.subarray(at, at + into.length)),
    write: (data, at) => object.set(data, at),
    unmap() {
      if (mode === "read-only") return;
      const start = offset + header;
      const { pageSize } = zspages.memory;
      if (start < pageSize) zspages.writeBytes(pfn, start, object);
      else zspages.writeBytes(zspages.nextPage(pfn), start - pageSize, object);
    },
  };
}

const MAP_CROSSING: Readonly<Record<Profile["mapping"], MapCrossing>> = {
  "copy": mapBuffer,
  "page-table": mapFrames,
  "read-only-copy": mapBuffer,
};

/** What a mapped object does where compaction leaves its whole zspage. */
const LOCKED: readonly Profile["mapped"][] = ["waited-for", "left-alone"];

/** How far an object must lie in one frame to be mapped as it is. */
const READ_SPAN: Readonly<
  Record<Profile["readSpan"], (chunk: MappedChunk, length: number) => number>
> = {
  "chunk": ({ size }) => size,
  "bytes-read": ({ header }, length) => header + length,
};

/** The object behind a mapping, with its bounds kept. */
function mappedObject(
  { handle }: MappedChunk,
  length: number,
  mode: MapMode,
  cpu: number,
  bytes: MappedBytes,
  isWritable: boolean,
): MappedObject {
  const assertInside = (verb: string, at: number, count: number) => {
    if (!Number.isInteger(at) || at < 0 || at + count > length) {
      throw new RangeError(
        `Cannot ${verb} ${count} bytes at ${at}: the object of handle ${handle} holds ${length}`,
      );
    }
  };
  return {
    handle,
    mode,
    cpu,
    length,
    read(into, at = 0) {
      assertBytes("read", "into", into);
      assertInside("read", at, into.length);
      bytes.read(into, at);
      return into;
    },
    write(data, at = 0) {
      assertBytes("write", "data", data);
      assertInside("write", at, data.length);
      if (!isWritable) {
        throw new Error(
          `Cannot write: handle ${handle} is mapped by zs_obj_read_begin, to read`,
        );
      }
      bytes.write(data, at);
    },
  };
}

/**
 * The objects that are mapped, and the buffer of each CPU. Specifies
 * `zs_map_object` and `zs_unmap_object`, `mm/zsmalloc.c`, up to 6.15, and
 * `zs_obj_read_begin` and `zs_obj_read_end` since 6.16.
 *
 * An object within one frame is mapped as it is, in every mode. One that
 * crosses frames is
 * - copied to the CPU's buffer (`copy`): `read-write` copies it in and back,
 *   `read-only` loses what is written, `write-only` starts with the buffer's
 *   last contents and is copied back whole;
 * - or has its frames side by side (`page-table`), in every mode;
 * - or is copied for its reader alone (`read-only-copy`, since 6.16).
 *
 * Up to 7.0 an object crosses frames where its chunk does; since 7.1 where the
 * bytes do that are read.
 *
 * Up to 6.15 a CPU maps one object at a time.
 */
export class Mappings {
  readonly #profile: Profile;
  readonly #zspages: Zspages;
  readonly #buffers = new Map<number, Uint8Array>();
  readonly #pinned = new Set<number>();
  readonly #mapped = new Map<
    MappedObject,
    { chunk: MappedChunk; bytes: MappedBytes }
  >();

  /** Nothing is mapped yet. */
  constructor(profile: Profile, zspages: Zspages) {
    this.#profile = profile;
    this.#zspages = zspages;
  }

  /** Forgets who has pinned an object to free it. */
  forgetPins(): void {
    this.#pinned.clear();
  }

  /** Objects mapped now. */
  get count(): number {
    return this.#mapped.size;
  }

  /** Whether an object is mapped, or pinned to be freed. */
  get isAny(): boolean {
    return this.#mapped.size + this.#pinned.size > 0;
  }

  /**
   * Maps the first `length` bytes of the object in `chunk`. Throws where the
   * kernel could not go on.
   */
  map(
    chunk: MappedChunk,
    mode: MapMode,
    cpu: number,
    length: number,
  ): MappedObject {
    const { mapping, readSpan } = this.#profile;
    const isReadOnly = mapping === "read-only-copy";
    if (isReadOnly) this.#assertReadOnly(mode);
    else this.#assertCpuIsFree(chunk.handle, cpu);
    if (this.isPinned(chunk.handle)) {
      throw new Error(
        `Cannot map handle ${chunk.handle}: another has it mapped, and pin_tag waits`,
      );
    }
    const span = READ_SPAN[readSpan](chunk, length);
    const isWithin = chunk.offset + span <= this.#zspages.memory.pageSize;
    const bytes = isWithin
      ? mapFrames(this.#zspages, chunk)
      : MAP_CROSSING[mapping](
        this.#zspages,
        chunk,
        mode,
        isReadOnly ? new Uint8Array(chunk.size) : this.#bufferOf(cpu),
      );
    const object = mappedObject(
      chunk,
      length,
      mode,
      cpu,
      bytes,
      !isReadOnly,
    );
    this.#mapped.set(object, { chunk, bytes });
    return object;
  }

  /** Unmaps an object. Throws where it is not mapped. */
  unmap(object: MappedObject): void {
    const mapped = this.#mapped.get(object);
    if (mapped === undefined) {
      throw new Error(
        `Cannot unmap handle ${
          object?.handle ?? named(object)
        }: it is not mapped here`,
      );
    }
    mapped.bytes.unmap();
    this.#mapped.delete(object);
  }

  /** Whether a handle's object is mapped, so that it may not be freed. */
  isMapped(handle: number): boolean {
    if (this.#mapped.size === 0) return false;
    for (const object of this.#mapped.keys()) {
      if (object.handle === handle) return true;
    }
    return false;
  }

  /** Pins an object that is about to be freed (`pin_tag`, 4.0 to 5.18). */
  pin(handle: number): void {
    this.#pinned.add(handle);
  }

  /** Ends that. */
  unpin(handle: number): void {
    this.#pinned.delete(handle);
  }

  /** Whether an object cannot move (HANDLE_PIN_BIT, 4.0 to 5.18). */
  isPinned(handle: number): boolean {
    return this.#pinned.has(handle) ||
      (this.#profile.mapped === "pinned" && this.isMapped(handle));
  }

  /** Whether compaction leaves a zspage, as an object of it is mapped. */
  isReadLocked(zspage: number): boolean {
    return LOCKED.includes(this.#profile.mapped) && this.hasReaders(zspage);
  }

  /** Whether a zspage has readers (`migrate_read_lock`, `zspage_read_lock`). */
  hasReaders(zspage: number): boolean {
    for (const { chunk } of this.#mapped.values()) {
      if (chunk.zspage === zspage) return true;
    }
    return false;
  }

  #assertReadOnly(mode: MapMode): void {
    if (mode !== "read-only") {
      throw new Error(
        `Cannot map an object ${mode}: ${this.#profile.name} has zs_obj_read_begin, to read, and zs_obj_write`,
      );
    }
  }

  #assertCpuIsFree(handle: number, cpu: number): void {
    for (const other of this.#mapped.keys()) {
      if (other.cpu === cpu) {
        throw new Error(
          `Cannot map handle ${handle}: CPU ${cpu} has handle ${other.handle} mapped, and one buffer`,
        );
      }
    }
  }

  /** The buffer of a CPU, with room for the largest chunk (`zs_cpu_up`). */
  #bufferOf(cpu: number): Uint8Array {
    let buffer = this.#buffers.get(cpu);
    if (buffer === undefined) {
      const { pageSize }: Memory = this.#zspages.memory;
      buffer = new Uint8Array(pageSize);
      this.#buffers.set(cpu, buffer);
    }
    return buffer;
  }
}
