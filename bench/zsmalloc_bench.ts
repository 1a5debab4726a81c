/** The allocator's own cost, at few and at many live objects. */
import { CheckedPool, LINUX_6_18, randomFrom, ZsPool } from "../mod.ts";

/** Bytes of each object. */
const SIZE = 100;

/** Pairs of a malloc and a free in one run, so that the timer costs nothing. */
const PAIRS = 1000;

/** A pool with `live` objects, and their handles from the oldest on. */
function poolOf(live: number): { pool: ZsPool; handles: Uint32Array } {
  const pool = new ZsPool(LINUX_6_18);
  const handles = new Uint32Array(live);
  for (let nth = 0; nth < live; nth++) handles[nth] = Number(pool.malloc(SIZE));
  return { pool, handles };
}

for (const live of [1e4, 1e5, 1e6]) {
  const { pool, handles } = poolOf(live);
  const random = randomFrom(7);
  let oldest = 0;

  const replace = (nth: number) => {
    pool.free(handles[nth]);
    handles[nth] = Number(pool.malloc(SIZE));
  };
  const workloads = {
    "malloc + free": () => {
      pool.free(Number(pool.malloc(SIZE)));
    },
    "replace the oldest object": () => {
      replace(oldest);
      oldest = (oldest + 1) % live;
    },
    "replace a random object": () => {
      replace(random(live));
    },
  };
  for (const [name, pair] of Object.entries(workloads)) {
    for (let warm = 0; warm < 2 * live; warm++) pair();
    Deno.bench({
      name: `${PAIRS} × ${name}, 10^${Math.log10(live)} live`,
      group: name,
      baseline: live === 1e4,
      fn() {
        for (let nth = 0; nth < PAIRS; nth++) pair();
      },
    });
  }
}

{
  const { pool, handles } = poolOf(1e5);
  const random = randomFrom(7);
  const checked = new CheckedPool(pool);
  for (const target of [pool, checked]) {
    const operations = () => {
      for (let nth = 0; nth < PAIRS; nth++) {
        const at = random(handles.length);
        target.free(handles[at]);
        handles[at] = Number(target.malloc(SIZE));
      }
    };
    operations();
    Deno.bench({
      name: `${2 * PAIRS} operations, ${
        target === pool ? "unchecked" : "every rule checked after each"
      }`,
      group: "checks after one operation, 10^5 live",
      baseline: target === pool,
      fn: operations,
    });
  }
}

/** A pool of 10^5 objects of which three of four were freed at random. */
function agedPool(): ZsPool {
  const { pool, handles } = poolOf(1e5);
  const random = randomFrom(7);
  for (const handle of handles) if (random(4) !== 0) pool.free(handle);
  return pool;
}

const moving = agedPool();
moving.compact();

Deno.bench({
  name: `compaction moves ${moving.objectsMigrated} objects of ${SIZE} bytes`,
  group: "compaction",
  fn(timer) {
    const pool = agedPool();
    timer.start();
    pool.compact();
    timer.end();
  },
});
