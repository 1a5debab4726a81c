import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  CheckedZram,
  checkZram,
  type Contents,
  DEVICE_INVARIANTS,
  expandContents,
  InvariantError,
  LIMIT_INVARIANTS,
  LINUX_4_0,
  LINUX_6_1,
  LINUX_6_18_FULL,
  LINUX_7_3,
  Memory,
  PAGE_FLAGS,
  PAGE_STRIDE,
  type Profile,
  RamBackingDevice,
  type Random,
  randomFrom,
  Reach,
  SLOT_INVARIANTS,
  statedCodecs,
  writeAttribute,
  Zram,
} from "../mod.ts";
import { randomStated } from "../src/programs/random_page.ts";
import { BREAKS, EMPTY, KERNELS, makeZram, OBJECT } from "./zram_breaks.ts";

const PAGES = 64;

/** An operation, and the slots that it touches. */
interface Operation {
  readonly first: number;
  readonly count: number;
  run(zram: Zram): unknown;
}

/** One that can touch every slot. */
function onAll(run: Operation["run"]): Operation {
  return { first: 0, count: PAGES, run };
}

function setUp(zram: Zram): void {
  const { writeback, multiComp } = zram.profile.zram;
  if (writeback) zram.setBackingDev("/dev/sda");
  if (multiComp) zram.setAlgorithm("zstd", 1);
  writeAttribute(zram, "compressed_writeback", "1");
  zram.setDisksize(PAGES * zram.profile.pageSize);
}

/** A random operation on a device of that many pages. */
function randomOperation(random: Random, zram: Zram): Operation {
  const { pageSize } = zram.profile;
  const first = random(PAGES);
  const count = 1 + random(4);
  const sector = first * pageSize / 512;
  const set = (name: string, text: string) =>
    onAll((zram) => writeAttribute(zram, name, text));
  // As often as not of one class, so that compaction has something to free.
  const contents: Contents = random(2) === 0
    ? { kind: "stated", lengths: [pageSize * 3 >> 3], seed: random(256) }
    : randomStated(random, [zram.wholeFrom, pageSize], pageSize, 2);
  const stated = () => expandContents(contents, pageSize);
  const write = (data: Uint8Array): Operation => ({
    first,
    count: 1,
    run: (zram) => zram.write(first, data),
  });
  switch (random(18)) {
    case 0:
      return write(new Uint8Array(pageSize).fill(random(2)));
    case 1:
      return {
        first,
        count,
        run: (zram) => zram.discard(first, Math.min(count, PAGES - first)),
      };
    case 2: {
      const data = stated().subarray(0, 4096 * Math.ceil(pageSize / 8192));
      const run = (zram: Zram) => zram.submitBio({ op: "write", sector, data });
      return { first, count: 1, run };
    }
    case 3:
      return { first, count: 1, run: (zram) => zram.slotFreeNotify(first) };
    case 4:
      return onAll((zram) => zram.markIdle());
    case 5:
      return set("writeback", random(2) === 0 ? "idle" : "huge");
    case 6:
      return set("recompress", random(2) === 0 ? "type=huge" : "type=idle");
    case 7:
      return onAll((zram) => zram.compact());
    case 8:
      return set("mem_limit", String(random(2) * 24 * pageSize));
    case 9:
      return set("writeback_limit", String(random(16)));
    case 10:
      return set("writeback_limit_enable", String(random(2)));
    case 11:
      return onAll((zram) => {
        if (random(10) !== 0) return;
        zram.reset();
        setUp(zram);
      });
    case 12: {
      const data = new Uint8Array(4096);
      const run = (zram: Zram) => zram.submitBio({ op: "read", sector, data });
      return { first, count: 1, run };
    }
    default:
      return write(stated());
  }
}

/** A device for random operations; frames and blocks fail now and then. */
function randomZram(profile: Profile, random: Random): Zram {
  const { pageSize } = profile;
  const sda = new RamBackingDevice(24, pageSize, {
    failRequest: () => random(20) === 0,
  });
  const zram = new Zram(profile, {
    codecs: statedCodecs([profile.zram.defaultAlgorithm, "zstd"]),
    memory: new Memory({ pageSize, failPageAlloc: () => random(40) === 0 }),
    backingDevices: new Map([["/dev/sda", sda]]),
    now: () => 7,
  });
  setUp(zram);
  return zram;
}

const PROFILES: readonly Profile[] = [
  LINUX_6_18_FULL,
  {
    ...LINUX_6_18_FULL,
    zram: { ...LINUX_6_18_FULL.zram, multiComp: false },
  },
  { ...LINUX_6_18_FULL, pageSize: 16384 },
  LINUX_7_3,
  LINUX_6_1,
  LINUX_4_0,
];

Deno.test("what is touched and what there is hold the same rules, after every operation", () => {
  const reach = new Reach();
  for (const profile of PROFILES) {
    for (let seed = 1; seed <= 6; seed++) {
      const random = randomFrom(seed);
      const zram = randomZram(profile, random);
      const checked = new CheckedZram(zram, reach);
      for (let nth = 0; nth < 300; nth++) {
        const { first, count, run } = randomOperation(random, zram);
        checked.before(first, count);
        run(zram);
        checked.after();
        checkZram(zram);
      }
      checked.checkAll();
    }
  }
  const rules = [
    ...SLOT_INVARIANTS,
    ...DEVICE_INVARIANTS,
    ...LIMIT_INVARIANTS,
  ];
  const rare = rules.filter((rule) => !reach.isExercised(rule));
  assertEquals(rare.map(({ id }) => id), []);
});

Deno.test("what breaks a rule is seen when the slot that it breaks is touched", () => {
  for (const [id, breaks] of Object.entries(BREAKS)) {
    for (const [nth, breakRule] of breaks.entries()) {
      const seen = [0, 1, 2, 3].filter((slot) => {
        const zram = makeZram(KERNELS[id] ?? LINUX_6_18_FULL);
        const checked = new CheckedZram(zram);
        checked.before(slot, 1);
        breakRule(zram);
        return throws(() => checked.after());
      });
      assert(seen.length > 0, `${id}, break ${nth}`);
    }
  }
});

/** Whether a rule is found broken. */
function throws(check: () => void): boolean {
  try {
    check();
    return false;
  } catch (error) {
    assert(error instanceof InvariantError, String(error));
    return true;
  }
}

Deno.test("what breaks the zspage of a slot's page is seen when the slot is touched", () => {
  const breaks: readonly ((zram: Zram, pfn: number) => void)[] = [
    ({ memory }, pfn) => memory.words[pfn * memory.pageSize >>> 2] = 0,
    ({ memory }, pfn) => memory.page[pfn * PAGE_STRIDE + PAGE_FLAGS] = 0,
    ({ pool }) => pool && pool.classes.forEach((one) => one.objsUsed++),
  ];
  for (const breakRule of breaks) {
    const zram = makeZram(LINUX_6_18_FULL);
    const checked = new CheckedZram(zram);
    const { slots, pool } = zram;
    const pfn = pool?.handles.pfnOf(slots.handle(OBJECT)) ?? 0;
    checked.before(OBJECT, 1);
    checked.after();
    checked.before(OBJECT, 1);
    breakRule(zram, pfn);
    assertThrows(() => checked.after(), InvariantError, "zsmalloc/");
  }
});

Deno.test("an object that a touched slot lost without freeing it is seen", () => {
  const zram = makeZram(LINUX_6_18_FULL);
  const checked = new CheckedZram(zram);
  checked.before(EMPTY, 1);
  zram.pool?.malloc(1000);
  assertThrows(() => checked.after(), InvariantError, "zram/objects");
});

Deno.test("a check after an operation that nothing was said before is refused", () => {
  const checked = new CheckedZram(makeZram(LINUX_6_18_FULL));
  assertThrows(() => checked.after(), Error, "nothing was said before it");
});
