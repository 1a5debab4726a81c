/** A user's swap cache as what does the steps of programs. */
import { expandBytes } from "../../programs/bytes.ts";
import type { ZswapCreate, ZswapSteps } from "../../programs/zswap/steps.ts";
import { type Outcome, SKIPPED, tableTarget } from "../step_target.ts";
import { isRefusal, type ZswapSetup, type ZswapTarget } from "../target.ts";
import type { ZswapResults, ZswapStepTarget } from "./results.ts";

/** What every cache can be made for; `undefined` where more is asked. */
function plainSetup(
  { totalPages, maxPoolPercent, acceptThresholdPercent, allocator, ...more }:
    & ZswapCreate
    & { readonly op: "create" },
): ZswapSetup | undefined {
  const { op: _op, ...special } = more;
  if (Object.keys(special).length > 0) return undefined;
  return { totalPages, maxPoolPercent, acceptThresholdPercent, allocator };
}

/**
 * Asks a swap cache, whose pages have `pageSize` bytes, for what steps say. It
 * is passed over what such a target cannot do: whatever follows a `create` that
 * asks for more than it knows; operations beyond its methods.
 */
export function objectZswap(
  target: ZswapTarget,
  pageSize: number,
): ZswapStepTarget {
  let isMade = false;
  const made = <Result>(ask: () => Result): Result | typeof SKIPPED =>
    isMade ? ask() : SKIPPED;
  const settle = <Result>(answer: Outcome<Result>): Outcome<Result> => {
    isMade = !isRefusal(answer);
    return answer;
  };
  return tableTarget<ZswapSteps, ZswapResults>({
    create(step) {
      const setup = plainSetup(step);
      isMade = false;
      if (setup === undefined) return SKIPPED;
      const answer = target.create(setup);
      return answer instanceof Promise ? answer.then(settle) : settle(answer);
    },
    store: ({ type, offset, data }) =>
      made(() => target.store(type, offset, expandBytes(data, pageSize))),
    load: ({ type, offset, toSwapCache }) =>
      toSwapCache === false ? SKIPPED : made(() => target.load(type, offset)),
    invalidate: ({ type, offset }) =>
      made(() => target.invalidate(type, offset)),
    writeback: ({ entries, meanwhile }) =>
      meanwhile === undefined ? made(() => target.writeback(entries)) : SKIPPED,
    stats: () => made(() => target.stats()),
  }, target);
}
