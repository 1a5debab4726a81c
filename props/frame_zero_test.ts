import { assert, assertEquals } from "@std/assert";
import {
  CheckedPool,
  defineProfile,
  LINUX_3_12,
  LINUX_4_0,
  LINUX_7_3,
  LOCATION_HANDLES_FROM_0,
  Memory,
  type Profile,
  randomFrom,
  runToEnd,
  ZsPool,
} from "../mod.ts";

/** A pool whose first frame has number 0. */
const poolAtZero = (profile: Profile) =>
  new ZsPool(profile, { memory: new Memory({ firstPfn: 0 }) });

const BEFORE_MEND = defineProfile("before-mend", LINUX_3_12, {
  objects: LOCATION_HANDLES_FROM_0,
});

/** Three classes whose zspages have one, two and more frames. */
const SIZES = [100, 1300, 2400];

/** Objects come and go: those that are there, with what is in them. */
function churn(
  malloc: (size: number) => unknown,
  free: (handle: number) => void,
  pool: ZsPool,
): Map<number, Uint8Array> {
  const random = randomFrom(5);
  const live = new Map<number, Uint8Array>();
  for (let step = 0; step < 1500; step++) {
    if (live.size > random(40)) {
      const handle = [...live.keys()][random(live.size)];
      free(handle);
      live.delete(handle);
      continue;
    }
    const size = SIZES[random(SIZES.length)];
    const handle = malloc(size);
    if (typeof handle !== "number") continue;
    const bytes = Uint8Array.from({ length: size }, () => random(256));
    pool.write(handle, bytes);
    live.set(handle, bytes);
  }
  return live;
}

Deno.test("with frame 0 in it, a pool of 3.12 and of 7.3 keeps every rule", () => {
  for (const profile of [LINUX_3_12, LINUX_7_3]) {
    const checked = new CheckedPool(poolAtZero(profile));
    const { pool } = checked;
    churn((size) => checked.malloc(size), (one) => checked.free(one), pool);
    assert(pool.memory.firstPfn === 0 && pool.memory.endPfn > 0);
  }
});

Deno.test("with frame 0 in it, objects come, go and are compacted, and each reads back, links to it looking like null or not", () => {
  for (const profile of [LINUX_3_12, LINUX_4_0, LINUX_7_3]) {
    const pool = poolAtZero(profile);
    const live = churn(
      (one) => pool.malloc(one),
      (one) => pool.free(one),
      pool,
    );
    pool.compact();
    for (const [handle, bytes] of live) {
      assertEquals(pool.read(handle, new Uint8Array(bytes.length)), bytes);
    }
    for (const handle of live.keys()) pool.free(handle);
    assertEquals(pool.memory.allocatedPages, 0);
  }
});

Deno.test("before the index counted from 1, the first object of frame 0 is allocated, and its caller told that it is not", () => {
  for (const isStepped of [false, true]) {
    const pool = poolAtZero(BEFORE_MEND);
    const malloc = (size: number) =>
      isStepped ? runToEnd(pool.mallocSteps(size)) : pool.malloc(size);
    assertEquals(malloc(1000), "ENOMEM");
    assertEquals([pool.handles.allocated, pool.pagesAllocated], [1, 1]);
    const handles = [1, 2, 3].map(() => malloc(1000));
    assertEquals(handles, [1, 2, 3]);
    handles.forEach((handle) => pool.free(Number(handle)));
    assertEquals([pool.handles.allocated, pool.pagesAllocated], [1, 1]);
  }
});
