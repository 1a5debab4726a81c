/** Random programs of zram that make meet what is of interest. */
import type { Profile } from "../../../linux/profile.ts";
import { pick, type Random } from "../../../programs/random.ts";
import type { RaceProgram } from "../room.ts";

type ZramProfile = Profile["zram"];

/** Something that a thread may do, where a kernel has it. */
type Draw = readonly [
  isIn: (zram: ZramProfile) => boolean,
  text: (random: Random) => string,
];

const page = (random: Random) => random(2);
const letter = (random: Random) => pick(random, "A", "B", "C", "a", "b", "0");
const always = () => true;

/** Whether a kernel has an attribute. */
const has = (name: string) => ({ attributes }: ZramProfile) =>
  Object.hasOwn(attributes, name);

const write = (random: Random) => `write ${page(random)} ${letter(random)}`;

/** What whoever has the disk open asks for. */
const REQUESTS: readonly Draw[] = [
  [always, write],
  [always, write],
  [always, (random) => `read ${page(random)}`],
  [always, (random) => `notify ${page(random)}`],
  [({ discard }) => discard, (random) => `discard ${page(random)}`],
];

const ORDERS: readonly string[] = [
  "idle",
  "huge",
  "huge_idle",
  "page_index=0",
  "page_index=1",
  "page_indexes=0-1",
];

const writeback = (random: Random) => `writeback ${pick(random, ...ORDERS)}`;

/** What an administrator asks for. */
const CONTROLS: readonly Draw[] = [
  [has("writeback"), writeback],
  [has("writeback"), writeback],
  [has("recompress"), () => "recompress type=idle"],
  [has("recompress"), () => "recompress priority=1"],
  [has("idle"), () => "idle all"],
  [has("compact"), () => "compact"],
  [has("mm_stat"), () => "get mm_stat"],
  [has("initstate"), () => "get initstate"],
  [has("backing_dev"), () => "get backing_dev"],
  [({ memoryTracking }) => memoryTracking, () => "get block_state"],
];

/** What ends a device's use, and begins another. */
const LIFE: readonly Draw[] = [
  [always, () => "reset"],
  [always, () => "reset"],
  [always, () => "set disksize 8192"],
  [always, () => "open"],
  [always, () => "close"],
  [always, write],
  [has("backing_dev"), () => "set backing_dev sdc"],
];

/** Has pages written back as they are stored. */
const COMPRESSED: readonly string[] = [
  "close",
  "reset",
  "set compressed_writeback 1",
  "set backing_dev sdb",
  "set disksize 12288",
  "open",
];

/** Pages of every kind, some of them idle or written back already. */
function before(random: Random, zram: ZramProfile): string[] {
  const first = [`write 0 ${letter(random)}`, `write 1 ${letter(random)}`];
  if (has("compressed_writeback")(zram) && random(6) === 0) {
    first.unshift(...COMPRESSED);
  }
  if (has("idle")(zram) && random(2) === 0) first.push("idle all");
  if (has("writeback")(zram) && random(3) === 0) {
    first.push(writeback(random));
  }
  return first;
}

/** As `RoomParts.random`: in one of four programs the device is reset. */
export function randomZramRace(
  random: Random,
  { zram }: Profile,
  threads: number,
  operations: number,
): RaceProgram {
  const isLife = random(4) === 0;
  const draws = (isLife ? [...LIFE, ...CONTROLS] : [...REQUESTS, ...CONTROLS])
    .filter(([isIn]) => isIn(zram));
  const requests = REQUESTS.filter(([isIn]) => isIn(zram));
  const thread = (nth: number) =>
    Array.from({ length: operations }, () => {
      // The first thread is one that uses the disk.
      const from = nth === 0 && !isLife ? requests : draws;
      const [, text] = pick(random, ...from);
      return text(random);
    });
  return {
    before: [...before(random, zram), ...(isLife ? ["close"] : [])],
    threads: Array.from({ length: threads }, (_, nth) => thread(nth)),
  };
}
