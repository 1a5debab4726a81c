/** Anonymous pages. */
import type { SwpEntry } from "../zswap/swp_entry.ts";

/** A page of a process: its page table's entry, and what its frame is. */
export interface AnonPage {
  /** The process that has it. */
  readonly process: number;
  /** Its number there. */
  readonly number: number;
  /** Its frame, or `NO_PAGE` where it is not mapped. */
  pfn: number;
  /** Its slot: where it is swapped out, or in the swap cache as well. */
  slot: SwpEntry | undefined;
  /** Whether it could not be read when its device was swapped off. */
  lost: boolean;
  /**
   * Whether its frame is nobody else's for sure (PageAnonExclusive, since 5.19;
   * `pte_swp_exclusive` while it is out).
   */
  exclusive: boolean;
}
