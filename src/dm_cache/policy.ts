/** What a cache asks its policy, and what that answers (`dm-cache-policy.h`). */

/** A request as the policy sees it. */
export interface MappedRequest {
  /** The block of the origin that it is for. */
  readonly oblock: number;
  /** Its first sector. */
  readonly sector: number;
  /** Its sectors. */
  readonly sectors: number;
  /** Whether it writes. */
  readonly isWrite: boolean;
  /** Whether the block was discarded, so that moving it copies nothing. */
  readonly discarded: boolean;
}

/** What the policy says of a request. */
export type PolicyResult =
  /** POLICY_HIT: it goes to the cache. */
  | { readonly op: "hit"; readonly cblock: number }
  /** POLICY_MISS: it goes to the origin. */
  | { readonly op: "miss" }
  /** POLICY_NEW: its block is to be copied to a free cache block first. */
  | { readonly op: "new"; readonly cblock: number }
  /** POLICY_REPLACE: another block is to make room for it first. */
  | {
    readonly op: "replace";
    readonly cblock: number;
    readonly oldOblock: number;
  }
  /** -EWOULDBLOCK: it would have to be moved, and may not now. */
  | { readonly op: "would-block" };
