/** The steps of programs for a device that writes pages back. */
import type { Arbitrary, FastCheck } from "../programs/fast_check.ts";
import { step } from "../explore/steps.ts";
import type { Plan } from "./judge.ts";
import { BACKING_PATH } from "../programs/transcript_zram.ts";
import type { ZramStep } from "./zram_steps.ts";

/** A path at which there is nothing. */
const NO_PATH = "/dev/nosuch";
/** What is written to `writeback` beside the number of a page. */
const WRITEBACKS = [
  "idle",
  "idle\n",
  "huge",
  "huge",
  "huge_idle",
  "incompressible",
  "all",
  "type=huge",
  "page_indexes=2-9",
  "page_index=x",
  "page_index=-1",
];
/** Seconds of an age at which no page is, and at which every page is. */
const AGES = ["100000", "0"];

/**
 * Whether programs write back: where it can be seen in `block_state` which
 * pages did.
 */
export function isBacked({ level, profile, backingPages }: Plan): boolean {
  const { writeback, memoryTracking } = profile.zram;
  return level === "exact" && writeback && memoryTracking &&
    backingPages !== undefined;
}

/** Sets a device without a disk a backing device, mostly. */
export function anyBacking(
  fc: FastCheck,
  plan: Plan,
): Arbitrary<readonly ZramStep[]> {
  if (!isBacked(plan)) return fc.constant([]);
  const set = (value: string): ZramStep => ({
    op: "set",
    attr: "backing_dev",
    value,
  });
  return fc.constantFrom<readonly ZramStep[]>(
    [set(BACKING_PATH)],
    [set(BACKING_PATH)],
    [set(`${BACKING_PATH}\n`)],
    [set(NO_PATH), set(BACKING_PATH)],
    [set(BACKING_PATH), set(BACKING_PATH)],
    [],
  );
}

/** Marks pages, writes them back, limits that, and shows what came of it. */
export function anyWritebackStep(
  fc: FastCheck,
  { profile }: Plan,
  diskPages: number,
): Arbitrary<ZramStep> {
  const set = (attr: string, ...values: readonly string[]) =>
    step(fc, "set", {
      attr: fc.constant(attr),
      value: fc.constantFrom(...values),
    });
  // The last two are beyond the disk.
  const pageIndex = fc.nat(diskPages + 1).map((page): ZramStep => ({
    op: "set",
    attr: "writeback",
    value: `page_index=${page}`,
  }));
  const shown = ["backing_dev", "writeback_limit", "writeback_limit_enable"];
  const ages = profile.zram.trackEntryActime ? AGES : [];
  return fc.oneof(
    { weight: 4, arbitrary: set("idle", "all", "all\n", "some", ...ages) },
    { weight: 7, arbitrary: set("writeback", ...WRITEBACKS) },
    { weight: 5, arbitrary: pageIndex },
    { weight: 1, arbitrary: set("writeback_limit", "0", "1", "4", "many") },
    {
      weight: 1,
      arbitrary: set("writeback_limit_enable", "0", "0", "1", "no"),
    },
    { weight: 1, arbitrary: set("backing_dev", BACKING_PATH, NO_PATH) },
    {
      weight: 1,
      arbitrary: step(fc, "get", { attr: fc.constantFrom(...shown) }),
    },
    { weight: 3, arbitrary: fc.constant<ZramStep>({ op: "block_state" }) },
  );
}
