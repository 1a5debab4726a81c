import { assert, assertEquals } from "@std/assert";
import {
  checkPool,
  failAtRandom,
  failNth,
  Memory,
  type Profile,
  randomFrom,
  ZsPool,
} from "../mod.ts";
import { imageOf, KERNELS } from "./zsmalloc_pools.ts";

const OPERATIONS = 200;

/** Which allocations fail, by their number. */
interface Faults {
  failPageAlloc(allocation: number): boolean;
  failslab(allocation: number): boolean;
}

/** Where a program is: before its nth malloc, or after it was refused. */
interface Moment {
  readonly pool: ZsPool;
  readonly nth: number;
  readonly refused: boolean;
}

/** A program of 200 seeded mallocs, frees, writes and compactions. */
function* program(profile: Profile, faults: Faults): Generator<Moment> {
  const { pageSize } = profile;
  const memory = new Memory({ pageSize, ...faults });
  const pool = new ZsPool(profile, { memory, ...faults });
  const random = randomFrom(7);
  const live: number[] = [];
  for (let nth = 0; nth < OPERATIONS; nth++) {
    const [choice, size, at] = [random(10), 1 + random(pageSize), random(1000)];
    if (choice < 6) {
      yield { pool, nth, refused: false };
      const handle = pool.malloc(size);
      if (handle === "ENOMEM") {
        yield { pool, nth, refused: true };
      } else {
        assert(typeof handle === "number");
        live.push(handle);
        pool.write(handle, new Uint8Array(size).fill(nth));
      }
    } else if (choice < 9 && live.length > 0) {
      pool.free(live.splice(at % live.length, 1)[0]);
    } else {
      pool.compact();
    }
  }
}

/** The pool before each malloc, and how many allocations there are in all. */
function runWithoutFault(profile: Profile) {
  const images = new Map<number, string>();
  let [frames, cells] = [0, 0];
  const faults = {
    failPageAlloc: () => (frames++, false),
    failslab: () => (cells++, false),
  };
  for (const { pool, nth } of program(profile, faults)) {
    images.set(nth, imageOf(pool));
  }
  return { images, frames, cells };
}

Deno.test("wherever one allocation of a 200-operation program fails, malloc is ENOMEM and the pool is as it was, to the byte", () => {
  for (const profile of KERNELS) {
    const { images, frames, cells } = runWithoutFault(profile);
    assert(frames > 100);
    assertEquals(cells > 100, profile.objects.handle === "cell");
    for (let position = 0; position < frames + cells; position++) {
      const moments = program(profile, {
        failPageAlloc: failNth(position),
        failslab: failNth(position - frames),
      });
      const refused = moments.find((moment) => moment.refused);
      assert(refused !== undefined);
      assert(imageOf(refused.pool) === images.get(refused.nth));
    }
  }
});

Deno.test("where allocations fail at random, every malloc succeeds or leaves the pool as it was", () => {
  for (const profile of KERNELS) {
    const fails = failAtRandom(3, 4);
    let image = "";
    let refusals = 0;
    for (
      const { pool, refused } of program(profile, {
        failPageAlloc: fails,
        failslab: fails,
      })
    ) {
      const now = imageOf(pool);
      if (refused) {
        refusals++;
        assert(now === image);
        checkPool(pool);
      }
      image = now;
    }
    assert(refusals > 20);
  }
});
