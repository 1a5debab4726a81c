/** Random programs for a compressed block device. */
import { onZones } from "../zones.ts";
import type { Profile } from "../../linux/profile.ts";
import type { Files } from "../files.ts";
import { kernelAsked } from "../kernel.ts";
import { type Program, randomLength, type Scope } from "../program.ts";
import { pick, type Random, weighted } from "../random.ts";
import { BACKING_PATH } from "../transcript_zram.ts";
import { Draft } from "./draft.ts";
import {
  batchSize,
  compressedWriteback,
  recompressAgain,
  writebackBatches,
  writebackLastTouched,
} from "./random_batches.ts";
import {
  idle,
  recompress,
  recompressUnder,
  wait,
  writeback,
  writebackLimit,
  writebackMany,
  writebackUnder,
} from "./random_later.ts";
import {
  age,
  bio,
  discard,
  discardWithin,
  fill,
  read,
  slotFreeNotify,
  write,
} from "./random_requests.ts";
import {
  algorithmParams,
  compact,
  compAlgorithm,
  disksize,
  get,
  memLimit,
  reset,
  start,
  strange,
} from "./random_settings.ts";
import { oddText } from "./random_texts.ts";
import {
  DICTIONARY,
  EMPTY_FILE,
  LARGE_FILE,
  type ZramCreate,
  type ZramStep,
  type ZramSteps,
} from "./steps.ts";

/** One thing that a program may do next. */
interface Choice {
  /** How often, beside the others. */
  readonly weight: number;
  /** Adds the steps. */
  readonly make: (draft: Draft) => void;
  /** The operation that the target must have. */
  readonly op?: keyof ZramSteps;
  /** The attribute that the kernel must have. */
  readonly attr?: string;
  /** Whether it looks at the whole disk, and is rarer the larger that is. */
  readonly isWhole?: boolean;
  /** Whether it is for programs that have odd texts alone. */
  readonly isOdd?: boolean;
}

/** Sets an attribute to one of some texts. */
function setting(weight: number, attr: string, ...texts: string[]): Choice {
  return { weight, attr, make: (draft) => draft.setAny(attr, ...texts) };
}

const STREAMS = ["1", "2", "4", "0", "-1", "two", "4294967296"];

const CHOICES: readonly Choice[] = [
  { weight: 40, make: write },
  { weight: 12, make: read },
  { weight: 6, make: discard },
  { weight: 14, make: bio, op: "bio" },
  { weight: 2, make: slotFreeNotify, op: "slot_free_notify" },
  { weight: 4, make: memLimit, attr: "mem_limit" },
  setting(1, "mem_used_max", "0", "0", "0", "1"),
  { weight: 1, make: compact, attr: "compact" },
  { weight: 2, make: get },
  { weight: 1, make: disksize },
  { weight: 1, make: compAlgorithm, attr: "comp_algorithm" },
  setting(0.5, "max_comp_streams", ...STREAMS),
  { weight: 0.5, make: algorithmParams, attr: "algorithm_params" },
  { weight: 0.3, make: strange },
  { weight: 3, make: oddText, isOdd: true },
  { weight: 1, make: fill },
  { weight: 1.5, make: age },
  { weight: 0.4, make: reset, isWhole: true },
  { weight: 2, make: wait, op: "wait" },
  { weight: 2, make: idle, attr: "idle", isWhole: true },
  { weight: 5, make: writeback, attr: "writeback", isWhole: true },
  { weight: 1, make: writebackMany, attr: "writeback", isWhole: true },
  {
    weight: 6,
    make: writebackUnder,
    op: "writeback_under",
    attr: "writeback",
    isWhole: true,
  },
  { weight: 4, make: writebackLimit, attr: "writeback_limit", isWhole: true },
  { weight: 3, make: discardWithin, op: "bio" },
  { weight: 0.5, make: batchSize, attr: "writeback_batch_size" },
  { weight: 13, make: writebackBatches, attr: "writeback_batch_size" },
  {
    weight: 1,
    make: writebackLastTouched,
    op: "writeback_under",
    attr: "writeback_batch_size",
    isWhole: true,
  },
  { weight: 2, make: recompressAgain, attr: "recompress", isWhole: true },
  { weight: 0.2, make: compressedWriteback, attr: "compressed_writeback" },
  // Once there is a disk it is refused.
  setting(0.5, "backing_dev", BACKING_PATH, "/dev/nosuch"),
  { weight: 10, make: recompress, attr: "recompress", isWhole: true },
  {
    weight: 3,
    make: recompressUnder,
    op: "recompress_under",
    attr: "recompress",
    isWhole: true,
  },
  {
    weight: 0.5,
    make: (draft) => draft.add({ op: "block_state" }),
    op: "block_state",
    isWhole: true,
  },
];

/** Pages of a disk from which on what looks at all of it is rarer. */
const LARGE_DISK = 64;

/** A random program: a fresh device, set up, and what is done with it. */
export function randomZramProgram(
  random: Random,
  scope: Scope,
): Program<ZramStep> {
  const profile = pick(random, ...scope.profiles);
  const draft = new Draft(random, scope, profile);
  const most = randomLength(random, scope.maxSteps);
  create(draft, profile);
  let length = lengthOf(draft, most);
  let choices = choicesFor(draft);
  while (draft.steps.length < length) {
    if (random(300) === 0) {
      create(draft, profile);
      length = lengthOf(draft, most);
      choices = choicesFor(draft);
    }
    choices(random).make(draft);
  }
  const steps = draft.steps.slice(0, scope.maxSteps);
  return {
    profile,
    steps: scope.anySurroundings ? onZones(random, steps) : steps,
  };
}

/** Steps on a device whose pages take long to compress. */
const DEAR_STEPS = 60;

/** The steps of a program with the device that it has now. */
function lengthOf({ create, steps }: Draft, most: number): number {
  const isDear = create.codecs === "kernel" && create.pageSize === 65536;
  return isDear ? Math.min(most, steps.length + DEAR_STEPS) : most;
}

/** Draws one of what a target and its kernel can do. */
function choicesFor(draft: Draft): (random: Random) => Choice {
  const rarer = Math.max(1, draft.diskPages / LARGE_DISK);
  const can = CHOICES.filter(({ op, attr, isOdd = false }) =>
    (op === undefined || draft.can(op)) &&
    (attr === undefined || draft.has(attr)) &&
    (!isOdd || draft.scope.oddTexts === true)
  );
  return weighted(
    can,
    ({ weight, isWhole }) => Math.round(100 * weight / (isWhole ? rarer : 1)),
  );
}

/** A fresh device, and its setup. */
function create(draft: Draft, profile: Profile): void {
  const { anySurroundings, anyGeometry } = draft.scope;
  const fields = anySurroundings
    ? anyCreate(draft.random, profile, anyGeometry)
    : {};
  draft.create = fields;
  draft.profile = kernelAsked(profile, fields);
  draft.add({ op: "create", ...fields });
  draft.moments.splice(0, Infinity, fields.uptime ?? 0);
  draft.forget();
  draft.settle();
  start(draft);
}

const WORDS: readonly Pick<Profile, "wordBits" | "physBits">[] = [
  { wordBits: 64, physBits: 52 },
  { wordBits: 64, physBits: 40 },
  { wordBits: 32, physBits: 32 },
  { wordBits: 32, physBits: 36 },
];

/** Seconds that a system is up: a moment, a day, more than 32 bits hold. */
const UPTIMES = [1, 5.5, 20.25, 86_400.75, 4_294_967_290.5, 5_000_000_000];

/** Large pages are dear. */
const PAGE_SIZES = [...Array(10).fill(4096), 8192, 16384, 16384, 32768, 65536];

/** A device of any geometry, with blocks or allocations that fail now and then. */
function anyCreate(
  random: Random,
  { zram, objects, pageSize }: Profile,
  anyGeometry: boolean,
): ZramCreate {
  // Real codecs are dear, and dearest of large pages.
  const codecs = random(8) === 0 ? "kernel" : "stated";
  // Where seconds are whole, it matters how much of one is over.
  const uptimes = zram.acTime === "seconds" ? 3 : 1;
  const geometry = !anyGeometry
    ? {}
    : codecs === "kernel"
    ? kernelPages(random)
    : random(2) === 0
    ? {}
    : {
      pageSize: pick(random, ...PAGE_SIZES),
      ...pick(random, ...WORDS),
      chainSize: pick(random, 4, 8, 11, 16),
    };
  const backing = zram.writeback && random(5) > 0 ? anyBacking(random) : {};
  const scarce = random(8);
  const isTold = "algorithm_params" in zram.attributes &&
    (codecs === "kernel" || random(2) === 0);
  return {
    ...geometry,
    codecs,
    ...(isTold
      ? { files: dictionaries(random, { pageSize, ...geometry }) }
      : {}),
    ...backing,
    ...(random(4) < uptimes ? { uptime: pick(random, ...UPTIMES) } : {}),
    // Up to 4.7 a link to frame 0 would be null: such kernels keep it back.
    ...(objects.link === "index" && random(4) === 0 ? { firstPfn: 0 } : {}),
    ...(scarce === 0 ? { maxPages: 1 + random(64) } : {}),
    ...(scarce === 1 ? { failEach: 2 + random(40) } : {}),
  };
}

/** What algorithms can be told that pages are likely to hold. */
function dictionaries(random: Random, { pageSize = 4096 }: ZramCreate): Files {
  const part = { xorshift: 1 + random(9999), bytes: pageSize };
  return {
    [DICTIONARY]: [part],
    [LARGE_FILE]: Array(65536 / pageSize + 1).fill(part),
    [EMPTY_FILE]: [],
  };
}

/** Pages for real codecs, which meet all their forms in the largest alone. */
function kernelPages(random: Random): ZramCreate {
  return random(6) === 0 ? { pageSize: 65536 } : {};
}

/** A backing device, and blocks of it that fail. */
function anyBacking(random: Random): ZramCreate {
  const blocks = () => Array.from({ length: 1 + random(4) }, () => random(9));
  return {
    backingPages: pick(random, 1, 2, 4, 9, 64, 300),
    ...(random(2) === 0 ? { badReads: blocks() } : {}),
    ...(random(2) === 0 ? { badWrites: blocks() } : {}),
    ...(random(3) === 0 ? { failEachWrite: 2 + random(5) } : {}),
  };
}
