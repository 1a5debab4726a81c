/**
 * Replay: the operations of a transcript run through the model, and every
 * observation compared with what the model shows.
 */
import { crc32 } from "node:zlib";
import { KERNEL_CODECS } from "../codec/codecs.ts";
import { lz4 } from "../codec/lz4.ts";
import { RecordedSizes } from "../codec/recorded.ts";
import { nextArgs } from "../linux/kstrtox.ts";
import { type Profile, profileNamed, PROFILES } from "../linux/profile.ts";
import { type BackingDevice, RamBackingDevice } from "../zram/backing.ts";
import { blockState } from "../zram/debugfs.ts";
import { Zram } from "../zram/device.ts";
import { BD_STAT_FIELDS, MM_STAT_FIELDS } from "../zram/stat.ts";
import { readAttribute, writeAttribute } from "../zram/sysfs.ts";
import { zsGeometry } from "../zsmalloc/geometry.ts";
import { describePageData, fillPageData } from "./page_data.ts";
import {
  type Operation,
  type Transcript,
  TranscriptError,
  type TranscriptHeader,
} from "./transcript.ts";

/**
 * Where a replay takes compressed lengths from: what was recorded with each
 * write, or the model's own encoder.
 */
export type Sizes = "recorded" | "computed";

/** One observation that is not the model's. */
export interface Difference {
  /** What was observed. */
  readonly what: string;
  /** The transcript's value. */
  readonly observed: string;
  /** The model's value. */
  readonly expected: string;
}

/** How a replay ended. */
export interface Verdict {
  /** Where compressed lengths came from. */
  readonly sizes: Sizes;
  /** Operations that were run. */
  readonly operations: number;
  /** Observations that were compared. */
  readonly observations: number;
  /** The first operation with a difference, and all differences it has. */
  readonly failure?: {
    readonly operation: Operation;
    readonly differences: readonly Difference[];
  };
}

/** An operation in one short line, for messages. */
export function describeOperation(operation: Operation): string {
  switch (operation.op) {
    case "set":
      return `set ${operation.attr} ${JSON.stringify(operation.value)}`;
    case "get":
      return `get ${operation.attr}`;
    case "write":
      return `write page ${operation.page} (${
        describePageData(operation.data)
      })`;
    case "read":
      return `read page ${operation.page}`;
    case "discard":
      return `discard ${operation.pages} pages from ${operation.page}`;
    case "block_state":
      return "block_state";
  }
}

/** The profile that a header names, with the header's own geometry. */
function profileOf(header: TranscriptHeader): Profile {
  const named = profileNamed(header.profile);
  if (named === undefined) {
    throw new TranscriptError(
      1,
      `unknown profile '${header.profile}', not ${
        PROFILES.map(({ name }) => name).join(" or ")
      }`,
    );
  }
  if (header.backingPages !== undefined && !named.zram.writeback) {
    throw new TranscriptError(
      1,
      `the field 'backingPages' is there, but ${named.name} has no writeback`,
    );
  }
  const { pageSize, wordBits, chainSize } = header;
  const profile = { ...named, pageSize, wordBits, chainSize };
  try {
    zsGeometry(profile);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new TranscriptError(1, error.message);
  }
  return profile;
}

/** The path at which a transcript's backing device is. */
export const BACKING_PATH = "/dev/loop0";

/** The backing device that a header tells of, if any. */
function backingDevicesOf(
  { backingPages, pageSize }: TranscriptHeader,
): ReadonlyMap<string, BackingDevice> {
  if (backingPages === undefined) return new Map();
  const device = new RamBackingDevice(backingPages, pageSize);
  return new Map([[BACKING_PATH, device]]);
}

/** The texts that a transcript writes to an attribute without an error. */
function textsSet({ operations }: Transcript, attribute: string): string[] {
  return operations.flatMap((operation) =>
    operation.op === "set" && operation.attr === attribute &&
      operation.errno === undefined
      ? [operation.value]
      : []
  );
}

/** The algorithms of a transcript: those that write, then those that recompress. */
function algorithmsOf(transcript: Transcript, profile: Profile): string[] {
  const writing = textsSet(transcript, "comp_algorithm")
    .map((text) => text.trim());
  if (writing.length === 0) writing.push(profile.zram.defaultAlgorithm);
  const recompressing = textsSet(transcript, "recomp_algorithm")
    .flatMap((text) => nextArgs(text))
    .flatMap(({ param, value = "" }) => param === "algo" ? [value] : []);
  return [...writing, ...recompressing];
}

/**
 * Where the lengths come from: what is asked for, else `computed` where the
 * model has the kernel's encoder of every algorithm in the transcript.
 */
function chooseSizes(
  transcript: Transcript,
  profile: Profile,
  asked: Sizes | undefined,
): Sizes {
  const without = algorithmsOf(transcript, profile)
    .filter((name) => !KERNEL_CODECS.some((codec) => codec.name === name));
  const sizes = asked ?? (without.length > 0 ? "recorded" : "computed");
  if (sizes === "computed" && without.length > 0) {
    throw new TranscriptError(
      1,
      `its sizes cannot be computed: there is no encoder that equals the kernel's '${
        without[0]
      }', only ${KERNEL_CODECS.map(({ name }) => name).join(", ")}`,
    );
  }
  if (sizes === "recorded" && textsSet(transcript, "recompress").length > 0) {
    throw new TranscriptError(
      1,
      "its sizes cannot be taken as recorded: those of recompressed pages are not",
    );
  }
  return sizes;
}

/** One run of a transcript's operations through a device. */
class Replay {
  readonly #zram: Zram;
  readonly #profile: Profile;
  readonly #recorded: ReadonlyMap<string, RecordedSizes>;
  readonly #page: Uint8Array<ArrayBuffer>;
  readonly #scratch: Uint8Array<ArrayBuffer>;
  #differences: Difference[] = [];
  observations = 0;

  constructor(header: TranscriptHeader, profile: Profile, sizes: Sizes) {
    const names = sizes === "recorded" ? profile.zram.compAlgorithms : [];
    const recorded = names.map((name) => new RecordedSizes(name));
    this.#recorded = new Map(recorded.map((codec) => [codec.name, codec]));
    this.#profile = profile;
    this.#zram = new Zram(profile, {
      codecs: recorded,
      backingDevices: backingDevicesOf(header),
    });
    this.#page = new Uint8Array(profile.pageSize);
    this.#scratch = new Uint8Array(2 * profile.pageSize);
  }

  /** Runs one operation and returns how the observations differ. */
  step(operation: Operation): readonly Difference[] {
    this.#differences = [];
    this.#run(operation);
    const { mm_stat, bd_stat } = operation;
    if (mm_stat !== undefined) {
      const stat = this.#zram.mmStat();
      MM_STAT_FIELDS.forEach((field, nth) =>
        this.#compare(`mm_stat ${field}`, mm_stat[nth], stat[field])
      );
    }
    if (bd_stat !== undefined) {
      const stat = this.#zram.bdStat();
      BD_STAT_FIELDS.forEach((field, nth) =>
        this.#compare(`bd_stat ${field}`, bd_stat[nth], stat[field])
      );
    }
    return this.#differences;
  }

  #compare(what: string, observed: unknown, expected: unknown): void {
    this.observations++;
    if (observed !== expected) {
      const show = (value: unknown) =>
        typeof value === "string" && /\s/.test(value)
          ? JSON.stringify(value)
          : String(value);
      this.#differences.push({
        what,
        observed: show(observed),
        expected: show(expected),
      });
    }
  }

  #compareErrno(operation: Operation, errno: string | undefined): void {
    this.#compare("errno", operation.errno ?? "none", errno ?? "none");
  }

  #run(operation: Operation): void {
    const zram = this.#zram;
    switch (operation.op) {
      case "set": {
        const { attr, value } = operation;
        this.#compareErrno(operation, writeAttribute(zram, attr, value));
        break;
      }
      case "get": {
        const shown = readAttribute(zram, operation.attr);
        if ("errno" in shown) {
          this.#compareErrno(operation, shown.errno);
        } else {
          this.#compareErrno(operation, undefined);
          this.#compare("text", operation.value, shown.text);
        }
        break;
      }
      case "write":
        this.#write(operation);
        break;
      case "read": {
        const errno = zram.read(operation.page, this.#page);
        this.#compareErrno(operation, errno);
        const sum = crc32(this.#page).toString(16).padStart(8, "0");
        if (operation.errno === undefined) {
          this.#compare("crc32", operation.crc32, sum);
        }
        break;
      }
      case "discard":
        this.#compareErrno(
          operation,
          zram.discard(operation.page, operation.pages),
        );
        break;
      case "block_state":
        this.#blockState(operation);
        break;
    }
  }

  /** Access times are not recorded: pages and flags alone are compared. */
  #blockState(operation: Operation & { op: "block_state" }): void {
    const shown = blockState(this.#zram);
    if ("errno" in shown) {
      this.#compareErrno(operation, shown.errno);
      return;
    }
    this.#compareErrno(operation, undefined);
    const observed = new Map(operation.state);
    const expected = new Map(
      shown.state.map(({ page, flags }) => [page, flags]),
    );
    for (const page of new Set([...observed.keys(), ...expected.keys()])) {
      this.#compare(
        `block_state of page ${page}`,
        observed.get(page) ?? "not stored",
        expected.get(page) ?? "not stored",
      );
    }
  }

  #write(operation: Operation & { op: "write" }): void {
    const page = this.#page;
    fillPageData(page, operation.data);
    const recorded = this.#recorded.get(this.#zram.algorithm);
    if (recorded !== undefined) {
      recorded.nextLength = this.#lengthOf(operation, page);
    }
    const stored = this.#zram.write(operation.page, page);
    const errno = typeof stored === "string" ? stored : undefined;
    this.#compareErrno(operation, errno);
    if (operation.stored !== undefined && errno === undefined) {
      this.#compare("stored", operation.stored, stored);
    }
  }

  /**
   * The compressed length to follow. A failed write has none recorded, yet it
   * decides how far the pool grew before the limit undid it: the length is
   * then computed, with the kernel's encoder or the nearest there is.
   */
  #lengthOf(operation: Operation & { op: "write" }, page: Uint8Array): number {
    if (operation.stored !== undefined && operation.stored > 0) {
      return operation.stored;
    }
    const encoder = KERNEL_CODECS.find(({ name }) =>
      name === this.#zram.algorithm
    );
    return (encoder ?? lz4).compress(page, this.#scratch);
  }
}

/**
 * Replays a transcript through the model up to the first operation whose
 * observations differ. Throws a {@linkcode TranscriptError} where the
 * transcript is one that the model cannot follow.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseTranscript, replay } from "zspec";
 *
 * const transcript = parseTranscript(
 *   `{"zspec":"transcript/1","target":"zram","kernel":"6.18","profile":"linux-6.18","pageSize":4096,"wordBits":64,"chainSize":8}
 * {"op":"set","attr":"comp_algorithm","value":"lz4"}
 * {"op":"set","attr":"disksize","value":"1M"}
 * {"op":"write","page":7,"data":{"word":"0101010101010101"},"stored":0}`,
 * );
 * assertEquals(replay(transcript).failure, undefined);
 * ```
 */
export function replay(transcript: Transcript, asked?: Sizes): Verdict {
  const profile = profileOf(transcript.header);
  const sizes = chooseSizes(transcript, profile, asked);
  const run = new Replay(transcript.header, profile, sizes);
  let operations = 0;
  for (const operation of transcript.operations) {
    const differences = run.step(operation);
    operations++;
    if (differences.length > 0) {
      const { observations } = run;
      const failure = { operation, differences };
      return { sizes, operations, observations, failure };
    }
  }
  return { sizes, operations, observations: run.observations };
}
