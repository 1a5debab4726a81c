/** Replay of transcripts of zswap. */
import type { Profile } from "../linux/profile.ts";
import { fillPageData } from "../programs/page_data.ts";
import {
  checksum,
  type Comparison,
  noEncoder,
  profileOf,
  withoutEncoder,
} from "./replay_frame.ts";
import { type ModelSwap, modelSwap } from "./swap_model.ts";
import { isRefusal, type Refusal } from "../targets/target.ts";
import { TranscriptError } from "../programs/transcript_fields.ts";
import type {
  ZswapOperation,
  ZswapTranscript,
} from "../programs/transcript_zswap.ts";

const errnoOf = (answer: unknown): string | undefined =>
  isRefusal(answer) ? answer.error : undefined;

/** Refuses a transcript with compressors whose lengths the model does not know. */
function checkCompressors({ operations }: ZswapTranscript): void {
  const compressors = operations.flatMap((operation) =>
    operation.op === "set" && operation.attr === "compressor" &&
      operation.errno === undefined
      ? [operation.value.trim()]
      : []
  );
  const without = withoutEncoder(compressors);
  if (without !== undefined) throw noEncoder(without);
}

/** One run of a transcript's operations through a process of the model. */
export class ZswapReplay {
  readonly #model: ModelSwap;
  readonly #profile: Profile;
  readonly #comparison: Comparison;

  /** A run before the first operation. */
  constructor(transcript: ZswapTranscript, comparison: Comparison) {
    checkCompressors(transcript);
    const { header } = transcript;
    this.#profile = profileOf(header);
    this.#model = modelSwap(this.#profile, header);
    this.#comparison = comparison;
  }

  /** Runs one operation and compares what was observed. */
  step(operation: ZswapOperation): void {
    this.#run(operation);
    this.#compareCounters(operation);
  }

  #run(operation: ZswapOperation): void {
    const model = this.#model;
    switch (operation.op) {
      case "set": {
        const { attr, value } = operation;
        return this.#compareErrno(operation, model.set(attr, value));
      }
      case "get": {
        const { value } = operation;
        return this.#compareResult(
          operation,
          model.get(operation.attr),
          (shown) => this.#comparison.same("text", value, shown.value),
        );
      }
      case "write": {
        const page = new Uint8Array(this.#profile.pageSize);
        fillPageData(page, operation.data);
        return this.#compareErrno(operation, model.write(operation.page, page));
      }
      case "read": {
        const { page, crc32 } = operation;
        return this.#compareResult(
          operation,
          model.read(page),
          ({ data }) => this.#comparison.same("crc32", crc32, checksum(data)),
        );
      }
      case "pageout": {
        const { page, out } = operation;
        return this.#compareResult(
          operation,
          model.pageOut(page),
          (shown) => this.#comparison.same("out", out, shown.out),
        );
      }
      case "forget":
        return this.#compareErrno(operation, model.forget(operation.page));
    }
  }

  #compareErrno({ errno }: ZswapOperation, answer: unknown): void {
    this.#comparison.errno(errno, errnoOf(answer));
  }

  /** Compares the error, and the result where neither has one. */
  #compareResult<Result extends object>(
    operation: ZswapOperation,
    answer: Result | Refusal,
    compare: (result: Result) => void,
  ): void {
    this.#compareErrno(operation, answer);
    if (operation.errno === undefined && !isRefusal(answer)) compare(answer);
  }

  #compareCounters({ line, counters = {} }: ZswapOperation): void {
    const { name, zswap } = this.#profile;
    const shown = this.#model.counters().counters;
    for (const [counter, observed] of Object.entries(counters)) {
      const nth = zswap.counters.findIndex((known) => known === counter);
      if (nth < 0) {
        throw new TranscriptError(
          line,
          `unknown counter '${counter}': ${name} has ${
            zswap.counters.join(", ")
          }`,
        );
      }
      this.#comparison.same(counter, observed, shown[nth]);
    }
  }
}
