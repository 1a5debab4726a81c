import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  checkCompaction,
  checkDestroyed,
  type Checked,
  CheckedPool,
  checkMigration,
  checkPool,
  checkZspage,
  CHUNK_INVARIANTS,
  CLASS_INVARIANTS,
  type ClassBefore,
  classBefore,
  COMPACTION_INVARIANTS,
  FRAME_INVARIANTS,
  HOLD_INVARIANTS,
  InvariantError,
  LINUX_5_10,
  LINUX_6_1,
  LINUX_6_18,
  LINUX_7_3,
  OBJECT_INVARIANTS,
  type ObjectChange,
  PLACE_INVARIANTS,
  POOL_INVARIANTS,
  poolBefore,
  PoolTally,
  type Profile,
  violationOf,
  WHOLE_POOL_INVARIANTS,
  ZspageView,
  ZsPool,
} from "../mod.ts";
import { fill, KERNELS, mallocOf } from "./zsmalloc_pools.ts";

/** Words of `struct page` and `struct zspage`, by their names. */
const PAGE = { private: 0, index: 1, firstObject: 2, flags: 3 };
const ZSPAGE = {
  class: 0,
  fullness: 1,
  inuse: 2,
  freeobj: 3,
  next: 5,
  huge: 7,
};

const SMALL = 32 - 8;
const LARGE = 1200;

/**
 * A pool with two part-filled zspages of small objects (one frame each), two
 * of large ones (several frames) and one huge object.
 */
function poolOf(profile: Profile) {
  const pool = new ZsPool(profile);
  const small = fill(pool, SMALL, 200);
  const large = fill(pool, LARGE, 20);
  const huge = mallocOf(pool, 4096);
  for (const nth of [3, 40, 41, 150]) pool.free(small[nth]);
  pool.free(large[1]);
  const zspageOf = (handle: number) => pageWord(pool, handle, PAGE.private);
  return {
    pool,
    small: zspageOf(small[0]),
    secondSmall: zspageOf(small[199]),
    large: zspageOf(large[0]),
    huge: zspageOf(huge),
    handle: small[0],
    largeHandle: large[0],
    hugeHandle: huge,
  };
}

type Fixture = ReturnType<typeof poolOf>;

function pageWord(pool: ZsPool, handle: number, word: number): number {
  return pool.memory.page[4 * pool.handles.pfnOf(handle) + word];
}

const setField = (
  pool: ZsPool,
  zspage: number,
  word: number,
  value: number,
) => {
  pool.zspages.fields[8 * zspage + word] = value;
};

const setPage = (pool: ZsPool, pfn: number, word: number, value: number) => {
  pool.memory.page[4 * pfn + word] = value;
};

/** The index in `memory.words` of the first word of a small object's chunk. */
function wordOf({ pool, handle }: Fixture, nth: number): number {
  const pfn = pool.handles.pfnOf(handle);
  return (pfn * 4096 + nth * 32) >>> 2;
}

/** Whether any subject in the pool breaks the rule of that name. */
function isBroken(pool: ZsPool, id: string): boolean {
  const tally = new PoolTally(pool);
  const zspages = [...pool.zspages.live()];
  const isOfFrames = [...PLACE_INVARIANTS, ...FRAME_INVARIANTS]
    .some((rule) => rule.id === id);
  if (!isOfFrames) {
    for (const one of zspages) {
      tally.count(new ZspageView(pool).lookAt(one).lookInside());
    }
  }
  const checks: readonly {
    readonly id: string;
    check(): readonly Checked[];
  }[] = [
    ...PLACE_INVARIANTS.map((rule) => ({
      id: rule.id,
      check: (): readonly Checked[] =>
        zspages.map((one) => rule.check(pool, one)),
    })),
    ...FRAME_INVARIANTS.map((rule) => ({
      id: rule.id,
      check: (): readonly Checked[] =>
        zspages.map((one) =>
          rule.check(pool, new ZspageView(pool).lookAt(one))
        ),
    })),
    ...CHUNK_INVARIANTS.map((rule) => ({
      id: rule.id,
      check: (): readonly Checked[] =>
        zspages.map((one) =>
          rule.check(pool, new ZspageView(pool).lookAt(one).lookInside())
        ),
    })),
    ...CLASS_INVARIANTS.map((rule) => ({
      id: rule.id,
      check: (): readonly Checked[] =>
        tally.classes.map((one) => rule.check(pool, one)),
    })),
    ...[...POOL_INVARIANTS, ...WHOLE_POOL_INVARIANTS].map((rule) => ({
      id: rule.id,
      check: (): readonly Checked[] => [rule.check(pool, tally)],
    })),
  ];
  const rule = checks.find((one) => one.id === id);
  assert(rule !== undefined, `no rule is called ${id}`);
  return rule.check().some((one) => violationOf(one) !== undefined);
}

/** For each rule one thing to spoil, so that it is broken. */
const SPOILS: Readonly<Record<string, (fixture: Fixture) => void>> = {
  "zspage-class": ({ pool, small }) => setField(pool, small, ZSPAGE.class, 253),
  "fullness-group": ({ pool, small }) =>
    setField(pool, small, ZSPAGE.fullness, 1),
  "list-links": ({ pool, small }) => {
    const { heads } = pool.classOfZspage(small);
    heads.fill(0);
  },
  "list-members": ({ pool, small, large }) =>
    setField(pool, small, ZSPAGE.next, large),
  "chain-length": ({ pool, largeHandle }) =>
    setPage(pool, pool.handles.pfnOf(largeHandle), PAGE.index, 0),
  "chain-owner": ({ pool, large, small }) =>
    setPage(pool, pool.zspages.pagesOf(large)[1], PAGE.private, small),
  "first-page": ({ pool, large }) =>
    setPage(pool, pool.zspages.pagesOf(large)[1], PAGE.flags, 3),
  "first-object-offset": ({ pool, large }) =>
    setPage(pool, pool.zspages.pagesOf(large)[1], PAGE.firstObject, 8),
  "huge": ({ pool, small }) => setField(pool, small, ZSPAGE.huge, 1),
  "huge-handle": ({ pool, huge }) =>
    setPage(pool, pool.zspages.pagesOf(huge)[0], PAGE.index, 0),
  "free-list-end": ({ pool, small }) =>
    setField(pool, small, ZSPAGE.freeobj, 5000),
  "free-list-length": ({ pool, small }) => {
    pool.zspages.fields[8 * small + ZSPAGE.inuse]++;
  },
  "free-chunk-tag": (fixture) => {
    fixture.pool.memory.words[wordOf(fixture, 41)] |= 1;
  },
  "allocated-chunk-tag": (fixture) => {
    fixture.pool.memory.words[wordOf(fixture, 0)] &= ~1;
  },
  "inuse": ({ pool, small }) => {
    pool.zspages.fields[8 * small + ZSPAGE.inuse]--;
  },
  "header-names-live-handle": (fixture) => {
    fixture.pool.memory.words[wordOf(fixture, 0)] = 0xfff1;
  },
  "cell-names-chunk": ({ pool, handle }) => {
    pool.handles.recordObj(handle, pool.handles.pfnOf(handle), 5, 32);
  },
  "location-tag": ({ pool, handle }) => {
    assert(pool.handles.isLive(handle));
    pool.handles.tagOf = () => 1;
  },
  "location-class": ({ pool, handle }) => {
    assert(pool.handles.isLive(handle));
    pool.handles.classIndexOf = () => 253;
  },
  "class-objects-used": ({ pool, small }) => {
    pool.classOfZspage(small).objsUsed++;
  },
  "class-objects-allocated": ({ pool, small }) => {
    pool.classOfZspage(small).objsAllocated++;
  },
  "class-pages-used": ({ pool, small }) => {
    const sizeClass = pool.classOfZspage(small);
    sizeClass.objsAllocated -= sizeClass.objectsPerZspage;
  },
  "class-groups": ({ pool, small }) => {
    pool.classOfZspage(small).zspages[2]++;
  },
  "no-empty-zspage": ({ pool, small }) =>
    setField(pool, small, ZSPAGE.fullness, 0),
  "full-zspage-not-allocated-from": ({ pool, small }) =>
    setField(pool, small, ZSPAGE.inuse, 128),
  "room-is-listed": ({ pool, small }) => {
    pool.classOfZspage(small).heads.fill(0);
  },
  "frames-owned-once": ({ pool, small, secondSmall }) => {
    const [pfn] = pool.zspages.pagesOf(secondSmall);
    setField(pool, small, 4, pfn);
  },
  "pages-allocated": ({ pool }) => {
    pool.pagesAllocated--;
  },
  "frames-allocated": ({ pool }) => {
    pool.memory.allocatedPages = 3;
  },
  "handles-counted": ({ pool }) => {
    pool.handles.alloc();
  },
  "lists": ({ pool, small, secondSmall }) => {
    const { heads } = pool.classOfZspage(small);
    assert(heads.includes(small) || heads.includes(secondSmall));
    setField(pool, small, ZSPAGE.next, small);
  },
  "group-thresholds": ({ pool, small }) => {
    pool.classOfZspage(small).groupOf[10] = 3;
    pool.classOfZspage(small).groupOf[11] = 2;
  },
  "merged-classes": ({ pool }) => {
    Object.assign(pool.geometry.classOf[100], { objectsPerZspage: 3 });
  },
  "handle-unique": ({ pool }) => {
    const [first] = pool.handles.live();
    pool.handles.live = () => [first, first];
  },
  "handle-leads-to-chunk": ({ pool, handle }) => {
    pool.handles.recordObj(handle, 3000, 0, 32);
  },
  "frames-flagged": ({ pool }) => {
    pool.memory.allocatedPages++;
  },
  "frames-tell-all": ({ pool, large }) =>
    setPage(pool, pool.zspages.pagesOf(large)[0], PAGE.flags, 1),
};

/** Rules about what only some kernels have. */
const ONLY: Readonly<Record<string, readonly Profile[]>> = {
  "location-class": [LINUX_7_3],
};

for (const [name, spoil] of Object.entries(SPOILS)) {
  Deno.test(`where it is broken, zsmalloc/${name} speaks`, () => {
    for (const profile of ONLY[name] ?? [LINUX_6_1, LINUX_6_18, LINUX_7_3]) {
      const fixture = poolOf(profile);
      const { pool } = fixture;
      checkPool(pool);
      assert(!isBroken(pool, `zsmalloc/${name}`));
      spoil(fixture);
      assert(isBroken(pool, `zsmalloc/${name}`), profile.name);
      assertThrows(() => checkPool(pool), InvariantError);
    }
  });
}

Deno.test("each rule about a pool as it is has a way above to break it", () => {
  const rules = [
    ...PLACE_INVARIANTS,
    ...FRAME_INVARIANTS,
    ...CHUNK_INVARIANTS,
    ...CLASS_INVARIANTS,
    ...POOL_INVARIANTS,
    ...WHOLE_POOL_INVARIANTS,
  ];
  assertEquals(
    rules.map(({ id }) => id).toSorted(),
    Object.keys(SPOILS).map((name) => `zsmalloc/${name}`).toSorted(),
  );
});

Deno.test("where a zspage of an isolated frame is on a list and should not be, or the other way, a rule speaks", () => {
  for (const profile of [LINUX_5_10, LINUX_6_1, LINUX_7_3]) {
    const { pool, large } = poolOf(profile);
    const [pfn] = pool.zspages.pagesOf(large);
    assert(pool.isolatePage(pfn));
    checkPool(pool);
    const { offLists } = pool.holds;
    if (profile === LINUX_5_10) offLists.delete(large);
    else offLists.set(large, "isolated");
    const [rule] = HOLD_INVARIANTS;
    const violation = violationOf(rule.check(pool, large));
    assertEquals(violation?.expected, profile.isolated);
  }
});

/** The first zspage that breaks a rule about zspages. */
function brokenZspage(pool: ZsPool): number | undefined {
  return [...pool.zspages.live()].find((zspage) =>
    !succeeds(() => checkZspage(pool, zspage, new ZspageView(pool)))
  );
}

/** An object of each zspage. */
function objectsOf(pool: ZsPool): Map<number, number> {
  return new Map(
    [...pool.handles.live()].map((
      handle,
    ) => [pageWord(pool, handle, PAGE.private), handle]),
  );
}

Deno.test("what is broken in a zspage, a check after one operation on it says as a check of the whole pool does", () => {
  const ofOneZspage = [
    ...PLACE_INVARIANTS,
    ...FRAME_INVARIANTS,
    ...CHUNK_INVARIANTS,
  ].map(({ id }) => id.replace("zsmalloc/", ""));
  for (const profile of KERNELS) {
    for (const name of ofOneZspage) {
      const [fixture, twin] = [poolOf(profile), poolOf(profile)];
      const objects = objectsOf(fixture.pool);
      const checked = new CheckedPool(fixture.pool);
      SPOILS[name](fixture);
      SPOILS[name](twin);
      const handle = objects.get(brokenZspage(fixture.pool) ?? 0);
      if (handle === undefined) continue;
      const whole = succeeds(() => {
        twin.pool.free(handle);
        checkPool(twin.pool);
      });
      const touched = succeeds(() => checked.free(handle));
      assertEquals(touched, whole, `${profile.name}: ${name}`);
    }
  }
});

function succeeds(run: () => void): boolean {
  try {
    run();
    return true;
  } catch {
    return false;
  }
}

/** What a rule about a change says of a pool that was changed by `spoil`. */
function compacted(profile: Profile, spoil: (pool: ZsPool) => void) {
  const pool = new ZsPool(profile);
  const handles = fill(pool, 500, 300);
  handles.forEach((one, nth) => nth % 3 === 0 || pool.free(one));
  const before = poolBefore(pool);
  const pagesFreed = pool.compact();
  assert(pagesFreed > 0);
  checkCompaction(before, { pool, pagesFreed });
  spoil(pool);
  return () => checkCompaction(before, { pool, pagesFreed });
}

Deno.test("where compaction loses, changes or adds something, a rule speaks", () => {
  for (const profile of [LINUX_6_1, LINUX_6_18]) {
    const spoils: Record<string, (pool: ZsPool) => void> = {
      "keeps-handles": (pool) => pool.free([...pool.handles.live()][0]),
      "keeps-contents": (pool) =>
        pool.write([...pool.handles.live()][7], new Uint8Array(3).fill(255)),
      "keeps-used": (pool) => {
        pool.classes[20].objsUsed++;
      },
      "frees-what-it-reports": (pool) => {
        pool.pagesAllocated++;
      },
      "counts-pages": (pool) => {
        pool.pagesCompacted++;
      },
      "counts-objects": (pool) => {
        pool.objectsMigrated = 1;
      },
      "leaves-no-zspage-of-room": (pool) => {
        const sizeClass = pool.classFor(500);
        sizeClass.objsAllocated += 2 * sizeClass.objectsPerZspage;
      },
    };
    for (const [name, spoil] of Object.entries(spoils)) {
      const error = assertThrows(compacted(profile, spoil), InvariantError);
      assertEquals(error.id, `zsmalloc/compaction-${name}`);
    }
  }
});

Deno.test("a compaction that counts an object too many is found where none moves twice", () => {
  const spoil = (pool: ZsPool) => {
    pool.objectsMigrated++;
  };
  assertThrows(compacted(LINUX_6_18, spoil), InvariantError);
  compacted(LINUX_6_1, spoil)();
});

/** What a destroyed pool with two small zspages and a large one says. */
function destroyed(profile: Profile) {
  const pool = new ZsPool(profile);
  fill(pool, SMALL, 200);
  mallocOf(pool, LARGE);
  const leaked = pool.destroy();
  checkDestroyed(pool, leaked);
  return { pool, leaked };
}

Deno.test("a destroyed pool that tells of other objects than were left, or loses other frames, is found", () => {
  for (const profile of KERNELS) {
    const { pool, leaked } = destroyed(profile);
    const [small, large] = leaked;
    const told = [
      [large],
      [small, { ...large, zspages: 2 }],
      [{ ...small, objects: 199 }, large],
      [small, large, { size: 64, zspages: 0, objects: 0 }],
      [{ ...small, size: 4096 }, large],
    ];
    for (const one of told) {
      const error = assertThrows(
        () => checkDestroyed(pool, one),
        InvariantError,
      );
      assertEquals(error.id, "zsmalloc/destroy-tells-what-is-left");
    }
    pool.pagesAllocated--;
    const error = assertThrows(
      () => checkDestroyed(pool, leaked),
      InvariantError,
    );
    assertEquals(error.id, "zsmalloc/destroy-loses-frames");
  }
});

Deno.test("a checked pool is checked at its end", () => {
  const checked = new CheckedPool(new ZsPool(LINUX_6_18));
  assertEquals(checked.destroy(), []);
  const other = new CheckedPool(new ZsPool(LINUX_6_18));
  other.pool.malloc(100);
  other.pool.pagesAllocated++;
  assertThrows(() => other.destroy(), InvariantError);
});

Deno.test("where compaction leaves two destinations part filled, a rule speaks", () => {
  const pool = new ZsPool(LINUX_6_18);
  const handles = fill(pool, 500, 300);
  handles.forEach((one, nth) => nth % 3 === 0 || pool.free(one));
  const before = poolBefore(pool);
  const [first, second] = pool.zspages.live();
  for (const zspage of [first, second]) pool.zspages.fields[8 * zspage + 2]++;
  const rule = COMPACTION_INVARIANTS.find(({ id }) =>
    id === "zsmalloc/compaction-fills-destinations"
  );
  const violation = violationOf(rule?.check(before, { pool, pagesFreed: 0 }));
  assertEquals(violation?.expected, "one destination part filled");
});

Deno.test("where migration loses, changes or keeps what it should not, a rule speaks", () => {
  const spoils: Record<string, (pool: ZsPool, from: number) => void> = {
    "keeps-handles": (pool) => pool.free([...pool.handles.live()][0]),
    "keeps-contents": (pool) =>
      pool.write([...pool.handles.live()][3], new Uint8Array(3).fill(255)),
    "keeps-used": (pool) => {
      pool.zspages.fields[8 + ZSPAGE.inuse]++;
    },
    "replaces-one-frame": (pool) => {
      pool.memory.allocPage();
    },
  };
  for (const [name, spoil] of Object.entries(spoils)) {
    const pool = new ZsPool(LINUX_6_1);
    const [handle] = fill(pool, 500, 10);
    const from = pool.handles.pfnOf(handle);
    const before = poolBefore(pool);
    const to = Number(pool.migratePage(from));
    checkMigration(before, { pool, from, to });
    spoil(pool, from);
    const error = assertThrows(
      () => checkMigration(before, { pool, from, to }),
      InvariantError,
    );
    assertEquals(error.id, `zsmalloc/migration-${name}`);
  }
});

Deno.test("where one malloc or free does other than it should, a rule speaks", () => {
  const spoils: Record<
    string,
    (change: ObjectChange, before: ClassBefore) => [ObjectChange, ClassBefore]
  > = {
    "refused-malloc-changes-nothing": (change, before) => [
      { ...change, errno: "ENOMEM" },
      before,
    ],
    "one-object": (change, before) => [
      change,
      { ...before, objsUsed: before.objsUsed + 1 },
    ],
    "one-zspage": (change, before) => [
      change,
      { ...before, pagesAllocated: before.pagesAllocated - 1 },
    ],
    "malloc-takes-the-fullest": (change, before) => [
      { ...change, zspage: change.zspage + 1 },
      before,
    ],
    "list-entry": (change, before) => {
      const { pool, zspage } = change;
      setField(pool, zspage, 6, 77);
      return [{ ...change, groupBefore: 0 }, before];
    },
  };
  for (const profile of KERNELS) {
    for (const [name, spoil] of Object.entries(spoils)) {
      const pool = new ZsPool(profile);
      mallocOf(pool, 500);
      const sizeClass = pool.classFor(500);
      const before = classBefore(pool, sizeClass);
      const zspage = pageWord(pool, mallocOf(pool, 500), PAGE.private);
      const groupBefore = profile.fullness.group(1, sizeClass.objectsPerZspage);
      const change: ObjectChange = {
        pool,
        op: "malloc",
        errno: undefined,
        zspage,
        groupBefore,
        isNew: false,
      };
      const rule = OBJECT_INVARIANTS.find(({ id }) =>
        id === `zsmalloc/${name}`
      );
      assert(rule !== undefined);
      assertEquals(violationOf(rule.check(before, change)), undefined);
      const [spoiled, spoiledBefore] = spoil(change, before);
      const violation = violationOf(rule.check(spoiledBefore, spoiled));
      assert(violation !== undefined, name);
    }
  }
});
