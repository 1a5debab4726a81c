import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  attributeNames,
  blockState,
  checkLimits,
  checkZram,
  limitsBefore,
  Memory,
  RamBackingDevice,
  randomFrom,
  readAttribute,
  writeAttribute,
  Zram,
  ZRAM_3_12,
  ZRAM_4_0,
  ZRAM_6_1,
  ZRAM_6_18,
  ZRAM_6_18_FULL,
} from "../mod.ts";
import { contents, fuzz } from "./fuzz.ts";
import { anyProfile } from "./profiles.ts";
import {
  algorithmOf,
  CODECS,
  failsRequest,
  NaiveZram,
  type Selected,
  type Setup,
} from "./zram_model.ts";

const DISK_PAGES = 16;

/** Symbols of a page: 1 is a word repeated, 16 compress to half, 256 to none. */
const ALPHABETS = [1, 4, 16, 16, 180, 256];

/** A page of random symbols, most of them for an entropy coder alone. */
function symbols(seed: number, pageSize: number): Uint8Array {
  const random = randomFrom(seed + 1);
  const alphabet = ALPHABETS[seed % ALPHABETS.length];
  return Uint8Array.from({ length: pageSize }, () => random(alphabet));
}

/** Compares everything that the second model knows, and checks every rule. */
function compare(naive: NaiveZram, zram: Zram): void {
  checkZram(zram);
  const stat = zram.mmStat();
  assertEquals({ ...stat, ...naive.mmStat() }, stat);
  const texts = naive.texts();
  for (const name of attributeNames(zram)) {
    if (!(name in texts)) continue;
    assertEquals(readAttribute(zram, name), { text: texts[name] }, name);
  }
  const shown = blockState(zram);
  const { memoryTracking } = naive.setup.profile.zram;
  assertEquals(
    shown,
    memoryTracking ? { state: naive.blockState() } : { errno: "ENOENT" },
  );
}

/** Commands are functions of both models with a name. */
function command(
  name: string,
  run: (naive: NaiveZram, zram: Zram) => void,
): fc.Command<NaiveZram, Zram> {
  return {
    check: () => true,
    run(naive, zram) {
      const before = limitsBefore(zram);
      run(naive, zram);
      compare(naive, zram);
      checkLimits(before, zram);
    },
    toString: () => name,
  };
}

/** Whether an operation may fail for want of memory. */
const canFail = ({ limited, setup }: NaiveZram) => limited || setup.scarce;

function write(sector: number, data: Uint8Array) {
  return command(`write ${data.length} bytes at ${sector}`, (naive, zram) => {
    const { pageSize } = naive;
    // Which parts of a request fail for want of memory is not for this model.
    if (canFail(naive) && data.length < pageSize) return;
    const single = data.subarray(0, pageSize);
    const start = Math.floor(sector * 512 / pageSize) * pageSize / 512;
    const bio = canFail(naive)
      ? { op: "write", sector: start, data: single } as const
      : { op: "write", sector, data } as const;
    const errno = zram.submitBio(bio);
    if (errno !== undefined && canFail(naive)) {
      naive.writes++;
      naive.failedWrites++;
      if (zram.profile.zram.failureIsAccess) {
        naive.touch(start * 512 / pageSize);
      }
      return;
    }
    const success = naive.write(bio.sector, bio.data);
    assertEquals(errno, success ? undefined : "EIO");
  });
}

function read(sector: number, length: number) {
  return command(`read ${length} bytes at ${sector}`, (naive, zram) => {
    const { pageSize } = naive;
    const start = sector * 512;
    // A part of a page needs memory, which may not be there.
    const isWhole = start % pageSize === 0 && length % pageSize === 0;
    if (naive.setup.scarce && !isWhole) return;
    const data = new Uint8Array(length).fill(99);
    const errno = zram.submitBio({ op: "read", sector, data });
    const success = naive.read(sector, length);
    assertEquals(errno, success ? undefined : "EIO");
    if (success) assertEquals(data, naive.disk.slice(start, start + length));
  });
}

function discard(
  op: "discard" | "write_zeroes",
  sector: number,
  bytes: number,
) {
  return command(`${op} ${bytes} bytes at ${sector}`, (naive, zram) => {
    const { profile } = zram;
    const supported = op === "discard"
      ? profile.zram.discard
      : profile.zram.writeZeroes && profile.pageSize === 4096;
    const errno = zram.submitBio({ op, sector, bytes });
    assertEquals(errno, supported ? undefined : "EOPNOTSUPP");
    if (supported) naive.discard(sector, bytes);
  });
}

function invalid(sector: number, bytes: number) {
  return command(`read ${bytes} bytes at ${sector}`, (naive, zram) => {
    const data = new Uint8Array(bytes);
    const errno = zram.submitBio({ op: "read", sector, data });
    const inside = sector * 512 + bytes <= zram.disksize;
    const byBlockLayer = zram.profile.zram.requestsChecked === "by-block-layer";
    assertEquals(errno, byBlockLayer && inside ? "EINVAL" : "EIO");
    if (!byBlockLayer) naive.invalidIo++;
  });
}

function slotFreeNotify(page: number) {
  return command(`slot ${page} was freed`, (naive, zram) => {
    zram.slotFreeNotify(page);
    naive.free(page);
    naive.notifyFree++;
  });
}

/** A file that this kernel may not have. */
function set(
  name: string,
  text: string,
  expected: (
    naive: NaiveZram,
    zram: Zram,
    errno: string | undefined,
  ) => string | undefined,
) {
  return command(`echo ${text} > ${name}`, (naive, zram) => {
    const errno = writeAttribute(zram, name, text);
    const exists = name in zram.profile.zram.attributes;
    assertEquals(errno, exists ? expected(naive, zram, errno) : "ENOENT");
  });
}

function setMemLimit(pages: number) {
  return command(`mem_limit of ${pages} pages`, (naive, zram) => {
    const text = String(pages * naive.pageSize);
    const exists = "mem_limit" in zram.profile.zram.attributes;
    const errno = writeAttribute(zram, "mem_limit", text);
    assertEquals(errno, exists ? undefined : "ENOENT");
    naive.limited = exists && pages > 0;
  });
}

function markIdle(age: number | "all") {
  return set("idle", String(age), (naive, zram) => {
    const tracked = zram.profile.zram.trackEntryActime;
    if (age !== "all" && !tracked) return "EINVAL";
    const cutoff = age === "all" ? "all" : naive.clock - age;
    naive.markIdle(cutoff === 0 ? "all" : cutoff);
  });
}

/** A writeback by type, of one page, of a range, or of both one after another. */
function writeback(type: string, selections: readonly Selected[]) {
  const ranges = selections.map(({ start, end }) =>
    end === start + 1
      ? `page_index=${start}`
      : `page_indexes=${start}-${end - 1}`
  );
  const text = [...ranges, ...type === "" ? [] : [type]].join(" ");
  const last = selections.at(-1) ?? { start: 0, end: DISK_PAGES };
  const all = type === "" ? selections : [...selections, { ...last, type }];
  return set("writeback", text, (naive, zram, errno) => {
    const bySize = zram.profile.zram.writebackOrder === "by-size";
    const isOld = /^(idle|huge|huge_idle|page_index=\d+)$/.test(text);
    if (!bySize && !isOld) return "EINVAL";
    if (naive.setup.backingPages === 0) return "ENODEV";
    // Whether there is a page for the while of the writeback is up to the pool.
    if (errno === "ENOMEM" && naive.setup.scarce) return errno;
    return naive.writeback(all);
  });
}

interface RecompressRequest {
  type: string | undefined;
  threshold: number | undefined;
  algo: string | undefined;
  priority: number | undefined;
  maxPages: number | undefined;
}

function recompress(request: RecompressRequest) {
  const { type, threshold, algo, priority, maxPages } = request;
  const text = Object.entries({
    type,
    threshold,
    algo,
    priority,
    max_pages: maxPages,
  })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}`).join(" ");
  return command(`echo ${text} > recompress`, (naive, zram) => {
    if (!zram.profile.zram.multiComp || naive.setup.scarce) return;
    const names = [algorithmOf(zram.profile), ...naive.setup.recompressors];
    let first = Math.max(priority ?? 1, 1);
    let end = priority === undefined ? naive.activeComps : first + 1;
    if (algo !== undefined) {
      first = names.indexOf(algo, first);
      end = first + 1;
    }
    end = Math.min(end, naive.activeComps);
    const { hugeClassSize = 0 } = zram.pool ?? {};
    const refused = first < 0 || first >= end ||
      (threshold ?? 0) >= hugeClassSize;
    assertEquals(
      writeAttribute(zram, "recompress", text),
      refused ? "EINVAL" : undefined,
    );
    if (refused) return;
    naive.recompress(type ?? "", threshold ?? 0, first, end, maxPages ?? 1000);
  });
}

const tick = (seconds: number) =>
  command(`${seconds} s later`, (naive) => {
    naive.clock += seconds;
  });

const reset = command("reset", (naive, zram) => {
  zram.open(true);
  assertEquals(writeAttribute(zram, "reset", "1"), "EBUSY");
  zram.close(true);
  assertEquals(writeAttribute(zram, "reset", "1"), undefined);
  assertEquals(zram.memory.allocatedPages, 0);
  naive.reset();
  initialise(naive, zram);
});

/** Chooses the algorithms and the backing device, and sets the size. */
function initialise({ setup }: NaiveZram, zram: Zram): void {
  const { profile, recompressors, diskPages, backingPages } = setup;
  if (profile.zram.compAlgorithms.length > 1) {
    const algorithm = algorithmOf(profile);
    assertEquals(writeAttribute(zram, "comp_algorithm", algorithm), undefined);
  }
  recompressors.forEach((name, nth) => {
    if (name === undefined || !profile.zram.multiComp) return;
    const text = `algo=${name} priority=${nth + 1}`;
    assertEquals(writeAttribute(zram, "recomp_algorithm", text), undefined);
  });
  if (profile.zram.writeback && backingPages > 0) {
    assertEquals(writeAttribute(zram, "backing_dev", "/dev/loop0"), undefined);
  }
  const size = String(diskPages * profile.pageSize);
  assertEquals(writeAttribute(zram, "disksize", size), undefined);
}

/** Writes pages through both models, for something to be there. */
function fill(naive: NaiveZram, zram: Zram): void {
  for (let page = 0; page < DISK_PAGES; page += 1 + page % 3) {
    const sector = page * naive.pageSize / 512;
    const data = symbols(page, naive.pageSize);
    if (naive.setup.scarce) continue;
    assertEquals(zram.submitBio({ op: "write", sector, data }), undefined);
    naive.write(sector, data);
  }
}

function makeZram(naive: NaiveZram): Zram {
  const { setup } = naive;
  const { pageSize } = setup.profile;
  const device = new RamBackingDevice(setup.backingPages, pageSize, {
    failRequest: failsRequest(setup),
  });
  return new Zram(setup.profile, {
    codecs: CODECS,
    memory: new Memory({ pageSize, maxPages: setup.scarce ? 10 : 10_000 }),
    backingDevices: new Map([["/dev/loop0", device]]),
    now: () => naive.clock,
  });
}

/** One of the values, or none, more often than not. */
const sometimes = <Value>(...values: Value[]) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...values) },
  );

const anySetup: fc.Arbitrary<Setup> = fc.record({
  profile: anyProfile,
  zram: fc.constantFrom(
    ZRAM_3_12,
    ZRAM_4_0,
    ZRAM_6_1,
    ZRAM_6_1,
    ZRAM_6_18,
    ZRAM_6_18_FULL,
    ZRAM_6_18_FULL,
    ZRAM_6_18_FULL,
  ),
  recompressors: fc.constantFrom(
    ["zstd", undefined, undefined],
    ["lzo", "deflate", undefined],
    [undefined, "zstd", undefined],
  ),
  backingPages: fc.constantFrom(0, 1, 4, 9, 64),
  badWrites: fc.uniqueArray(fc.integer({ min: 1, max: 8 }), { maxLength: 2 }),
  badReads: fc.uniqueArray(fc.integer({ min: 1, max: 8 }), { maxLength: 2 }),
  scarce: fc.constantFrom(false, false, false, true),
}).map(({ profile, zram, badReads, ...setup }) => ({
  ...setup,
  profile: { ...profile, zram },
  diskPages: DISK_PAGES,
  // 6.1 goes on at the place of a part of a page that could not be read.
  badReads: zram === ZRAM_6_1 && profile.pageSize > 4096 ? [] : badReads,
  recompressors: zram.multiComp ? setup.recompressors : [],
}));

function programs({ profile }: Setup) {
  const { pageSize } = profile;
  const blocks = DISK_PAGES * pageSize / 4096;
  const page = fc.nat(DISK_PAGES - 1);
  const wholePage = page.map((at) => at * pageSize / 512);
  const range = fc.tuple(
    fc.nat(blocks - 1),
    fc.integer({ min: 1, max: 3 * pageSize / 4096 }),
  )
    .map(([start, length]) => ({
      sector: start * 8,
      bytes: Math.min(length, blocks - start) * 4096,
    }));
  const pages = fc.tuple(page, fc.integer({ min: 1, max: 6 }))
    .map(([start, length]) => ({
      start,
      end: Math.min(start + length, DISK_PAGES),
      type: "",
    }));
  const type = fc.constantFrom("idle", "huge", "huge_idle", "incompressible");
  return fc.commands<NaiveZram, Zram>([
    fc.tuple(wholePage, contents(pageSize)).map((args) => write(...args)),
    fc.tuple(wholePage, fc.nat(1000)).map(([at, seed]) =>
      write(at, symbols(seed, pageSize))
    ),
    fc.tuple(wholePage, fc.nat(3)).map(([at, byte]) =>
      write(at, new Uint8Array(pageSize).fill(byte))
    ),
    range.chain(({ sector, bytes }) =>
      contents(bytes).map((data) => write(sector, data))
    ),
    range.map(({ sector, bytes }) => read(sector, bytes)),
    wholePage.map((sector) => read(sector, pageSize)),
    fc.tuple(range, fc.constantFrom("discard", "write_zeroes"))
      .map(([{ sector, bytes }, op]) => discard(op, sector, bytes)),
    page.map(slotFreeNotify),
    fc.constantFrom(
      invalid(1, 4096),
      invalid(8, 512),
      invalid(DISK_PAGES * pageSize / 512 - 8, 8192),
    ),
    fc.constantFrom(0, 0, 4, 8).map(setMemLimit),
    fc.constantFrom<number | "all">("all", 0, 1, 5, 20).map(markIdle),
    fc.nat(10).map(tick),
    type.map((one) => writeback(one, [])),
    page.map((start) => writeback("", [{ start, end: start + 1, type: "" }])),
    fc.tuple(fc.array(pages, { minLength: 1, maxLength: 3 }), fc.option(type))
      .map(([ranges, one]) => writeback(one ?? "", ranges)),
    fc.constantFrom(0n, 1n, 3n, 16n, 40n).map((limit) =>
      set("writeback_limit", String(limit), (naive) => {
        naive.wbLimit = limit;
        return undefined;
      })
    ),
    fc.boolean().map((enable) =>
      set("writeback_limit_enable", enable ? "1" : "0", (naive) => {
        naive.wbLimitEnable = enable;
        return undefined;
      })
    ),
    fc.record<RecompressRequest>({
      type: sometimes("idle", "huge", "huge_idle"),
      threshold: sometimes(100, 2000, 70000),
      algo: sometimes("zstd", "lz4", "deflate"),
      priority: sometimes(0, 1, 2, 7),
      maxPages: sometimes(0, 1, 3),
    }).map(recompress),
    fc.constantFrom(
      set("compact", "1", () => undefined),
      set("mem_used_max", "0", () => undefined),
      reset,
    ),
  ], { maxCommands: 60, size: "max" });
}

Deno.test("a device of any kernel holds and counts what an array of pages does", () => {
  let profiles = new Set<unknown>();
  const runs = anySetup.chain((setup) =>
    fc.record({ setup: fc.constant(setup), program: programs(setup) })
  );
  fuzz(
    fc.property(runs, ({ setup, program }) => {
      profiles = profiles.add(setup.profile.zram);
      fc.modelRun(() => {
        const model = new NaiveZram(setup);
        const real = makeZram(model);
        initialise(model, real);
        fill(model, real);
        return { model, real };
      }, program);
    }),
    160,
  );
  assert(profiles.size > 1);
});
