/**
 * A stand-in for the package `@std/assert` where JSR is out of reach: the
 * functions that zspec uses, with that package's names and signatures, over
 * `node:util`.
 */
import { inspect, isDeepStrictEqual } from "node:util";

/** What a failed assertion throws. */
export class AssertionError extends Error {
  /** The error's class. */
  override name = "AssertionError";
}

/** A class of errors, abstract or not. */
// deno-lint-ignore no-explicit-any -- the package's own signature
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

function suffix(msg: string | undefined): string {
  return msg === undefined ? "" : `: ${msg}`;
}

/** Throws where `expr` is not truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/** Throws where the two are not deeply equal. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new AssertionError(
    `Values are not equal${suffix(msg)}\n\n  actual:   ${
      inspect(actual, { depth: 6 })
    }\n  expected: ${inspect(expected, { depth: 6 })}`,
  );
}

/** Throws where the two are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!isDeepStrictEqual(actual, expected)) return;
  throw new AssertionError(
    `Expected actual: ${inspect(actual)} not to be: ${inspect(expected)}${
      suffix(msg)
    }`,
  );
}

/** Throws where `actual` does not contain `expected`. */
export function assertStringIncludes(
  actual: string,
  expected: string,
  msg?: string,
): void {
  if (actual.includes(expected)) return;
  throw new AssertionError(
    `Expected actual: ${inspect(actual)} to contain: ${inspect(expected)}${
      suffix(msg)
    }`,
  );
}

/** Throws where `actual` does not match `expected`. */
export function assertMatch(
  actual: string,
  expected: RegExp,
  msg?: string,
): void {
  if (expected.test(actual)) return;
  throw new AssertionError(
    `Expected actual: ${inspect(actual)} to match: ${expected}${suffix(msg)}`,
  );
}

/**
 * Runs `fn` and returns the error that it throws; throws where it throws none,
 * or one of another class or without `msgIncludes` in its message.
 */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ErrorClass<E>,
  msgIncludes = "",
  msg?: string,
): E {
  try {
    fn();
  } catch (error) {
    return assertIsError(error, ErrorClass, msgIncludes, msg);
  }
  throw new AssertionError(`Expected function to throw${suffix(msg)}.`);
}

/** The same of a promise that `fn` returns, and that is to be rejected. */
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ErrorClass<E>,
  msgIncludes = "",
  msg?: string,
): Promise<E> {
  try {
    await fn();
  } catch (error) {
    return assertIsError(error, ErrorClass, msgIncludes, msg);
  }
  throw new AssertionError(`Expected function to reject${suffix(msg)}.`);
}

function assertIsError<E extends Error>(
  thrown: unknown,
  ErrorClass: ErrorClass<E>,
  msgIncludes: string,
  msg: string | undefined,
): E {
  if (!(thrown instanceof ErrorClass)) {
    throw new AssertionError(
      `Expected error to be instance of "${ErrorClass.name}", but was ${
        inspect(thrown)
      }${suffix(msg)}.`,
    );
  }
  if (!thrown.message.includes(msgIncludes)) {
    throw new AssertionError(
      `Expected error message to include ${inspect(msgIncludes)}, but got ${
        inspect(thrown.message)
      }${suffix(msg)}.`,
    );
  }
  return thrown;
}
