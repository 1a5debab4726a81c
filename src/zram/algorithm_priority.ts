/** Which priority a name, a priority or both of them mean. */
import type { Errno } from "../linux/errno.ts";
import { type Comps, MAX_COMPS } from "./zcomp.ts";

/**
 * The priority that is asked for, `least` where none is: EINVAL for one not
 * from `least` up to but not including `end`, for an algorithm that has none, and where the two do not go together.
 * Specifies `lookup_algo_priority` and `validate_algo_priority`, `zram_drv.c`,
 * since 7.1.
 */
export function algorithmPriority(
  comps: Comps,
  { algo, priority }: { readonly algo?: string; readonly priority?: number },
  least: number,
  end: number = MAX_COMPS,
): number | Errno {
  if (priority !== undefined) {
    if (priority < least || priority >= end) return "EINVAL";
    const isOther = algo !== undefined && comps.nameAt(priority) !== algo;
    return isOther ? "EINVAL" : priority;
  }
  if (algo === undefined) return least;
  for (let nth = least; nth < end; nth++) {
    if (comps.nameAt(nth) === algo) return nth;
  }
  return "EINVAL";
}
