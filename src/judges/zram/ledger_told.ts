/** What the algorithms of a device were told, in the ledger, and what they go by. */

/** What an algorithm was told. */
export interface LedgerParams {
  /** How hard to try. */
  readonly level: number | undefined;
  /** The window of deflate. */
  readonly winbits: number | undefined;
  /** Its dictionary. */
  readonly dict: Uint8Array | undefined;
}

/** Algorithms that look at their level with each page, and those with dictionaries. */
const LEVEL_EACH_TIME: readonly (string | undefined)[] = ["lz4", "lz4hc"];
/** The latter. */
const HAVE_DICTIONARIES = [...LEVEL_EACH_TIME, "zstd"];

/** What algorithms are told, and what they go by. */
export class ToldParams {
  /** What each priority was told last. */
  #said: (LedgerParams | undefined)[] = [];
  /** What the algorithm of each goes by, once it is set up. */
  #used: (LedgerParams | undefined)[] = [];

  /** What a priority was told last. */
  said(priority: number): LedgerParams | undefined {
    return this.#said[priority];
  }

  /** What the algorithm of a priority goes by. */
  used(priority: number): LedgerParams | undefined {
    return this.#used[priority];
  }

  /** The algorithms are set up, with what they were told. */
  setUp(): void {
    this.#used = [...this.#said];
  }

  /** The algorithm of a priority is told something. */
  tell(priority: number, params: LedgerParams | undefined): void {
    this.#said[priority] = params;
  }

  /** The same while it is in use (up to 7.0): some take the level from now on. */
  retell(
    priority: number,
    algorithm: string | undefined,
    params: LedgerParams | undefined,
  ): void {
    this.tell(priority, params);
    if (!LEVEL_EACH_TIME.includes(algorithm)) return;
    const level = params?.level;
    const { winbits, dict } = this.#used[priority] ?? NOTHING;
    this.#used[priority] = { level, winbits, dict };
  }

  /** Whether the algorithm of a priority has a dictionary, which it reads each time. */
  hasDictionary(priority: number, algorithm: string | undefined): boolean {
    return HAVE_DICTIONARIES.includes(algorithm) &&
      this.#used[priority]?.dict !== undefined;
  }

  /** Nothing was told. */
  forget(): void {
    this.#said = [];
    this.#used = [];
  }
}

/** What an algorithm was told that was told nothing. */
const NOTHING: LedgerParams = {
  level: undefined,
  winbits: undefined,
  dict: undefined,
};
