/** Replay of transcripts of zram. */
import { KERNEL_CODECS } from "../codec/codecs.ts";
import { lz4 } from "../codec/lz4.ts";
import { RecordedSizes } from "../codec/recorded.ts";
import { nextArgs } from "../linux/kstrtox.ts";
import type { Profile } from "../linux/profile.ts";
import { type BackingDevice, RamBackingDevice } from "../zram/backing.ts";
import { blockState } from "../zram/debugfs.ts";
import { Zram } from "../zram/device.ts";
import { BD_STAT_FIELDS, MM_STAT_FIELDS } from "../zram/stat.ts";
import { readAttribute, writeAttribute } from "../zram/sysfs.ts";
import { fillPageData } from "../programs/page_data.ts";
import {
  checksum,
  type Comparison,
  noEncoder,
  profileOf,
  withoutEncoder,
} from "./replay_frame.ts";
import { TranscriptError } from "../programs/transcript_fields.ts";
import {
  BACKING_PATH,
  type ZramHeader,
  type ZramOperation,
  type ZramTranscript,
} from "../programs/transcript_zram.ts";

/**
 * Where a replay takes compressed lengths from: what was recorded with each
 * write, or the model's own encoder.
 */
export type Sizes = "recorded" | "computed";

/** The backing device that a header tells of, if any. */
function backingDevicesOf(
  { backingPages, pageSize }: ZramHeader,
): ReadonlyMap<string, BackingDevice> {
  if (backingPages === undefined) return new Map();
  const device = new RamBackingDevice(backingPages, pageSize);
  return new Map([[BACKING_PATH, device]]);
}

/** The profile of a header, which must write back where a device is there to. */
function zramProfileOf(header: ZramHeader): Profile {
  const profile = profileOf(header);
  if (header.backingPages !== undefined && !profile.zram.writeback) {
    throw new TranscriptError(
      1,
      `the field 'backingPages' is there, but ${profile.name} has no writeback`,
    );
  }
  return profile;
}

/** The texts that a transcript writes to an attribute without an error. */
function textsSet({ operations }: ZramTranscript, attribute: string): string[] {
  return operations.flatMap((operation) =>
    operation.op === "set" && operation.attr === attribute &&
      operation.errno === undefined
      ? [operation.value]
      : []
  );
}

/** The algorithms of a transcript: those that write, then those that recompress. */
function algorithmsOf(transcript: ZramTranscript, profile: Profile): string[] {
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
export function chooseSizes(
  transcript: ZramTranscript,
  asked: Sizes | undefined,
): Sizes {
  const profile = zramProfileOf(transcript.header);
  const without = withoutEncoder(algorithmsOf(transcript, profile));
  const sizes = asked ?? (without === undefined ? "computed" : "recorded");
  if (sizes === "computed" && without !== undefined) throw noEncoder(without);
  if (sizes === "recorded" && textsSet(transcript, "recompress").length > 0) {
    throw new TranscriptError(
      1,
      "its sizes cannot be taken as recorded: those of recompressed pages are not",
    );
  }
  return sizes;
}

/** One run of a transcript's operations through a device. */
export class ZramReplay {
  readonly #zram: Zram;
  readonly #profile: Profile;
  readonly #recorded: ReadonlyMap<string, RecordedSizes>;
  readonly #page: Uint8Array<ArrayBuffer>;
  readonly #scratch: Uint8Array<ArrayBuffer>;
  readonly #comparison: Comparison;

  /** A run before the first operation. */
  constructor(
    transcript: ZramTranscript,
    sizes: Sizes,
    comparison: Comparison,
  ) {
    const { header } = transcript;
    const profile = zramProfileOf(header);
    this.#comparison = comparison;
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

  /** Runs one operation and compares what was observed. */
  step(operation: ZramOperation): void {
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
  }

  #compare(what: string, observed: unknown, expected: unknown): void {
    this.#comparison.same(what, observed, expected);
  }

  #compareErrno({ errno }: ZramOperation, expected: string | undefined): void {
    this.#comparison.errno(errno, expected);
  }

  #run(operation: ZramOperation): void {
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
        if (operation.errno === undefined) {
          this.#compare("crc32", operation.crc32, checksum(this.#page));
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
  #blockState(operation: ZramOperation & { op: "block_state" }): void {
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

  #write(operation: ZramOperation & { op: "write" }): void {
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
  #lengthOf(
    operation: ZramOperation & { op: "write" },
    page: Uint8Array,
  ): number {
    if (operation.stored !== undefined && operation.stored > 0) {
      return operation.stored;
    }
    const encoder = KERNEL_CODECS.find(({ name }) =>
      name === this.#zram.algorithm
    );
    return (encoder ?? lz4).compress(page, this.#scratch);
  }
}
