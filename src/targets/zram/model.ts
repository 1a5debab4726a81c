/** The model of zram as a target. */
import type { Codec } from "../../codec/codec.ts";
import { codecsOf } from "../../codec/codecs.ts";
import type { Errno } from "../../linux/errno.ts";
import type { Profile } from "../../linux/profile.ts";
import type { ExpandedPages } from "../../programs/expanded.ts";
import type {
  ZramCreate,
  ZramRecompressUnder,
  ZramResults,
  ZramSteps,
  ZramWritebackUnder,
} from "../../programs/zram/steps.ts";
import { blockState } from "../../zram/debugfs.ts";
import type { Zram } from "../../zram/device.ts";
import { readAttribute, writeAttribute } from "../../zram/sysfs.ts";
import { waitsOf } from "../../zram/waits.ts";
import { refusalOf, textOf } from "../answers.ts";
import { SKIPPED, type StepTarget, tableTarget } from "../step_target.ts";
import {
  type BioRequest,
  type BlockStateRow,
  isRefusal,
  type Refusal,
  type ZramTarget,
} from "../target.ts";
import { makeZram, zramCodecs } from "./device.ts";
import { stepsOf } from "./object.ts";

/** A device of the model, and the clock that it goes by. */
export class ZramModel {
  /** The profile that `create` starts from. */
  readonly profile: Profile;
  readonly #codecs: readonly Codec[] | undefined;
  #zram: Zram | undefined;
  #clock = 0;

  /** No device yet. `codecs` take the place of those that `create` asks for. */
  constructor(profile: Profile, codecs?: readonly Codec[]) {
    this.profile = profile;
    this.#codecs = codecs;
  }

  /** The device of the last `create`; a fresh one where there was none. */
  get zram(): Zram {
    return this.#zram ??= this.create({});
  }

  /** A fresh device in the place of the one before. */
  create(create: ZramCreate): Zram {
    this.#clock = create.uptime ?? 0;
    const codecs = this.#codecs ?? zramCodecs(this.profile, create.codecs);
    const now = () => this.#clock;
    return this.#zram = makeZram(this.profile, create, codecs, now);
  }

  /** The clock goes on. */
  wait(seconds: number): void {
    this.#clock += seconds;
  }
}

/** What a device of the model does when it is asked. */
function deviceOf(model: ZramModel): ZramTarget {
  return {
    create: () => void model.create({}),
    set: (attr, value) => refusalOf(writeAttribute(model.zram, attr, value)),
    get: (attr) => textOf(readAttribute(model.zram, attr)),
    write: (page, data) => write(model.zram, page, data),
    read: (page) => read(model.zram, page),
    discard: (page, pages) => refusalOf(model.zram.discard(page, pages)),
    blockState: () => rowsOf(model.zram),
    bio: (request) => submit(model.zram, request),
    wait: (seconds) => model.wait(seconds),
    slotFreeNotify: (page) => model.zram.slotFreeNotify(page),
  };
}

/** A target that does every step. */
export function zramModelTarget(
  model: ZramModel,
  pages: ExpandedPages,
): StepTarget<ZramSteps, ZramResults> {
  const has = (page: number) => page < model.zram.slots.length;
  const shows = (attr: string) => attr in model.zram.profile.zram.attributes;
  const bytesOf = pages.of.bind(pages);
  const steps = stepsOf(
    deviceOf(model),
    pages,
    () => model.zram.profile.pageSize,
  );
  return tableTarget<ZramSteps, ZramResults>({
    ...steps,
    create: (step) => void model.create(step),
    slot_free_notify: ({ page }) =>
      has(page) ? model.zram.slotFreeNotify(page) : SKIPPED,
    open: ({ exclusive }) => model.zram.open(exclusive),
    close({ exclusive }) {
      const { openers, holders } = model.zram;
      // Who has it open without claiming it does not give a claim up.
      const are = exclusive ? holders : openers - holders;
      return are === 0 ? SKIPPED : model.zram.close(exclusive);
    },
    writeback_under: (step) =>
      shows("writeback") ? writebackUnder(model.zram, step, bytesOf) : SKIPPED,
    recompress_under: (step) =>
      shows("recompress") && has(step.page)
        ? recompressUnder(model.zram, step)
        : SKIPPED,
  });
}

/**
 * A zram device of a kernel as a target: what others are compared with. It has
 * those of the kernel's algorithms that zspec has a codec for, and finds a
 * backing device of `backingPages` pages at `/dev/loop0`, or none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LINUX_6_18, modelZram } from "zspec";
 *
 * const target = modelZram(LINUX_6_18);
 * await target.create();
 * await target.set("disksize", "1M");
 * assertEquals(await target.write(0, new Uint8Array(4096)), { stored: 0 });
 * assertEquals(await target.set("disksize", "2M"), { error: "EBUSY" });
 * ```
 */
export function modelZram(
  profile: Profile,
  backingPages?: number,
): ZramTarget {
  const has = (name: string) =>
    codecsOf(profile.zram).some((codec) => codec.name === name);
  const compAlgorithms = profile.zram.compAlgorithms.filter(has);
  const zram = { ...profile.zram, compAlgorithms };
  const model = new ZramModel({ ...profile, zram });
  const create = () => void model.create({ backingPages });
  create();
  return {
    ...deviceOf(model),
    create,
    blockState() {
      const rows = rowsOf(model.zram);
      return isRefusal(rows)
        ? rows
        : rows.map(([page, flags]) => [page, flags] as const);
    },
  };
}

function write(
  zram: Zram,
  page: number,
  data: Uint8Array,
): { stored: number } | Refusal {
  const stored = zram.write(page, data);
  return typeof stored === "string" ? { error: stored } : { stored };
}

function read(zram: Zram, page: number): { data: Uint8Array } | Refusal {
  const data = new Uint8Array(zram.profile.pageSize);
  const errno = zram.read(page, data);
  return refusalOf(errno) ?? { data };
}

function rowsOf(zram: Zram): BlockStateRow[] | Refusal {
  const shown = blockState(zram);
  return "errno" in shown
    ? { error: shown.errno }
    : shown.state.map(({ page, flags, acTime }) => [page, flags, acTime]);
}

function submit(
  zram: Zram,
  { request, sector, bytes, data }: BioRequest,
): { data?: Uint8Array } | Refusal {
  if (request === "discard" || request === "write_zeroes") {
    const errno = zram.submitBio({ op: request, sector, bytes });
    return refusalOf(errno) ?? {};
  }
  const held = data ?? new Uint8Array(bytes);
  const errno = zram.submitBio({ op: request, sector, data: held });
  return refusalOf(errno) ?? (request === "read" ? { data: held } : {});
}

/** A writeback that is stopped where it waits, for something to be done to a page. */
function writebackUnder(
  zram: Zram,
  step: ZramSteps["writeback_under"],
  bytesOf: ExpandedPages["of"],
): ZramWritebackUnder {
  const steps = waitsOf(zram.writebackSteps(step.value));
  const { waited, errno, done } = stopped(
    steps,
    step.after,
    () => meanwhile(zram, step, bytesOf),
  );
  return {
    waited,
    ...(errno === undefined ? {} : { writeback: errno }),
    ...(isRefusal(done) ? { meanwhile: done.error } : done),
  };
}

/** What is done to a page meanwhile. */
function meanwhile(
  zram: Zram,
  { page, does, data }: ZramSteps["writeback_under"],
  bytesOf: ExpandedPages["of"],
): { stored: number } | { data: Uint8Array } | Refusal | undefined {
  if (data !== undefined) {
    return write(zram, page, bytesOf(data, zram.profile.pageSize));
  }
  if (does === "read") return read(zram, page);
  if (does === "discard") return refusalOf(zram.discard(page, 1));
  if (page < zram.slots.length) zram.slotFreeNotify(page);
}

/** A recompression that is stopped where it waits, for a page to be freed. */
function recompressUnder(
  zram: Zram,
  { value, after, page }: ZramSteps["recompress_under"],
): ZramRecompressUnder {
  const { errno, done: stored } = stopped(
    waitsOf(zram.recompressSteps(value)),
    after,
    () => {
      zram.slotFreeNotify(page);
      return zram.stats.pagesStored;
    },
  );
  return errno === undefined ? { stored } : { stored, recompress: errno };
}

/** Runs an operation to its end, and something else when it has waited `after` times. */
function stopped<Result>(
  steps: Generator<unknown, Errno | undefined>,
  after: number,
  run: () => Result,
): { waited: number; errno: Errno | undefined; done: Result } {
  let waited = 0;
  let next = steps.next();
  for (; !next.done && waited < after; waited++) next = steps.next();
  const done = run();
  while (!next.done) next = steps.next();
  return { waited, errno: next.value, done };
}
