/** Random steps for zram's state machine. */
import { anyContents } from "../programs/contents.ts";
import type { Arbitrary, FastCheck } from "../programs/fast_check.ts";
import { plain, step, type StepOf } from "./steps.ts";
import type { ZramRange, ZramSteps } from "./zram_steps.ts";

/** Pages of the disk. */
export const DISK_PAGES = 16;

/** What is known once the page size is. */
type Placed<Value> = (pageSize: number) => Value;

/** Random lists of steps, each to be given the page size. */
export function zramSteps(
  fc: FastCheck,
): Arbitrary<Placed<StepOf<ZramSteps>>[]> {
  const later = fc.oneof(settings(fc), postProcessing(fc));
  const steps = fc.oneof(
    { weight: 8, arbitrary: requests(fc) },
    { weight: 11, arbitrary: later.map((one) => () => one) },
  );
  return fc.array(steps, { maxLength: 60, size: "max" });
}

/** Requests: for whole pages, for blocks of 4 KiB, and wrong ones. */
function requests(fc: FastCheck): Arbitrary<Placed<StepOf<ZramSteps>>> {
  const page = pageRanges(fc);
  const blocks = blockRanges(fc);
  const at = <Step>(
    range: Arbitrary<Placed<ZramRange>>,
    steps: Arbitrary<Step>,
  ) =>
    fc.tuple(range, steps).map(([place, one]) => (pageSize: number) => ({
      ...one,
      ...place(pageSize),
    }));
  const write = step(fc, "write", { contents: anyContents(fc) });
  const read = step(fc, "read", {});
  return fc.oneof(
    { weight: 6, arbitrary: at(page, write) },
    { weight: 2, arbitrary: at(blocks, write) },
    { weight: 2, arbitrary: at(page, read) },
    { weight: 2, arbitrary: at(blocks, read) },
    { weight: 1, arbitrary: at(blocks, step(fc, "discard", {})) },
    { weight: 1, arbitrary: at(blocks, step(fc, "write_zeroes", {})) },
    { weight: 2, arbitrary: at(wrongRanges(fc), step(fc, "read_invalid", {})) },
  );
}

/** Whole pages. */
function pageRanges(fc: FastCheck): Arbitrary<Placed<ZramRange>> {
  return fc.nat(DISK_PAGES - 1).map((page) => (pageSize) => ({
    sector: page * pageSize / 512,
    bytes: pageSize,
  }));
}

/** Blocks of 4 KiB, up to three pages of them. */
function blockRanges(fc: FastCheck): Arbitrary<Placed<ZramRange>> {
  // For the largest page of 64 KiB; of a smaller one, the rest of a division.
  return fc.tuple(fc.nat(16 * DISK_PAGES - 1), fc.nat(3 * 16 - 1))
    .map(([first, more]) => (pageSize) => {
      const blocksPerPage = pageSize / 4096;
      const blocks = DISK_PAGES * blocksPerPage;
      const start = first % blocks;
      const length = 1 + more % (3 * blocksPerPage);
      return {
        sector: start * 8,
        bytes: Math.min(length, blocks - start) * 4096,
      };
    });
}

/** From no block on, no whole block, and beyond the end. */
function wrongRanges(fc: FastCheck): Arbitrary<Placed<ZramRange>> {
  return fc.constantFrom<Placed<ZramRange>[]>(
    () => ({ sector: 1, bytes: 4096 }),
    () => ({ sector: 8, bytes: 512 }),
    (pageSize) => ({ sector: DISK_PAGES * pageSize / 512 - 8, bytes: 8192 }),
  );
}

/** What is set, told or waited for. */
function settings(fc: FastCheck): Arbitrary<StepOf<ZramSteps>> {
  return fc.oneof(
    step(fc, "slot_free_notify", { page: fc.nat(DISK_PAGES - 1) }),
    step(fc, "mem_limit", { pages: fc.constantFrom(0, 0, 4, 8) }),
    step(fc, "sleep", { seconds: fc.nat(10) }),
    step(fc, "writeback_limit", { units: fc.constantFrom(0, 1, 3, 16, 40) }),
    step(fc, "writeback_limit_enable", { enable: fc.boolean() }),
    fc.oneof(
      step(fc, "compact", {}),
      step(fc, "mem_used_max", {}),
      step(fc, "reset", {}),
    ),
  );
}

/** Idle marks, writeback and recompression. */
function postProcessing(fc: FastCheck): Arbitrary<StepOf<ZramSteps>> {
  const page = fc.nat(DISK_PAGES - 1);
  const type = fc.constantFrom("idle", "huge", "huge_idle", "incompressible");
  const ranges = fc.array(
    plain(fc, { page, pages: fc.integer({ min: 1, max: 6 }) }),
    { minLength: 1, maxLength: 3 },
  );
  const sometimes = <Value>(...values: Value[]) =>
    fc.oneof(
      { weight: 3, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.constantFrom(...values) },
    );
  return fc.oneof(
    step(fc, "idle", {
      age: fc.constantFrom<(number | "all")[]>("all", 0, 1, 5, 20),
    }),
    step(fc, "writeback", { type, ranges: fc.constant([]) }),
    step(fc, "writeback", {
      type: fc.constant(null),
      ranges: page.map((one) => [{ page: one, pages: 1 }]),
    }),
    step(fc, "writeback", { type: fc.option(type), ranges }),
    step(fc, "recompress", {
      type: sometimes("idle", "huge", "huge_idle"),
      threshold: sometimes(100, 2000, 70000),
      algo: sometimes("zstd", "lz4", "deflate"),
      priority: sometimes(0, 1, 2, 7),
      max_pages: sometimes(0, 1, 3),
    }),
  );
}
