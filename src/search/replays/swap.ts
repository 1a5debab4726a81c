/** Replay of recordings of zswap: the model runs them, every observation is compared. */
import { codecsOf, exactCodecsOf } from "../../codec/codecs.ts";
import { Comparison } from "../../judges/comparison.ts";
import { comparingSwap } from "../../judges/swap/observed.ts";
import {
  type SwapRecording,
  swapRecording,
} from "../../programs/swap/recording.ts";
import type { Profile } from "../../linux/profile.ts";
import { TranscriptError } from "../../programs/transcript_fields.ts";
import type { SwapResults, SwapSteps } from "../../programs/swap/steps.ts";
import type {
  ZswapOperation,
  ZswapTranscript,
} from "../../programs/transcript_zswap.ts";
import type { StepTarget } from "../../targets/step_target.ts";
import { swapModel } from "../../targets/swap/swap_model.ts";
import { type Awaiting, runNow, trialOf } from "../trial.ts";
import { noEncoder, type Sizes, type VerdictOf, verdictOf } from "./verdict.ts";

/**
 * Replays a recording up to the first operation whose observations differ.
 * Throws a {@linkcode TranscriptError} where the model cannot follow it.
 */
export function replaySwap(
  transcript: ZswapTranscript,
  asked?: Sizes,
): VerdictOf<ZswapOperation> {
  if (asked === "recorded") {
    throw new TranscriptError(
      1,
      "its sizes cannot be taken as recorded: a transcript of zswap has none",
    );
  }
  const recording = swapRecording(transcript);
  checkCompressors(transcript, recording.program.profile);
  return runNow(followSwap(recording, swapModel(recording.program.profile)));
}

/**
 * Runs a recording on any process up to the first operation whose observations
 * differ.
 */
export function* followSwap(
  { program: { profile, steps }, operations }: SwapRecording,
  target: StepTarget<SwapSteps, SwapResults>,
): Awaiting<VerdictOf<ZswapOperation>> {
  const comparison = new Comparison();
  const trial = trialOf(target, [
    comparingSwap(profile, operations, comparison),
  ]);
  return yield* verdictOf(
    "computed",
    operations,
    comparison,
    (nth) => trial.step(steps[nth]),
  );
}

/** Refuses a transcript with compressors whose lengths the model does not know. */
function checkCompressors(
  { operations }: ZswapTranscript,
  { zswap }: Profile,
): void {
  const without = operations.flatMap((operation) =>
    operation.op === "set" && operation.attr === "compressor" &&
      operation.errno === undefined
      ? [operation.value.trim()]
      : []
  ).find((name) => !exactCodecsOf(zswap).some((codec) => codec.name === name));
  if (without !== undefined) throw noEncoder(without, codecsOf(zswap));
}
