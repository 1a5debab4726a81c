/** Which devices are on, and who keeps one from being swapped off. */
import { reads, type Stop, writes } from "../rules/stop.ts";
import { SWAP_INFO } from "./locks.ts";
import type { SwapType } from "./swap_type.ts";
import type { Swap } from "./swap.ts";

/** The references of a device, which swapoff waits for. */
const usersState = (type: number): string => `si->users of type ${type}`;

/** A device that is on, referenced (`get_swap_device`). */
export function* getSwapDevice(
  { types, locks }: Swap,
  type: number,
): Generator<Stop, SwapType | undefined> {
  yield reads(SWAP_INFO, "get_swap_device, mm/swapfile.c");
  const swapType = types.get(type);
  if (swapType === undefined) return undefined;
  locks.touch(usersState(type), false);
  swapType.users++;
  return swapType;
}

/** Drops that reference (`put_swap_device`). */
export function* putSwapDevice(
  _swap: Swap,
  swapType: SwapType,
): Generator<Stop, void> {
  yield writes(
    usersState(swapType.type),
    "put_swap_device, include/linux/swap.h",
  );
  swapType.users--;
}
