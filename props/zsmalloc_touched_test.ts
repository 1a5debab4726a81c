import { assert, assertEquals } from "@std/assert";
import {
  checkCompaction,
  checkMigration,
  checkPool,
  poolBefore,
  Reach,
  TouchedCheck,
  ZsPool,
} from "../mod.ts";
import { fill, KERNELS } from "./zsmalloc_pools.ts";

const INUSE = 2;
const FREEOBJ = 3;
const FULLNESS = 1;
const NEXT = 5;

/** Bytes of two classes: few objects to a zspage, and many. */
const SIZES = [500, 1400];

/** A pool of part-filled zspages of two classes, the same one every time. */
function thinned(profile: ZsPool["profile"]): ZsPool {
  const pool = new ZsPool(profile);
  for (const size of SIZES) {
    fill(pool, size, 60).forEach((handle, nth) =>
      nth % 3 === 0 || pool.free(handle)
    );
  }
  return pool;
}

/** A zspage of the larger objects that is left. */
function zspageOf(pool: ZsPool): number {
  const { index } = pool.classFor(SIZES[1]);
  const found = [...pool.zspages.live()].find((zspage) =>
    pool.classOfZspage(zspage).index === index
  );
  assert(found !== undefined);
  return found;
}

function bump(field: number): (pool: ZsPool) => void {
  return (pool) => {
    pool.zspages.fields[8 * zspageOf(pool) + field]++;
  };
}

/** What goes wrong while a pool is compacted, or a frame replaced. */
const SPOILS: Readonly<Record<string, (pool: ZsPool) => void>> = {
  "nothing": () => {},
  "an object's first bytes": (pool) => {
    const zspage = zspageOf(pool);
    const handle = [...pool.handles.live()].find((one) =>
      pool.memory.page[4 * pool.handles.pfnOf(one)] === zspage
    );
    pool.write(handle ?? 0, Uint8Array.of(255, 254, 253));
  },
  "a count of objects": bump(INUSE),
  "a free chunk": bump(FREEOBJ),
  "a group": bump(FULLNESS),
  "a neighbour": bump(NEXT),
  "the lists of a class": (pool) => {
    pool.classFor(SIZES[1]).heads.fill(0);
  },
  "the objects of a class": (pool) => {
    pool.classFor(SIZES[1]).objsUsed++;
  },
  "the groups of a class": (pool) => {
    pool.classFor(SIZES[1]).zspages[2]++;
  },
  "the pages of the pool": (pool) => {
    pool.pagesAllocated++;
  },
  "a frame of the memory": (pool) => {
    pool.memory.allocPage();
  },
};

function holds(run: () => void): boolean {
  try {
    run();
    return true;
  } catch {
    return false;
  }
}

for (const [name, spoil] of Object.entries(SPOILS)) {
  Deno.test(`where a compaction spoils ${name}, the check of what it touched says as that of the whole pool does`, () => {
    const outcomes = new Set<boolean>();
    for (const profile of KERNELS) {
      if (profile.compaction === "none") continue;
      const [pool, twin] = [thinned(profile), thinned(profile)];
      const touched = new TouchedCheck(pool);
      const [some, all] = [touched.beforeCompaction(), poolBefore(twin)];
      const pagesFreed = pool.compact();
      assertEquals(twin.compact(), pagesFreed);
      assert(pagesFreed > 0);
      [pool, twin].forEach(spoil);
      const whole = holds(() => {
        checkPool(twin);
        checkCompaction(all, { pool: twin, pagesFreed });
      });
      outcomes.add(whole);
      assertEquals(
        holds(() => touched.afterCompaction(some, pagesFreed)),
        whole,
        profile.name,
      );
    }
    assertEquals(outcomes.has(false), name !== "nothing");
  });

  Deno.test(`where a migration spoils ${name}, the check of what it touched says as that of the whole pool does`, () => {
    const outcomes = new Set<boolean>();
    for (const profile of KERNELS) {
      if (!profile.movable) continue;
      const [pool, twin] = [thinned(profile), thinned(profile)];
      const touched = new TouchedCheck(pool);
      const [from] = pool.zspages.pagesOf(zspageOf(pool));
      const [some, all] = [touched.beforeMigration(from), poolBefore(twin)];
      const to = Number(pool.migratePage(from));
      assertEquals(twin.migratePage(from), to);
      [pool, twin].forEach(spoil);
      const whole = holds(() => {
        checkPool(twin);
        checkMigration(all, { pool: twin, from, to });
      });
      outcomes.add(whole);
      assertEquals(
        holds(() => touched.afterMigration(some, from, to)),
        whole,
        profile.name,
      );
    }
    assertEquals(outcomes.has(false), name !== "nothing");
  });
}

Deno.test("a check of a pool counts the rules that had something to say, and not the others", () => {
  for (const profile of KERNELS) {
    const reach = new Reach();
    checkPool(new ZsPool(profile), reach);
    assertEquals(reach.of({ id: "zsmalloc/inuse" }), 0);
    const pool = thinned(profile);
    checkPool(pool, reach);
    assertEquals(reach.of({ id: "zsmalloc/huge-handle" }), 0);
    const zspages = [...pool.zspages.live()].length;
    assertEquals(reach.of({ id: "zsmalloc/inuse" }), zspages);
    const isTagged = profile.objects.tagBits > 0;
    const tags = reach.of({ id: "zsmalloc/location-tag" });
    assertEquals(tags, isTagged ? zspages : 0);
  }
});
