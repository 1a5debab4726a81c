/** Random programs of zram that make meet what is of interest. */
import type { Profile } from "../../../linux/profile.ts";
import { pick, type Random } from "../../../programs/random.ts";
import type { RaceProgram } from "../room.ts";

type ZramProfile = Profile["zram"];

/** Something that a thread may do, where a kernel has it. */
interface Draw {
  isIn(zram: ZramProfile): boolean;
  text(random: Random): string;
}

const page = (random: Random) => random(2);
const letter = (random: Random) => pick(random, "A", "B", "C", "a", "b", "0");
const always = () => true;

/** Whether a kernel has an attribute. */
const has = (name: string) => ({ attributes }: ZramProfile) =>
  Object.hasOwn(attributes, name);

const write = (random: Random) => `write ${page(random)} ${letter(random)}`;

/** What whoever has the disk open asks for. */
const REQUESTS: readonly Draw[] = [
  { isIn: always, text: write },
  { isIn: always, text: write },
  { isIn: always, text: (random) => `read ${page(random)}` },
  { isIn: always, text: (random) => `notify ${page(random)}` },
  {
    isIn: ({ discard }) => discard,
    text: (random) => `discard ${page(random)}`,
  },
];

const ORDERS: readonly string[] = [
  "idle",
  "huge",
  "huge_idle",
  "page_index=0",
  "page_index=1",
  "page_indexes=0-1",
];

/** What an administrator asks for. */
const CONTROLS: readonly Draw[] = [
  {
    isIn: has("writeback"),
    text: (random) => `writeback ${pick(random, ...ORDERS)}`,
  },
  {
    isIn: has("writeback"),
    text: (random) => `writeback ${pick(random, ...ORDERS)}`,
  },
  { isIn: has("recompress"), text: () => "recompress type=idle" },
  { isIn: has("recompress"), text: () => "recompress priority=1" },
  { isIn: has("idle"), text: () => "idle all" },
  { isIn: has("compact"), text: () => "compact" },
  { isIn: has("mm_stat"), text: () => "get mm_stat" },
  { isIn: has("initstate"), text: () => "get initstate" },
  { isIn: has("backing_dev"), text: () => "get backing_dev" },
  {
    isIn: ({ memoryTracking }) => memoryTracking,
    text: () => "get block_state",
  },
];

/** What ends a device's use, and begins another. */
const LIFE: readonly Draw[] = [
  { isIn: always, text: () => "reset" },
  { isIn: always, text: () => "reset" },
  { isIn: always, text: () => "set disksize 8192" },
  { isIn: always, text: () => "open" },
  { isIn: always, text: () => "close" },
  { isIn: always, text: write },
  { isIn: has("backing_dev"), text: () => "set backing_dev sdc" },
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
    first.push(`writeback ${pick(random, ...ORDERS)}`);
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
    .filter(({ isIn }) => isIn(zram));
  const requests = REQUESTS.filter(({ isIn }) => isIn(zram));
  const thread = (nth: number) =>
    Array.from({ length: operations }, () => {
      // The first thread is one that uses the disk.
      const from = nth === 0 && !isLife ? requests : draws;
      return pick(random, ...from).text(random);
    });
  return {
    before: [...before(random, zram), ...(isLife ? ["close"] : [])],
    threads: Array.from({ length: threads }, (_, nth) => thread(nth)),
  };
}
