/** Random programs for a compressed block device. */
import { anyContents } from "../programs/contents.ts";
import type { Arbitrary, FastCheck } from "../programs/fast_check.ts";
import { step } from "../explore/steps.ts";
import type { Bytes } from "../programs/bytes.ts";
import type { Plan } from "./judge.ts";
import type { ZramStep } from "./zram_steps.ts";
import {
  anyBacking,
  anyWritebackStep,
  isBacked,
} from "./zram_writeback_steps.ts";

/** Pages of the disk. */
const DISK_PAGES = 24;

/** Attributes that every program may read, where the kernel has them. */
const READ = [
  "disksize",
  "initstate",
  "comp_algorithm",
  "mm_stat",
  "io_stat",
  "debug_stat",
  "bd_stat",
];

/** Attributes whose text is Linux's own affair, and asked for at `exact` only. */
const READ_EXACT = ["io_stat", "debug_stat", "bd_stat"];

/** Random pages; where no compressor is known, such as none makes smaller. */
function anyPage(fc: FastCheck, { profile, algorithms = [] }: Plan) {
  const { pageSize, wordBits } = profile;
  const xorshift = fc.integer({ min: 1, max: 9999 });
  const word = fc.constantFrom("00", "01", "a5")
    .map((byte): Bytes => ({ word: byte.repeat(wordBits / 8) }));
  const whole = xorshift.map((seed): Bytes => ({
    xorshift: seed,
    bytes: pageSize,
  }));
  const part = fc.tuple(xorshift, fc.integer({ min: 1, max: pageSize }))
    .map(([seed, bytes]): Bytes => ({ xorshift: seed, bytes }));
  // One word over and over, but for a few bytes.
  const almost = fc.tuple(
    fc.integer({ min: 1, max: 8 }),
    fc.constantFrom(0, 400, 700, 999),
    fc.nat(1000),
  ).map(([noise, at, seed]): Bytes => ({
    kind: "mixed",
    period: wordBits / 8,
    random: 0,
    noise,
    at,
    seed,
  }));
  const isKnown = algorithms.length > 0;
  return fc.oneof<{ weight: number; arbitrary: Arbitrary<Bytes> }[]>(
    { weight: 2, arbitrary: word },
    { weight: 2, arbitrary: whole },
    { weight: isKnown ? 6 : 0, arbitrary: part },
    { weight: isKnown ? 3 : 0, arbitrary: anyContents(fc) },
    { weight: isKnown ? 1 : 0, arbitrary: almost },
  );
}

function anyWrite(fc: FastCheck, plan: Plan): Arbitrary<ZramStep> {
  const page = fc.nat(DISK_PAGES - 1);
  return step(fc, "write", { page, data: anyPage(fc, plan) });
}

/** Random steps of a device that may be initialised or not. */
function anyStep(fc: FastCheck, plan: Plan): Arbitrary<readonly ZramStep[]> {
  const { pageSize, zram } = plan.profile;
  const page = fc.nat(DISK_PAGES - 1);
  const attributes = READ.filter((attr) =>
    attr in zram.attributes &&
    (plan.level === "exact" || !READ_EXACT.includes(attr))
  );
  const one = (weight: number, arbitrary: Arbitrary<ZramStep>) => ({
    weight,
    arbitrary: arbitrary.map((each) => [each]),
  });
  const set = (attr: string, ...values: readonly string[]) =>
    step(fc, "set", {
      attr: fc.constant(attr),
      value: fc.constantFrom(...values),
    });
  const limits = [2, 3, 5, 8].map((pages) => String(pages * pageSize - 100));
  const ranges = fc.tuple(page, fc.integer({ min: 1, max: 6 }))
    .map(([first, pages]): ZramStep => ({
      op: "discard",
      page: first,
      pages: Math.min(pages, DISK_PAGES - first),
    }));
  return fc.oneof(
    one(16, anyWrite(fc, plan)),
    one(3, step(fc, "read", { page })),
    one(3, ranges),
    one(2, set("compact", "1")),
    one(2, set("mem_limit", "0", ...limits)),
    one(1, set("mem_used_max", "0", "1")),
    one(2, step(fc, "get", { attr: fc.constantFrom(...attributes) })),
    one(1, set("disksize", "0", "1M", "4K")),
    one(1, set("comp_algorithm", "none", ...algorithmsOf(plan))),
    one(1, step(fc, "read", { page: fc.constant(DISK_PAGES) })),
    {
      weight: 1,
      arbitrary: set("reset", "0", "1").chain((reset) =>
        start(fc, plan).map((steps) => [reset, ...steps])
      ),
    },
    { weight: 1, arbitrary: create(fc, plan) },
    ...isBacked(plan) ? [one(14, anyWritebackStep(fc, plan, DISK_PAGES))] : [],
  );
}

/** The algorithms that programs choose, the ones that are known first. */
function algorithmsOf({ profile, algorithms = [] }: Plan): readonly string[] {
  const { defaultAlgorithm } = profile.zram;
  return algorithms.length > 0 ? algorithms : [defaultAlgorithm];
}

/** Initialises a device. */
function start(fc: FastCheck, plan: Plan): Arbitrary<readonly ZramStep[]> {
  const disksize = String(DISK_PAGES * plan.profile.pageSize - 512);
  const algorithms = fc.constantFrom(...algorithmsOf(plan));
  return fc.tuple(algorithms, anyBacking(fc, plan))
    .map(([algorithm, backing]) => [
      { op: "set", attr: "comp_algorithm", value: algorithm },
      ...backing,
      { op: "set", attr: "disksize", value: disksize },
    ]);
}

function create(fc: FastCheck, plan: Plan): Arbitrary<readonly ZramStep[]> {
  return start(fc, plan).map((steps) => [{ op: "create" }, ...steps]);
}

/** Random programs: a fresh device, initialised, and what is done with it. */
export function zramTargetPrograms(
  fc: FastCheck,
  plan: Plan,
): Arbitrary<readonly ZramStep[]> {
  const steps = fc.array(anyStep(fc, plan), { maxLength: 70, size: "max" });
  // What is to be written back must have been written.
  const filling = fc.array(anyWrite(fc, plan), {
    maxLength: isBacked(plan) ? DISK_PAGES : 0,
    size: "max",
  });
  return fc.tuple(create(fc, plan), filling, steps)
    .map(([begin, writes, then]) => [...begin, ...writes, ...then.flat()]);
}
