/** What a recording writes of an answer. */
import { isRefusal, type Refusal } from "../targets/target.ts";

/** The fields of a result, or the error in its place. */
export function outcome<Found, Result>(
  answer: Found | Refusal,
  result: (found: Found) => Result,
): Result | { readonly errno: string } {
  return isRefusal(answer) ? { errno: answer.error } : result(answer);
}
