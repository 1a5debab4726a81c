/** What the algorithms of a device were told, in the ledger, and what they go by. */
import type { ZcompParams } from "../../linux/zcomp_params.ts";

/** Algorithms that look at their level with each page. */
const LEVEL_EACH_TIME: readonly (string | undefined)[] = ["lz4", "lz4hc"];
/** Algorithms with dictionaries. */
const HAVE_DICTIONARIES = [...LEVEL_EACH_TIME, "zstd"];

/** What algorithms are told, and what they go by, by their priorities. */
export class ToldParams {
  /** What each was told last. */
  said: (ZcompParams | undefined)[] = [];
  /** What each goes by, once it is set up. */
  used: (ZcompParams | undefined)[] = [];

  /** The algorithms are set up, with what they were told. */
  setUp(): void {
    this.used = [...this.said];
  }

  /**
   * The algorithm of a priority is told something. One that is in use (up to
   * 7.0) may take the level from now on.
   */
  tell(
    priority: number,
    params: ZcompParams | undefined,
    inUse: string | undefined,
  ): void {
    this.said[priority] = params;
    if (!LEVEL_EACH_TIME.includes(inUse)) return;
    this.used[priority] = { ...this.used[priority], level: params?.level };
  }

  /** Whether the algorithm of a priority has a dictionary, which it reads each time. */
  hasDictionary(priority: number, algorithm: string | undefined): boolean {
    return HAVE_DICTIONARIES.includes(algorithm) &&
      this.used[priority]?.dict !== undefined;
  }

  /** Nothing was told. */
  forget(): void {
    this.said = [];
    this.used = [];
  }
}
