/** Replay of recordings of zram: the model runs them, every observation is compared. */
import { codecsOf, exactCodecsOf } from "../../codec/codecs.ts";
import { type Codec, codecWith } from "../../codec/codec.ts";
import { RecordedSizes } from "../../codec/recorded.ts";
import { Comparison } from "../../judges/comparison.ts";
import { comparingZram } from "../../judges/zram/observed.ts";
import type { Profile } from "../../linux/profile.ts";
import { nextArgs } from "../../linux/kstrtox.ts";
import { cryptoAlgorithm } from "../../linux/zram_profile.ts";
import type { Program } from "../../programs/program.ts";
import { TranscriptError } from "../../programs/transcript_fields.ts";
import type {
  ZramOperation,
  ZramTranscript,
} from "../../programs/transcript_zram.ts";
import { ExpandedPages } from "../../programs/expanded.ts";
import {
  zramProfile,
  type ZramRecording,
  zramRecording,
} from "../../programs/zram/recording.ts";
import type {
  ZramResults,
  ZramStep,
  ZramSteps,
} from "../../programs/zram/steps.ts";
import type { StepTarget } from "../../targets/step_target.ts";
import {
  choosableAlgorithms,
  codecOf,
  zramCodecs,
} from "../../targets/zram/device.ts";
import { ZramModel, zramModelTarget } from "../../targets/zram/model.ts";
import { type Comps, PRIMARY_COMP } from "../../zram/zcomp.ts";
import { type Awaiting, runNow, trialOf } from "../trial.ts";
import { noEncoder, type Sizes, type VerdictOf, verdictOf } from "./verdict.ts";

export type { Sizes };

/**
 * Replays a recording up to the first operation whose observations differ.
 * Throws a {@linkcode TranscriptError} where the model cannot follow it.
 */
export function replayZram(
  transcript: ZramTranscript,
  asked?: Sizes,
): VerdictOf<ZramOperation> {
  const sizes = chooseSizes(transcript, asked);
  const { program, operations } = zramRecording(transcript);
  const near: NearPages = { pages: 0, why: "" };
  const codecs = codecsFor(program.profile, sizes, near);
  const target = recordedTarget(program, operations, codecs);
  const verdict = runNow(followZram({ program, operations }, sizes, target));
  return near.pages === 0 ? verdict : { ...verdict, asRecorded: near };
}

/** Pages whose length is taken as recorded, as nobody can compute it. */
interface NearPages {
  pages: number;
  why: string;
}

/** Recorded sizes that count the pages which have one. */
class CountedSizes extends RecordedSizes {
  readonly #near: NearPages;

  constructor(name: string, near: NearPages) {
    super(name);
    this.#near = near;
  }

  override compress(page: Uint8Array, into: Uint8Array): number {
    this.#near.pages++;
    return super.compress(page, into);
  }
}

/**
 * The codecs of a replay: those that take lengths as recorded, or those that
 * compute them. What only some parameters make near, such as a dictionary, has
 * recorded lengths under those.
 */
function codecsFor(
  profile: Profile,
  sizes: Sizes,
  near: NearPages,
): readonly Codec[] {
  const names = choosableAlgorithms(profile);
  if (sizes === "recorded") return names.map((name) => new RecordedSizes(name));
  return zramCodecs(profile, "kernel").map((codec) => ({
    ...codec,
    withParams(params) {
      const told = codecWith(codec, params);
      if (told.near === undefined) return told;
      near.why = `${codec.name} with such parameters: ${told.near}`;
      return new CountedSizes(codec.name, near);
    },
  }));
}

/**
 * Runs a recording on any device up to the first operation whose observations
 * differ.
 */
export function* followZram(
  { program, operations }: ZramRecording,
  sizes: Sizes,
  target: StepTarget<ZramSteps, ZramResults>,
): Awaiting<VerdictOf<ZramOperation>> {
  const comparison = new Comparison();
  const trial = trialOf(target, [comparingZram(operations, comparison)]);
  return yield* verdictOf(
    sizes,
    operations,
    comparison,
    (nth) => trial.step(program.steps[nth]),
  );
}

/** The texts that a recording writes to an attribute without an error. */
function textsSet({ operations }: ZramTranscript, attribute: string): string[] {
  return operations.flatMap((operation) =>
    operation.op === "set" && operation.attr === attribute &&
      operation.errno === undefined
      ? [operation.value]
      : []
  );
}

/** The algorithms of a recording: those that write, then those that recompress. */
function algorithmsOf(transcript: ZramTranscript): string[] {
  const { defaultAlgorithm } = zramProfile(transcript).zram;
  const writing = textsSet(transcript, "comp_algorithm")
    .map((text) => text.trim());
  const recompressing = textsSet(transcript, "recomp_algorithm")
    .flatMap((text) => nextArgs(text))
    .flatMap(({ param, value = "" }) => param === "algo" ? [value] : []);
  return [
    ...(writing.length === 0 ? [defaultAlgorithm] : writing),
    ...recompressing,
  ];
}

/**
 * Where the lengths come from: what is asked for, else `computed` where the
 * model has the kernel's encoder of every algorithm in the recording.
 */
function chooseSizes(
  transcript: ZramTranscript,
  asked: Sizes | undefined,
): Sizes {
  const { zram } = zramProfile(transcript);
  const known = exactCodecsOf(zram).map(({ name }) => name);
  const without = algorithmsOf(transcript)
    .find((name) => !known.includes(cryptoAlgorithm(name)));
  const sizes = asked ?? (without === undefined ? "computed" : "recorded");
  if (sizes === "computed" && without !== undefined) {
    throw noEncoder(without, codecsOf(zram));
  }
  if (sizes === "recorded" && lacksRecompressed(transcript)) {
    throw new TranscriptError(
      1,
      "its sizes cannot be taken as recorded: those of recompressed pages are not",
    );
  }
  return sizes;
}

/** Whether pages are recompressed, and of one it is not recorded how long it becomes. */
function lacksRecompressed(transcript: ZramTranscript): boolean {
  return textsSet(transcript, "recompress").length > 0 &&
    transcript.operations.some((operation) =>
      operation.op === "write" && operation.stored !== undefined &&
      operation.recompressed === undefined
    );
}

/**
 * Seconds that an operation takes: an age of 0 has every page that was accessed
 * by one before.
 */
const OPERATION_SECONDS = 1e-6;

/**
 * The model, whose clock goes on with each operation, and of which some codecs
 * are told what was recorded.
 */
function recordedTarget(
  { profile, steps }: Program<ZramStep>,
  operations: readonly ZramOperation[],
  codecs: readonly Codec[],
): StepTarget<ZramSteps, ZramResults> {
  const model = new ZramModel(profile, codecs);
  const pages = new ExpandedPages();
  const target = zramModelTarget(model, pages);
  const scratch = new Uint8Array(2 * profile.pageSize);
  // The first step makes the device, and is none of the operations.
  const recorded = new Map(
    operations.map((operation, nth) => [steps[nth + 1], operation]),
  );
  return {
    ...target,
    ask(step) {
      model.wait(OPERATION_SECONDS);
      const operation = recorded.get(step);
      if (step.op === "write" && operation?.op === "write") {
        const { stored, recompressed } = operation;
        const page = pages.of(step.data, profile.pageSize);
        const { comps, algorithm } = model.zram;
        // Of a page that failed to be stored none is recorded; yet it decides how
        // far the pool grew before the limit undid it.
        const length = stored ||
          codecOf(profile, algorithm).compress(page, scratch);
        const lengths = { ...recompressed, [PRIMARY_COMP]: length };
        recordLengths(comps, page, lengths);
      }
      return target.ask(step);
    },
  };
}

/** The codecs of a device are told the lengths of a page by their priorities. */
function recordLengths(
  comps: Comps,
  page: Uint8Array,
  lengths: Readonly<Record<string, number>>,
): void {
  for (const [priority, length] of Object.entries(lengths)) {
    const codec = comps.codecAt(Number(priority));
    if (codec instanceof RecordedSizes && length > 0) {
      codec.record(page, length);
    }
  }
}
