/** On which list new pages of processes come, by kernel. */
import { LINUX_3_12, LINUX_4_0, type Profile } from "../../linux/profile.ts";
import type { NewPages } from "./small_machine.ts";

/** Those that zspec models of the releases up to 5.8. */
const ACTIVE = new Set([LINUX_3_12, LINUX_4_0].map(({ release }) => release));

/**
 * The list: the active one up to 5.8, since then the inactive one
 * (`lru_cache_add_inactive_or_unevictable`, `mm/swap.c`).
 */
export function newPagesOf({ release }: Profile): NewPages {
  return ACTIVE.has(release) ? "active" : "inactive";
}
