import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  LINUX_3_12,
  LINUX_4_0,
  LINUX_6_1,
  LINUX_6_18,
  type MapMode,
  type Profile,
  ZsPool,
} from "../mod.ts";
import { bytesFrom, fill } from "./zsmalloc_pools.ts";

const SIZE = 1500;

/** A pool and two of its objects: one within a frame, one in two frames. */
function poolOf(profile: Profile) {
  const pool = new ZsPool(profile);
  const [within, , crossing] = fill(pool, SIZE, 6);
  return { pool, within, crossing };
}

const COPYING = [LINUX_3_12, LINUX_4_0, LINUX_6_1];
const MODES: readonly MapMode[] = ["read-only", "read-write", "write-only"];
const PAGE_TABLE: Profile = { ...LINUX_3_12, mapping: "page-table" };

/** What an object holds after it was mapped, its first byte set, and unmapped. */
function afterWriting(pool: ZsPool, handle: number, mode: MapMode) {
  const object = pool.map(handle, mode);
  object.write(Uint8Array.of(0xee));
  pool.unmap(object);
  return pool.read(handle, new Uint8Array(SIZE));
}

Deno.test("an object within one frame is mapped in place, whatever the mode", () => {
  for (const profile of [...COPYING, PAGE_TABLE]) {
    for (const mode of MODES) {
      const { pool, within } = poolOf(profile);
      const expected = bytesFrom(0, SIZE);
      expected[0] = 0xee;
      assertEquals(afterWriting(pool, within, mode), expected);
    }
  }
});

Deno.test("an object in two frames that is mapped read-only loses what is written to it", () => {
  for (const profile of COPYING) {
    const { pool, crossing } = poolOf(profile);
    const found = afterWriting(pool, crossing, "read-only");
    assertEquals(found, bytesFrom(2, SIZE));
  }
});

Deno.test("an object in two frames that is mapped read-write keeps the rest of its bytes", () => {
  for (const profile of COPYING) {
    const { pool, crossing } = poolOf(profile);
    const expected = bytesFrom(2, SIZE);
    expected[0] = 0xee;
    assertEquals(afterWriting(pool, crossing, "read-write"), expected);
  }
});

Deno.test("an object in two frames that is mapped write-only becomes what the CPU's buffer held", () => {
  for (const profile of COPYING) {
    const { pool, crossing } = poolOf(profile);
    const fresh = new Uint8Array(SIZE);
    fresh[0] = 0xee;
    assertEquals(afterWriting(pool, crossing, "write-only"), fresh);

    const onOtherCpu = pool.map(crossing, "write-only", 1);
    pool.unmap(onOtherCpu);
    const found = pool.read(crossing, new Uint8Array(SIZE));
    assertEquals(found, new Uint8Array(SIZE));
  }
});

Deno.test("the handle in front of an object in two frames is not written back", () => {
  for (const profile of [LINUX_4_0, LINUX_6_1]) {
    const { pool, crossing } = poolOf(profile);
    pool.unmap(pool.map(crossing, "write-only"));
    pool.free(crossing);
    assertEquals(pool.handles.allocated, 5);
  }
});

Deno.test("mapped by page table, both frames are one range and every write is in the object", () => {
  for (const mode of MODES) {
    const { pool, crossing } = poolOf(PAGE_TABLE);
    const object = pool.map(crossing, mode);
    const bytes = bytesFrom(7, SIZE);
    object.write(bytes);
    assertEquals(pool.read(crossing, new Uint8Array(SIZE)), bytes);
    assertEquals(object.read(new Uint8Array(SIZE)), bytes);
    pool.unmap(object);
  }
});

Deno.test("since 6.16 an object is mapped to be read alone, any number on a CPU", () => {
  const { pool, within, crossing } = poolOf(LINUX_6_18);
  const objects = [within, crossing].map((one) => pool.map(one, "read-only"));
  const found = objects.map((one) => one.read(new Uint8Array(SIZE)));
  assertEquals(found, [bytesFrom(0, SIZE), bytesFrom(2, SIZE)]);
  assertThrows(() => objects[0].write(new Uint8Array(1)), Error, "to read");
  assertThrows(() => pool.map(within, "read-write"), Error, "zs_obj_write");
  objects.forEach((one) => pool.unmap(one));
});

Deno.test("a CPU maps one object at a time up to 6.15, another CPU another", () => {
  for (const profile of COPYING) {
    const { pool, within, crossing } = poolOf(profile);
    const object = pool.map(within, "read-write", 0);
    assertThrows(
      () => pool.map(crossing, "read-write", 0),
      Error,
      "CPU 0 has handle",
    );
    pool.unmap(pool.map(crossing, "read-write", 1));
    pool.unmap(object);
  }
});

Deno.test("in 4.0 an object is mapped by one at a time, since by many", () => {
  for (const profile of [LINUX_4_0, LINUX_6_1]) {
    const { pool, within } = poolOf(profile);
    pool.map(within, "read-only", 0);
    if (profile === LINUX_4_0) {
      assertThrows(
        () => pool.map(within, "read-only", 1),
        Error,
        "pin_tag waits",
      );
    } else {
      pool.map(within, "read-only", 1);
    }
  }
});

Deno.test("misuse of mappings throws: unmapped twice, freed while mapped, past the object's end", () => {
  for (const profile of [...COPYING, LINUX_6_18]) {
    const { pool, within } = poolOf(profile);
    const object = pool.map(within, "read-only");
    assertThrows(() => pool.free(within), Error, "is mapped");
    assertThrows(
      () => object.read(new Uint8Array(8), object.length),
      RangeError,
      "holds",
    );
    pool.unmap(object);
    assertThrows(() => pool.unmap(object), Error, "not mapped here");
    pool.free(within);
    assertThrows(() => pool.map(within, "read-only"), Error, "names no object");
  }
});

Deno.test("compaction passes over a mapped object in 4.0, waits for it in 6.1, and leaves its class alone in 6.18", () => {
  for (const profile of [LINUX_4_0, LINUX_6_1, LINUX_6_18]) {
    const pool = new ZsPool(profile);
    const handles = fill(pool, 500, 200);
    handles.forEach((one, nth) => nth % 5 === 0 || pool.free(one));
    const left = handles.filter((_, nth) => nth % 5 === 0);
    const mapped = left.map((one, cpu) => pool.map(one, "read-only", cpu));
    const places = () => left.map((one) => pool.handles.pfnOf(one));
    const before = places();
    if (profile === LINUX_6_18) {
      assertEquals(pool.compact(), 0);
    } else {
      assertThrows(() => pool.compact(), Error, "mapped object");
    }
    assertEquals(places(), before);
    assertEquals(pool.objectsMigrated, 0);
    mapped.forEach((one) => pool.unmap(one));
    assert(pool.compact() > 0);
    assert(pool.objectsMigrated > 0);
  }
});
