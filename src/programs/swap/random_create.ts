/** Random machines of the swap path. */
import type { Profile } from "../../linux/profile.ts";
import { present } from "../grammar.ts";
import { pick, type Random } from "../random.ts";
import type { SwapBelow, SwapCreate } from "./steps.ts";

/** What is below, as often as it is to be there. */
const BELOW: readonly SwapBelow[] = [
  "disk",
  "zswap-disk",
  "zswap-disk",
  "zswap-ram-disk",
  "zswap-ram-disk",
  "zswap-pseudo",
  "zram",
  "zram-backing",
];

/** Slots of each device: few, so that half of them are soon in use, or many. */
function anySlots(random: Random): number {
  return pick(
    random,
    1 + random(3),
    3 + random(8),
    10 + random(40),
    40 + random(100),
    // As many as a processor keeps slots above, one more and one less.
    159 + random(3),
    200 + random(2000),
  );
}

/** What fails, and how often: most machines have nothing that does. */
function anyFailures(random: Random): SwapCreate {
  const choose = (...from: readonly number[]) => {
    const each = pick(random, ...from);
    return each > 0 ? each : undefined;
  };
  return {
    failWrites: choose(0, 0, 2, 5),
    failReads: choose(0, 2, 3, 6),
    failAllocations: choose(0, 0, 0, 5, 9, 30),
  };
}

function anyGeometry(random: Random): SwapCreate {
  return {
    pageSize: pick(random, undefined, undefined, undefined, 16384),
    wordBits: pick(random, undefined, undefined, 32),
  };
}

/** What is special about a machine; its geometry too, where any will do. */
export function randomCreate(
  random: Random,
  { zswap }: Profile,
  isAny: boolean,
): SwapCreate {
  const slots = anySlots(random);
  return present({
    ...isAny ? anyGeometry(random) : {},
    below: BELOW[random(BELOW.length)],
    allocator: pick(random, ...zswap.zpools),
    slots,
    frames: random(3) === 0 ? 6 + random(2 * slots + 20) : undefined,
    poolPages: pick(random, 1 + random(6), 5 + random(20), 20 + random(100)),
    ...random(3) > 0 ? {} : anyFailures(random),
    stableWrites: random(3) === 0 ? true : undefined,
  });
}
