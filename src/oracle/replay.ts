/**
 * Replay: the operations of a transcript run through the model, and every
 * observation compared with what the model shows.
 */
import { describePageData } from "../programs/page_data.ts";
import { Comparison, type Difference } from "./replay_frame.ts";
import { chooseSizes, type Sizes, ZramReplay } from "./replay_zram.ts";
import { ZswapReplay } from "./replay_zswap.ts";
import {
  isOfZswap,
  type Operation,
  type Transcript,
  TranscriptError,
} from "../programs/transcript.ts";
import type { ZramTranscript } from "../programs/transcript_zram.ts";
import type { ZswapTranscript } from "../programs/transcript_zswap.ts";

export type { Difference, Sizes };

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
    case "pageout":
      return `page out page ${operation.page}`;
    case "forget":
      return `forget page ${operation.page}`;
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
  return isOfZswap(transcript)
    ? replayZswap(transcript, asked)
    : replayZram(transcript, asked);
}

function replayZram(transcript: ZramTranscript, asked?: Sizes): Verdict {
  const sizes = chooseSizes(transcript, asked);
  const comparison = new Comparison();
  const run = new ZramReplay(transcript, sizes, comparison);
  return follow(transcript.operations, sizes, comparison, (operation) => {
    run.step(operation);
  });
}

function replayZswap(transcript: ZswapTranscript, asked?: Sizes): Verdict {
  if (asked === "recorded") {
    throw new TranscriptError(
      1,
      "its sizes cannot be taken as recorded: a transcript of zswap has none",
    );
  }
  const comparison = new Comparison();
  const run = new ZswapReplay(transcript, comparison);
  return follow(transcript.operations, "computed", comparison, (operation) => {
    run.step(operation);
  });
}

/** Runs operations up to the first that has a difference. */
function follow<One extends Operation>(
  all: readonly One[],
  sizes: Sizes,
  comparison: Comparison,
  step: (operation: One) => void,
): Verdict {
  let operations = 0;
  for (const operation of all) {
    step(operation);
    operations++;
    const differences = comparison.takeDifferences();
    if (differences.length > 0) {
      const { observations } = comparison;
      const failure = { operation, differences };
      return { sizes, operations, observations, failure };
    }
  }
  return { sizes, operations, observations: comparison.observations };
}
