/** Test cases as others read them. */

/** One test case; `Failure` is all there is to say of why it failed. */
export interface TestCase<Failure> {
  /** Its name. */
  readonly name: string;
  /** Why it failed; absent where it passed. */
  readonly failure?: Failure;
  /** Why nothing is known of it; absent where it passed or failed. */
  readonly skipped?: string;
}
