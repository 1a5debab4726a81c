/** In what order zbud gives its objects up, beside when they were stored and used. */
import type { Profile } from "../../linux/profile.ts";
import { randomFrom } from "../../programs/random.ts";
import { ZbudPool } from "../../zbud/pool.ts";

/** Pairs of objects, and how many were evicted the other way round. */
export interface ZbudOrder {
  readonly pairs: number;
  /** By when they were stored last. */
  readonly byStore: number;
  /** By when they were stored or read last. */
  readonly byUse: number;
}

/** Stores for each object that is read or, as often, stored anew. */
const USE_EVERY = 8;

/** Pairs in an order of which the later one was there before the earlier. */
function countInverted(
  order: readonly number[],
  at: readonly number[],
): number {
  let inverted = 0;
  order.forEach((one, nth) => {
    for (let later = nth + 1; later < order.length; later++) {
      if (at[order[later]] < at[one]) inverted++;
    }
  });
  return inverted;
}

/** A pool of objects that are known by number, and when each was used. */
function objectsInZbud(profile: Profile, lengths: readonly number[]) {
  const objects = new Map<number, number>();
  const handles: number[] = [];
  const evicted: number[] = [];
  const [stored, used]: [number[], number[]] = [[], []];
  const into = new Uint8Array(profile.pageSize);
  let now = 0;
  const pool: ZbudPool = new ZbudPool(profile, {
    *evict(handle) {
      const object = objects.get(handle);
      if (object === undefined) throw new Error(`no object has ${handle}`);
      evicted.push(object);
      yield* pool.freeSteps(handle);
      return true;
    },
  });
  return {
    pool,
    evicted,
    stored,
    used,
    store(object: number) {
      const handle = pool.alloc(lengths[object]);
      if (typeof handle !== "number") throw new Error(`no object: ${handle}`);
      handles[object] = handle;
      objects.set(handle, object);
      stored[object] = used[object] = now++;
    },
    read(object: number) {
      pool.read(handles[object], into.subarray(0, lengths[object]));
      used[object] = now++;
    },
    free(object: number) {
      objects.delete(handles[object]);
      pool.free(handles[object]);
    },
  };
}

/**
 * Stores objects of these lengths, uses some of them again, and reclaims all
 * frames; nothing where the kernel's zbud does not reclaim (since 6.5).
 */
export function zbudOrder(
  profile: Profile,
  lengths: readonly number[],
  seed: number,
): ZbudOrder | undefined {
  if (!profile.release.zbud.reclaims) return undefined;
  const zbud = objectsInZbud(profile, lengths);
  const random = randomFrom(seed);
  for (let object = 0; object < lengths.length; object++) {
    zbud.store(object);
    if (object % USE_EVERY !== USE_EVERY - 1) continue;
    const earlier = random(object);
    if (random(2) === 0) {
      zbud.read(earlier);
      continue;
    }
    zbud.free(earlier);
    zbud.store(earlier);
  }
  while (zbud.pool.reclaimPage(1) === undefined);
  const { evicted, stored, used } = zbud;
  return {
    pairs: evicted.length * (evicted.length - 1) / 2,
    byStore: countInverted(evicted, stored),
    byUse: countInverted(evicted, used),
  };
}
