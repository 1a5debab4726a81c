/** What the properties of operations that have two forms share. */
import { assert, assertEquals } from "@std/assert";
import { InvariantError, KernelBug, type Memory, PAGE_STRIDE } from "../mod.ts";

/** What came of an operation. */
export interface Outcome {
  readonly answer?: unknown;
  readonly error?: Error;
}

/** Does an operation and says what came of it. */
export function outcomeOf(operation: () => unknown): Outcome {
  try {
    return { answer: operation() };
  } catch (error) {
    assert(error instanceof Error);
    return { error };
  }
}

/** What was thrown, in words. */
export function errorText({ error }: Outcome): string | undefined {
  return error && `${error.constructor.name}: ${error.message}`;
}

/** Whether nothing that comes after is specified. */
export function isEnd({ error }: Outcome): boolean {
  return error instanceof KernelBug || error instanceof InvariantError;
}

/** Throws where the same came not of an operation in both forms. */
export function assertSameOutcome(
  found: Outcome,
  expected: Outcome,
  where: string,
): void {
  assertEquals(errorText(found), errorText(expected), where);
  assertEquals(found.answer, expected.answer, where);
}

/** Every word that was ever a frame's, or its `struct page`'s. */
const wordsOf = ({ words, page, endPfn, pageSize }: Memory) => [
  words.subarray(0, endPfn * pageSize / 4),
  page.subarray(0, endPfn * PAGE_STRIDE),
];

/** Throws where frames of two memories differ, in any word. */
export function assertSameFrames(
  found: Memory,
  expected: Memory,
  where: string,
): void {
  assertEquals(found.allocatedPages, expected.allocatedPages, where);
  const others = wordsOf(expected);
  for (const [nth, one] of wordsOf(found).entries()) {
    const other = others[nth];
    let same = 0;
    while (same < other.length && one[same] === other[same]) same++;
    assertEquals([same, one.length], [other.length, other.length], where);
  }
}
