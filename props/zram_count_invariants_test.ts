import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  checkLimits,
  checkRecompression,
  COUNT_INVARIANTS,
  InvariantError,
  limitsBefore,
  LINUX_4_0,
  LINUX_6_1,
  LINUX_6_18,
  LINUX_6_18_FULL,
  Memory,
  type Profile,
  randomFrom,
  RECOMPRESSION_INVARIANTS,
  recompressionBefore,
  violationOf,
  writeAttribute,
  Zram,
  ZRAM_INCOMPRESSIBLE,
  type ZramOptions,
} from "../mod.ts";

const PAGES = 64;

/** A page of `bytes` random ones of an alphabet, zeros after them. */
function page(seed: number, bytes: number, alphabet = 256): Uint8Array {
  const random = randomFrom(seed);
  return Uint8Array.from(
    { length: 4096 },
    (_, at) => at < bytes ? 1 + random(alphabet - 1) : 0,
  );
}

function makeZram(profile: Profile, options: ZramOptions = {}): Zram {
  const zram = new Zram(profile, options);
  if (profile.zram.compAlgorithms.includes("lz4")) zram.setAlgorithm("lz4");
  if (profile.zram.multiComp) zram.setAlgorithm("zstd", 1);
  zram.setDisksize(PAGES * 4096);
  return zram;
}

/** Does something to a device, and then what breaks a rule, if anything does. */
function brokenBy(
  zram: Zram,
  operation: (zram: Zram) => void,
  spoil: (zram: Zram) => void,
): string | undefined {
  const before = limitsBefore(zram);
  operation(zram);
  checkLimits(before, zram);
  spoil(zram);
  return COUNT_INVARIANTS
    .find((rule) => violationOf(rule.check(before, zram)) !== undefined)?.id;
}

/** A device of which three of four pages were freed again. */
function aged(profile: Profile): Zram {
  const zram = makeZram(profile);
  for (let nth = 0; nth < PAGES; nth++) zram.write(nth, page(nth, 700));
  for (let nth = 0; nth < PAGES; nth++) if (nth % 4) zram.discard(nth, 1);
  return zram;
}

Deno.test("pages_compacted rises by what compaction freed, and by nothing else", () => {
  for (const profile of [LINUX_6_1, LINUX_6_18]) {
    for (const change of [-1, 1]) {
      const spoil = (zram: Zram) => {
        zram.initialisedPool.pagesCompacted += change;
      };
      const compact = (zram: Zram) => {
        zram.compact();
        assert(zram.mmStat().pages_compacted > 0);
      };
      const write = (zram: Zram) => zram.write(1, page(1, 700));
      for (const operation of [compact, write]) {
        assertEquals(
          brokenBy(aged(profile), operation, spoil),
          "zram/pages-compacted",
        );
      }
    }
  }
});

Deno.test("a write raises mem_used_max by the frames of the new object, the old one's being there still", () => {
  for (const profile of [LINUX_6_1, LINUX_6_18]) {
    const rewrite = (zram: Zram) => {
      assertEquals(zram.stats.maxUsedPages, 1);
      assertEquals(zram.write(0, page(2, 4096)), 4096);
      assertEquals(zram.mmStat().mem_used_total, 4096);
      assertEquals(zram.mmStat().mem_used_max, 8192);
    };
    for (const wrong of [1, 3]) {
      const zram = makeZram(profile);
      zram.write(0, page(1, 4096));
      assertEquals(
        brokenBy(zram, rewrite, ({ stats }) => stats.maxUsedPages = wrong),
        "zram/mem-used-max-written",
      );
    }
  }
});

Deno.test("what the limit refuses raises mem_used_max, but in 4.0", () => {
  const found = [LINUX_4_0, LINUX_6_1, LINUX_6_18].map((profile) => {
    const zram = makeZram(profile);
    zram.write(0, page(1, 4096));
    zram.write(1, page(2, 4096));
    writeAttribute(zram, "mem_limit", "8K");
    const before = zram.stats.maxUsedPages;
    const broken = brokenBy(
      zram,
      () => assertEquals(zram.write(2, page(3, 4096)), "EIO"),
      ({ stats }) => stats.maxUsedPages = stats.maxUsedPages === 3 ? 2 : 3,
    );
    return [broken, before];
  });
  assertEquals(
    found,
    Array(3).fill(["zram/mem-used-max-written", 2]),
  );
});

Deno.test("mem_used_max is set to what is used, and recompression does not raise it", () => {
  const zram = aged(LINUX_6_18_FULL);
  const raise = ({ stats }: Zram) => stats.maxUsedPages += 5;
  const lower = ({ stats }: Zram) => stats.maxUsedPages--;
  zram.compact();
  const set = () => writeAttribute(zram, "mem_used_max", "0");
  assertEquals(brokenBy(zram, set, raise), "zram/mem-used-max-kept");
  assertEquals(brokenBy(zram, set, lower), "zram/mem-used-max-kept");
  set();
  zram.write(1, page(1, 4096, 16));
  const recompress = () => assertEquals(zram.recompress(""), undefined);
  assertEquals(brokenBy(zram, recompress, raise), "zram/mem-used-max-kept");
});

Deno.test("a request of several pages raises mem_used_max to no more than they took", () => {
  const write = (zram: Zram) => {
    const data = new Uint8Array(3 * 4096);
    [1, 2, 3].forEach((seed, nth) => data.set(page(seed, 4096), nth * 4096));
    zram.submitBio({ op: "write", sector: 0, data });
  };
  assertEquals(
    brokenBy(makeZram(LINUX_6_18), write, ({ stats }) => stats.maxUsedPages++),
    "zram/mem-used-max-kept",
  );
});

Deno.test("a write that fails for want of memory has stalled once where there is a second attempt", () => {
  const fail = (zram: Zram) => assertEquals(zram.write(0, page(1, 700)), "EIO");
  for (
    const [profile, changes] of [
      [LINUX_4_0, [1]],
      [LINUX_6_1, [-1, 1]],
      [LINUX_6_18, [1]],
    ] as const
  ) {
    for (const change of changes) {
      const zram = makeZram(profile, { memory: new Memory({ maxPages: 0 }) });
      const spoil = ({ ioStat }: Zram) => ioStat.writestall += change;
      assertEquals(brokenBy(zram, fail, spoil), "zram/writestall");
    }
  }
  // The first attempt fails and the second does not.
  const failPageAlloc = (nth: number) => nth === 0;
  const once = makeZram(LINUX_6_1, { memory: new Memory({ failPageAlloc }) });
  assertEquals(
    brokenBy(
      once,
      () => assertEquals(typeof once.write(0, page(1, 700)), "number"),
      ({ ioStat }) => ioStat.writestall = 2,
    ),
    "zram/writestall",
  );
});

Deno.test("a reset gives everything back, and the pool that was is no more", () => {
  const zram = aged(LINUX_6_18);
  const { pool } = zram;
  const before = limitsBefore(zram);
  assertEquals(zram.reset(), undefined);
  checkLimits(before, zram);
  assertThrows(() => pool?.malloc(1), Error, "is destroyed");
  const left = aged(LINUX_6_18);
  const broken = brokenBy(left, () => {}, (zram) => zram.pool = undefined);
  assertEquals(broken, "zram/reset-gives-back");
});

/** A device with objects of many sizes, some of which zstd makes smaller. */
function recompressible(): Zram {
  const zram = makeZram(LINUX_6_18_FULL);
  for (let nth = 0; nth < PAGES - 1; nth++) {
    const alphabet = [4, 16, 16, 256][nth % 4];
    zram.write(nth, page(nth, 64 * (nth + 1), alphabet));
  }
  zram.markIdle();
  zram.read(5, new Uint8Array(4096));
  return zram;
}

/** The slots that a text recompressed. */
function recompressedBy(text: string): number[] {
  const zram = recompressible();
  const before = recompressionBefore(zram, text);
  assertEquals(zram.recompress(text), undefined);
  checkRecompression(before, zram);
  return before.sizes.flatMap((_, slot) =>
    zram.slots.priority(slot) > 0 ? [slot] : []
  );
}

Deno.test("a threshold lets objects of as many bytes through, and no object of as many out", () => {
  const { slots } = recompressible();
  const all = recompressedBy("");
  assert(all.length > 10);
  for (const slot of all.filter((_, nth) => nth % 5 === 0)) {
    const size = slots.size(slot);
    if (size >= 3000) continue;
    assert(recompressedBy(`threshold=${size}`).includes(slot));
    assert(!recompressedBy(`threshold=${size + 1}`).includes(slot));
    // What zstd makes of it has to be below the threshold too.
    const made = lengthOf(slot);
    assert(recompressedBy(`threshold=${made + 1}`).includes(slot));
    assert(!recompressedBy(`threshold=${made}`).includes(slot));
  }
});

/** The bytes to which a slot is recompressed. */
function lengthOf(slot: number): number {
  const zram = recompressible();
  zram.recompress("");
  return zram.slots.size(slot);
}

Deno.test("the rules about recompression hold for whatever is asked", () => {
  const counts = [
    "",
    "type=idle",
    "type=huge",
    "type=huge_idle threshold=3000",
    "threshold=2500 max_pages=30",
    "algo=zstd",
    "priority=1 type=idle",
  ].map((text) => recompressedBy(text).length);
  assert(counts.every((count) => count > 0), counts.join());
});

Deno.test("each rule about recompression is broken by what it forbids", () => {
  const first = (zram: Zram) =>
    Array.from({ length: PAGES }, (_, slot) => slot)
      .find((slot) => zram.slots.priority(slot) > 0) ?? 0;
  const resize = (zram: Zram, slot: number, size: number, priority: number) => {
    const handle = zram.slots.handle(slot);
    zram.slots.clear(slot);
    zram.slots.setObject(slot, handle, size, 0);
    zram.slots.setPriority(slot, priority);
  };
  const breaks: Readonly<Record<string, (zram: Zram) => void>> = {
    "zram/recompress-threshold": (zram) => resize(zram, first(zram), 1000, 1),
    "zram/recompress-class": (zram) => resize(zram, first(zram), 4000, 1),
    "zram/recompress-all": (zram) => {
      const slot = Array.from({ length: PAGES }, (_, one) => one)
        .find((one) => zram.slots.has(one, ZRAM_INCOMPRESSIBLE)) ?? 0;
      zram.slots.clearFlag(slot, ZRAM_INCOMPRESSIBLE);
    },
    "zram/recompress-others": (zram) => {
      resize(zram, 0, zram.slots.size(0) + 1, 0);
    },
  };
  const ids = RECOMPRESSION_INVARIANTS.map(({ id }) => id);
  assertEquals(Object.keys(breaks), ids);
  for (const rule of RECOMPRESSION_INVARIANTS) {
    const zram = recompressible();
    const text = "threshold=1000";
    const before = recompressionBefore(zram, text);
    assertEquals(zram.recompress(text), undefined);
    checkRecompression(before, zram);
    breaks[rule.id](zram);
    const broken = Array.from({ length: PAGES }, (_, slot) => slot)
      .some((slot) =>
        violationOf(rule.check(before, { zram, slot })) !== undefined
      );
    assert(broken, rule.id);
    assertThrows(() => checkRecompression(before, zram), InvariantError);
  }
});
