import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  brokenBy,
  checkZram,
  describedProfile,
  type Errno,
  type Explored,
  LINUX_3_12,
  LINUX_5_10,
  LINUX_6_12,
  LINUX_6_18,
  LINUX_7_3,
  type Profile,
  PROFILES,
  RamBackingDevice,
  type Random,
  randomFrom,
  readAttribute,
  runToEnd,
  type Stop,
  stopText,
  waitsOf,
  writeAttribute,
  Zram,
} from "../mod.ts";
import { exploreText } from "./race_programs.ts";
import {
  type KnownRace,
  roomOf,
} from "../src/search/races/known/known_race.ts";
import {
  ZRAM_KNOWN_RACES,
  ZRAM_OPEN_RACES,
} from "../src/search/races/known/zram.ts";
import { raceProgramText } from "../src/search/races/room.ts";
import { ZRAM_RACES } from "../src/search/races/rooms/zram.ts";
import { readAttributeSteps, writeAttributeSteps } from "../src/zram/sysfs.ts";

const PAGE = 4096;

/** A page of zeros, or one with so many bytes of noise, which `seed` decides. */
function page(noise: number, seed: number): Uint8Array {
  const random = randomFrom(seed + 1);
  return Uint8Array.from(
    { length: PAGE },
    (_, at) => at < noise ? random(256) : noise === 0 ? 0 : at % 7,
  );
}

const RECOMPRESSING = describedProfile("linux-7.3,recompression=yes");

const explore = (profile: Profile, program: string, preemptions: number) =>
  exploreText(ZRAM_RACES, profile, program, preemptions);

function assertHolds(
  profile: Profile,
  program: string,
  preemptions: number,
): Explored {
  const explored = explore(profile, program, preemptions);
  const { finding } = explored;
  const said = finding && `${program}: ${finding.schedule}: ${finding.error}`;
  assertEquals(said, undefined);
  assert(explored.isAll || explored.preemptions === preemptions);
  return explored;
}

/** What a known race is found by. */
const FOUND_BY: Readonly<Record<string, string>> = {
  "zram/pages-before-lock-writeback":
    "KernelBug: scan_slots_for_writeback, zram_drv.c: the kernel would use slot 1 of a table of 1",
  "zram/pages-before-lock-block-state":
    "KernelBug: read_block_state, zram_drv.c: the kernel would use slot 1 of a table of 1",
  "zram/lost-block":
    "KernelBug: zram_writeback_slots: the kernel would keep 1 block that no page has",
  "zram/block-after-unlock": "races/linearizable",
  "zram/stale-table":
    "KernelBug: zram_meta_free: the kernel would free the table of slots a second time",
  "zram/slot-write": "zram/counters",
  "zram/zeroed-page": "races/linearizable",
  "zram/backing-dev-show":
    "KernelBug: backing_dev_show, zram_drv.c: the kernel would show the path of a file that was not set yet, or is closed",
  "zram/overwritten-under-writeback": "races/linearizable",
  "zram/reset-against-mount": "races/linearizable",
  "zram/notify-against-io": "locks/held",
  "zram/show-against-reset":
    "KernelBug: mem_used_total_show, zram_drv.c: the kernel would use the pool after it was freed",
};

for (const race of ZRAM_KNOWN_RACES) {
  Deno.test(`${race.id} is found before its mend, and not after`, () => {
    const { finding } = explore(race.before, race.program, 3);
    assertEquals(finding && brokenBy(finding), FOUND_BY[race.id]);
    assertHolds(race.after, race.program, 3);
  });
}

Deno.test("every known race says where it was, and no two are called the same", () => {
  const ids = new Set(ZRAM_KNOWN_RACES.map(({ id }) => id));
  assertEquals(ids.size, ZRAM_KNOWN_RACES.length);
  const isWhole = (race: KnownRace) =>
    roomOf(race) === "zram" && /^([0-9a-f]{12})?$/.test(race.commit) &&
    /^\d+\.\d+$/.test(race.mended) && race.source.includes(".c");
  assertEquals(ZRAM_KNOWN_RACES.filter((race) => !isWhole(race)), []);
});

Deno.test("7.3 has races of a read and an overwrite yet: asked strictly they show, else they are let pass", () => {
  for (const { before, program } of ZRAM_OPEN_RACES) {
    const { finding } = explore(before, program, 2);
    assertEquals(finding && brokenBy(finding), "races/linearizable");
    assertHolds(before, program.replace(" strictly", ""), 2);
  }
});

Deno.test("two and three threads of 7.3 hold to two preemptions", () => {
  const programs = [
    "write 0 A | write 0 B",
    "write 0 A / write 0 b; read 0 | discard 0",
    "write 0 A; write 1 B / write 0 C; read 0 | writeback page_indexes=0-1",
    "write 0 A; idle all / writeback idle | write 0 B; idle all",
    "write 0 a; write 1 B; writeback huge / read 0; write 0 B | writeback idle; notify 1",
    "write 0 A / fault 0 | fault 0",
    "write 0 A; write 1 a / write 0 0 | compact | get block_state",
    "write 0 A; write 1 B / read 0 | writeback page_index=0 | discard 0",
    "write 0 A; close / open; write 0 B; close | reset | set disksize 4096",
  ];
  const counts = programs.map((program) =>
    assertHolds(LINUX_7_3, program, 2).schedules
  );
  assert(counts.every((count) => count > 1), counts.join());
  assertHolds(
    RECOMPRESSING,
    "write 0 A; write 1 B / write 0 C; read 0 | recompress priority=1 | writeback page_index=0",
    2,
  );
});

Deno.test("random programs of 7.3 hold", () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 80; seed++) {
    // Seeds that are near each other draw alike at first.
    const random = randomFrom(Math.imul(seed, 0x9e3779b1));
    const profile = seed % 4 === 0 ? RECOMPRESSING : LINUX_7_3;
    const threads = 2 + seed % 2;
    const program = ZRAM_RACES.random(random, profile, threads, 4 - threads);
    const text = raceProgramText(program);
    assertHolds(profile, text, 1);
    for (const operation of program.threads.flat()) {
      seen.add(operation.split(" ")[0]);
    }
  }
  const missing = ["write", "read", "writeback", "reset", "recompress"]
    .filter((verb) => !seen.has(verb));
  assertEquals(missing, []);
});

/** A device with two backing devices' worth of everything that differs. */
function make(profile: Profile): Zram {
  const zram = new Zram(profile, {
    backingDevices: new Map([["sdb", new RamBackingDevice(8, PAGE)]]),
  });
  if (profile.zram.writeback) zram.setBackingDev("sdb");
  zram.setDisksize(6 * PAGE);
  return zram;
}

/** One thing that is done, in one piece and with stops. */
interface Twice {
  whole(zram: Zram): unknown;
  steps(zram: Zram): Generator<Stop, unknown>;
}

const errnoOf = (stored: number | Errno) =>
  typeof stored === "number" ? undefined : stored;

const attribute = (name: string, text: string): Twice => ({
  whole: (zram) => writeAttribute(zram, name, text),
  steps: (zram) => writeAttributeSteps(zram, name, text),
});

const shown = (name: string): Twice => ({
  whole: (zram) => readAttribute(zram, name),
  steps: (zram) => readAttributeSteps(zram, name),
});

/** What to do, drawn at random. */
function drawTwice(random: Random, { zram }: Profile): Twice {
  const at = random(6);
  const data = page(
    [0, 100, 1000, 3000, PAGE][random(5)],
    random(9),
  );
  const draws: (() => Twice)[] = [
    () => ({
      whole: (zram) => errnoOf(zram.write(at, data)),
      steps: (zram) => zram.writeSteps(at, data),
    }),
    () => ({
      whole(zram) {
        const into = new Uint8Array(PAGE);
        return [zram.read(at, into), into];
      },
      *steps(zram) {
        const into = new Uint8Array(PAGE);
        return [yield* zram.readSteps(at, into), into];
      },
    }),
    () => ({
      whole: (zram) => zram.discard(at, 1),
      steps: (zram) => zram.discardSteps(at, 1),
    }),
    () => ({
      whole: (zram) => zram.slotFreeNotify(at),
      steps: (zram) => zram.slotFreeNotifySteps(at),
    }),
    () => attribute("idle", "all"),
    () => attribute("writeback", ["huge", "idle", "page_index=2"][random(3)]),
    () => attribute("recompress", "type=idle"),
    () => attribute("compact", "1"),
    () => attribute("mem_limit", ["0", "64K"][random(2)]),
    () => attribute("writeback_limit", "2"),
    () => shown(["mm_stat", "disksize", "io_stat", "backing_dev"][random(4)]),
    () => shown("bd_stat"),
  ];
  // A request comes more often, so that there is something to control.
  const nth = random(2) === 0 ? random(2) : random(draws.length);
  return nth === 2 && !zram.discard ? draws[0]() : draws[nth]();
}

Deno.test("an operation that stops does what it does in one piece", () => {
  const releases = new Map(PROFILES.map((one) => [one.release.zram, one]));
  const more = ["linux-6.12", "linux-6.18", "linux-7.3"]
    .map((name) => describedProfile(`${name},recompression=yes`));
  for (const profile of [...releases.values(), ...more]) {
    const [whole, stopped] = [make(profile), make(profile)];
    const random = randomFrom(5);
    for (let step = 0; step < 150; step++) {
      const twice = drawTwice(random, profile);
      const answer = runToEnd(twice.steps(stopped));
      assertEquals(answer, twice.whole(whole), `${profile.name}, ${step}`);
    }
    for (const zram of [whole, stopped]) checkZram(zram);
    const state = ({ stats, ioStat, slots, wbLimit }: Zram) => ({
      stats,
      ioStat,
      wbLimit,
      slots: Array.from({ length: slots.length }, (_, at) => [
        slots.size(at),
        slots.block(at),
        slots.elementLow(at),
        slots.priority(at),
        slots.has(at, 0xff),
      ]),
    });
    assertEquals(state(stopped), state(whole), profile.name);
  }
});

/** Where a write stops. */
function stopsOf(profile: Profile): string[] {
  const zram = make(profile);
  zram.lockdep.current = 0;
  const stops: string[] = [];
  const steps = zram.writeSteps(0, page(1000, 1));
  for (let step = steps.next(); !step.done;) {
    stops.push(stopText(step.value));
    const stop = step.value;
    if (typeof stop !== "string" && stop.does === "acquire") {
      stop.lock.holder = 0;
    }
    step = steps.next();
  }
  return stops;
}

Deno.test("a write takes the locks that its release has", () => {
  assertEquals(stopsOf(LINUX_7_3), [
    "bio_check_eod, block/blk-core.c: read the disk's capacity",
    "zcomp_stream_get, zcomp.c: acquire zstrm->lock of CPU 0",
    "zram_can_store_page, zram_drv.c: read zram->limit_pages",
    "zcomp_stream_put, zcomp.c: release zstrm->lock of CPU 0",
    "zram_write_page, zram_drv.c: acquire zram->table[index].lock of slot 0",
    "zram_write_page, zram_drv.c: release zram->table[index].lock of slot 0",
    "zram_bio_write, zram_drv.c: acquire zram->table[index].lock of slot 0",
    "zram_bio_write, zram_drv.c: release zram->table[index].lock of slot 0",
  ]);
  assertEquals(stopsOf(LINUX_3_12), [
    "zram_submit_bio, zram_drv.c: acquire zram->init_lock",
    "zram_bvec_write, zram_drv.c: acquire zram->lock",
    "zram_bvec_write, zram_drv.c: release zram->lock",
    "zram_submit_bio, zram_drv.c: release zram->init_lock",
  ]);
  const kinds = [LINUX_5_10, LINUX_6_12, LINUX_6_18]
    .map(({ zram: { locking } }) => [locking.slot.kind, locking.stream.kind]);
  assertEquals(kinds, [
    ["bit_spinlock", "local_lock"],
    ["spinlock", "local_lock"],
    ["bit_wait", "mutex"],
  ]);
});

Deno.test("who interleaves by hand stops at waits alone, and can give up", () => {
  const zram = make(LINUX_6_18);
  zram.write(0, page(1000, 1));
  const waits = waitsOf(zram.writebackSteps("page_index=0"));
  assertEquals(
    waits.next().value,
    "zram_writeback_slots, zram_drv.c: submit_bio_wait: may sleep",
  );
  assertThrows(() => waits.throw(new Error("enough")), Error, "enough");
  checkZram(zram);
  assertEquals(zram.writeback("page_index=0"), undefined);
});

Deno.test("zram's room takes the operations that a kernel has, and no others", () => {
  const wrong = {
    "write 3 A": "the PAGE of 'write 3 A' is '3', not 0 to 2",
    "write 0 ?": "the LETTER of 'write 0 ?' is '?', not A to H, a to h or 0",
    "read 0 gladly": "'read 0 gladly' is not like 'read PAGE [strictly]'",
    "discard 0 9": "the PAGES of 'discard 0 9' is '9', not 1 to 3",
    "idle": "'idle' is not like 'idle all'",
    "get nothing": "linux-7.3 has no attribute 'nothing', but disksize, ",
    "set nothing 1": "linux-7.3 has no attribute 'nothing', but disksize, ",
    "recompress type=idle":
      "linux-7.3 has no attribute 'recompress', but disksize, ",
    "toast 0": "'toast 0' is none of write PAGE LETTER, read PAGE [strictly], ",
  };
  for (const [program, message] of Object.entries(wrong)) {
    assertThrows(
      () => explore(LINUX_7_3, program, 0),
      RangeError,
      `Cannot explore zram: ${message}`,
    );
  }
  assertThrows(
    () => explore(LINUX_3_12, "discard 0", 0),
    RangeError,
    "a disk of linux-3.12 takes no discard",
  );
  assertHolds(RECOMPRESSING, "recompress type=idle", 0);
});
