/** What a recording does to a zram device: random operations from a seed. */
import { KERNEL_CODECS } from "../codec/codecs.ts";
import { expandContents } from "../programs/contents.ts";
import { pick, type Random, randomFrom } from "../programs/random.ts";
import type { Profile } from "../linux/profile.ts";
import type { PageData } from "../programs/page_data.ts";
import { randomContents, randomWord } from "../programs/random_page.ts";
import { BACKING_PATH } from "../programs/transcript_zram.ts";

/** One operation, before it is observed. */
export type RecordStep =
  | { readonly op: "set"; readonly attr: string; readonly value: string }
  | { readonly op: "get"; readonly attr: string }
  | { readonly op: "write"; readonly page: number; readonly data: PageData }
  | { readonly op: "read"; readonly page: number }
  | { readonly op: "discard"; readonly page: number; readonly pages: number }
  | { readonly op: "block_state" };

/** What a recording's operations are made for. */
export interface RecordPlan {
  /** The kernel. */
  readonly profile: Profile;
  /** What the operations are made from: from 0 to 2^32 - 1. */
  readonly seed: number;
  /** How many there are. */
  readonly steps: number;
  /** Pages of the backing device at {@linkcode BACKING_PATH}, if there is one. */
  readonly backingPages?: number;
}

type Maker = (random: Random, plan: RecordPlan) => RecordStep;

/** Pages of the disk: few enough for pages to be overwritten. */
const DISK_PAGES = 256;
/** The most pages that one discard asks for. */
const DISCARD_PAGES = 24;

const set = (attr: string, value: string): RecordStep => ({
  op: "set",
  attr,
  value,
});

/** A page: of one word, of noise and zeros, or of what compresses otherwise. */
function anyPage(random: Random, { profile }: RecordPlan): PageData {
  const { pageSize } = profile;
  const kind = random(20);
  if (kind < 3) return randomWord(random, profile, kind === 0);
  if (kind < 18) {
    return {
      xorshift: 1 + random(2 ** 32 - 1),
      bytes: random(kind < 16 ? pageSize + 1 : 64),
    };
  }
  const contents = randomContents(random, random(1000), kind === 18);
  return { b64: expandContents(contents, pageSize) };
}

/** What is done to a disk, and how often beside the rest. */
const ON_DISK: readonly (readonly [weight: number, make: Maker])[] = [
  [100, (random, plan) => ({
    op: "write",
    page: random(DISK_PAGES),
    data: anyPage(random, plan),
  })],
  [24, (random) => ({ op: "read", page: random(DISK_PAGES) })],
  [12, (random) => {
    const page = random(DISK_PAGES);
    const most = Math.min(DISCARD_PAGES, DISK_PAGES - page);
    return { op: "discard", page, pages: 1 + random(most) };
  }],
  [6, () => set("compact", "1")],
  [4, (random) => set("mem_limit", pick(random, "0", "96K", "256K", "400K"))],
  [3, () => set("mem_used_max", "0")],
  [3, () => set("idle", "all")],
  [8, anyGet],
  [6, (random) => anyRefused(random)],
  [4, (random) =>
    pick(
      random,
      set("disksize", "4096"),
      set("comp_algorithm", "lzo"),
      set("reset", "x"),
    )],
];

/** What is done beside that where a backing device is set. */
const ON_BACKED_DISK: readonly (readonly [weight: number, make: Maker])[] = [
  [4, () => set("idle", "all")],
  [5, (random) =>
    set(
      "writeback",
      pick(
        random,
        "idle",
        "huge",
        "huge_idle",
        "incompressible",
        "page_index=x",
      ),
    )],
  [5, (random) => set("writeback", `page_index=${random(DISK_PAGES)}`)],
  [2, (random) => set("writeback_limit", String(random(40)))],
  [
    2,
    (random) =>
      set("writeback_limit_enable", pick(random, "0", "0", "1", "no")),
  ],
  [4, () => ({ op: "block_state" })],
];

/** Attributes of any kind, those that cannot be read among them. */
function anyGet(random: Random, { profile }: RecordPlan): RecordStep {
  const names = Object.keys(profile.zram.attributes);
  return { op: "get", attr: pick(random, ...names, "nosuch") };
}

/** What no device takes. */
function anyRefused(random: Random): RecordStep {
  return pick(
    random,
    set("comp_algorithm", "nosuch"),
    set("mem_limit", "many"),
    set("mem_used_max", "1"),
    set("disksize", "0"),
    set("reset", "0"),
    set("idle", "some"),
    set("mm_stat", "0"),
    set("nosuch", "1"),
  );
}

/** What a device without a disk is told until it has one. */
function* initialise(random: Random, plan: RecordPlan): Generator<RecordStep> {
  const { compAlgorithms } = plan.profile.zram;
  const algorithms = KERNEL_CODECS.map(({ name }) => name)
    .filter((name) => compAlgorithms.includes(name));
  yield anyGet(random, plan);
  yield anyRefused(random);
  yield set("compact", "1");
  if (algorithms.length > 0) {
    yield set("comp_algorithm", pick(random, ...algorithms));
  }
  yield { op: "get", attr: "comp_algorithm" };
  if (plan.backingPages !== undefined) yield set("backing_dev", BACKING_PATH);
  yield set("disksize", String(DISK_PAGES * plan.profile.pageSize));
}

function* endless(random: Random, plan: RecordPlan): Generator<RecordStep> {
  const table = plan.backingPages === undefined
    ? ON_DISK
    : [...ON_DISK, ...ON_BACKED_DISK];
  const makers = table.flatMap(([weight, make]) =>
    new Array<Maker>(weight).fill(make)
  );
  for (;;) {
    yield* initialise(random, plan);
    for (let left = 200 + random(600); left > 0; left--) {
      yield pick(random, ...makers)(random, plan);
    }
    yield set("reset", "1");
  }
}

/** The operations of a recording, the same ones for the same plan. */
export function* recordSteps(plan: RecordPlan): Generator<RecordStep> {
  const steps = endless(randomFrom(plan.seed), plan);
  for (let nth = 0; nth < plan.steps; nth++) {
    const { value } = steps.next();
    if (value !== undefined) yield value;
  }
}
