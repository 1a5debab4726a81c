/** What there is to read of a rule, whatever checks it. */

/** What there is to read of a rule. */
export interface Rule {
  /** Its name, room first: `zsmalloc/free-list`. */
  readonly id: string;
  /** The rule in one sentence. */
  readonly sentence: string;
  /** The kernel's source that makes it hold: function, file, release. */
  readonly source: string;
}

/** A rule of these words. */
export function rule(id: string, sentence: string, source: string): Rule {
  return { id, sentence, source };
}
