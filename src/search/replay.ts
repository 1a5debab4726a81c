/**
 * Replay: the operations of a transcript run through the model, and every
 * observation compared with what the model shows.
 */
import type { Difference } from "../judges/comparison.ts";
import { describePageData } from "../programs/page_data.ts";
import {
  isOfZswap,
  type Operation,
  type Transcript,
} from "../programs/transcript.ts";
import { replaySwap } from "./replays/swap.ts";
import type { VerdictOf } from "./replays/verdict.ts";
import { replayZram, type Sizes } from "./replays/zram.ts";

export type { Difference, Sizes, VerdictOf };

/** How a replay ended. */
export type Verdict = VerdictOf<Operation>;

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
    case "wait":
      return `wait ${operation.seconds} s`;
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
    ? replaySwap(transcript, asked)
    : replayZram(transcript, asked);
}
