/** Programs were run, and no rule was exercised: nothing is known of the target. */
export class NothingExercised extends Error {
  /** The error's class. */
  override readonly name = "NothingExercised";
}
