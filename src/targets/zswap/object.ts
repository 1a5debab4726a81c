/** A user's swap cache as what does the steps of programs. */
import { expandBytes } from "../../programs/bytes.ts";
import type { ZswapCreate, ZswapSteps } from "../../programs/zswap/steps.ts";
import { type Outcome, SKIPPED, tableTarget } from "../step_target.ts";
import { isRefusal, type ZswapSetup, type ZswapTarget } from "../target.ts";
import type { ZswapResults, ZswapStepTarget } from "./results.ts";

type Create = ZswapCreate & { readonly op: "create" };

/** What a cache is to be made for that not every one can be. */
export function unknownFields(
  {
    op: _op,
    totalPages: _totalPages,
    maxPoolPercent: _maxPoolPercent,
    acceptThresholdPercent: _acceptThresholdPercent,
    allocator: _allocator,
    ...special
  }: Create,
): readonly string[] {
  return Object.keys(special);
}

/** What every cache can be made for. */
function plainSetup(
  { totalPages, maxPoolPercent, acceptThresholdPercent, allocator }: Create,
): ZswapSetup {
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
      isMade = false;
      if (unknownFields(step).length > 0) return SKIPPED;
      const answer = target.create(plainSetup(step));
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
