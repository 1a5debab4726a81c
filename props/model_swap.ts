/** The model of the swap path, with zswap in it, as an object. */
import type { Profile } from "../src/linux/profile.ts";
import { ONE_PROCESS } from "../src/programs/swap/steps.ts";
import {
  readZswapParameter,
  writeZswapParameter,
} from "../src/zswap/parameters.ts";
import type { Zswap } from "../src/zswap/zswap.ts";
import { refusalOf, textOf } from "../src/targets/answers.ts";
import type { SwapSetup, SwapTarget } from "../src/targets/swap_target.ts";
import { countersOf, pageOut, readPage } from "../src/targets/swap/requests.ts";
import { makeSubject, type SwapSubject } from "../src/targets/swap/subject.ts";

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
    read: (page) => readPage(subject, { page }),
    pageOut: (page) => ({ out: pageOut(subject, { page }) }),
    forget: (page) => subject.swap.free(ONE_PROCESS, page),
    counters: () => countersOf(zswap),
  };
}
