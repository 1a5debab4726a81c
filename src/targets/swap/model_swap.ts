/** The model of the swap path, with zswap in it, as an object. */
import type { Profile } from "../../linux/profile.ts";
import { ONE_PROCESS } from "../../programs/swap/steps.ts";
import {
  readZswapParameter,
  writeZswapParameter,
} from "../../zswap/parameters.ts";
import type { Zswap } from "../../zswap/zswap.ts";
import { refusalOf, textOf } from "../answers.ts";
import type { SwapSetup, SwapTarget } from "../swap_target.ts";
import { countersOf, pageOut, readPage } from "./requests.ts";
import { makeSubject, type SwapSubject } from "./subject.ts";

/** A machine whose swap path has zswap. */
function makeZswap(
  profile: Profile,
  setup: SwapSetup,
): { subject: SwapSubject; zswap: Zswap } {
  const subject = makeSubject(profile, setup);
  const { zswap } = subject.swap;
  if (zswap === undefined) throw new Error("the swap path has no zswap");
  return { subject, zswap };
}

/**
 * A process of the model: what a live kernel is compared with. After each page
 * that is paged out, zswap's worker runs. It answers at once.
 */
export function modelSwap(profile: Profile, setup: SwapSetup): SwapTarget {
  let { subject, zswap } = makeZswap(profile, setup);
  return {
    create() {
      ({ subject, zswap } = makeZswap(profile, setup));
    },
    set: (attr, value) => refusalOf(writeZswapParameter(zswap, attr, value)),
    get: (attr) => textOf(readZswapParameter(zswap, attr)),
    write: (page, data) =>
      refusalOf(subject.swap.write(ONE_PROCESS, page, data)),
    read: (page) => readPage(subject, ONE_PROCESS, page),
    pageOut: (page) => ({ out: pageOut(subject, ONE_PROCESS, page) }),
    forget: (page) => subject.swap.free(ONE_PROCESS, page),
    counters: () => countersOf(zswap),
  };
}
