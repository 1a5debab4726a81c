/** Pages that go out in the order of their age, some more than once. */
import { randomFrom } from "../../programs/random.ts";
import type { Swap } from "../../swap/swap.ts";

/** The process that has the pages. */
export const PROCESS = 1;
/** Swap-outs for each page that comes back. */
const REFAULT_EVERY = 8;

/**
 * Writes pages and swaps them out by `swapOut` in their order. Every eighth
 * time a random earlier page is read or, as often, written, and goes out again.
 * Answers when each page went out last.
 */
export function swapOutByAge(
  swap: Swap,
  data: readonly Uint8Array[],
  seed: number,
  swapOut: (page: number) => void,
): number[] {
  const random = randomFrom(seed);
  const into = new Uint8Array(swap.profile.pageSize);
  const age: number[] = [];
  let now = 0;
  const out = (page: number) => {
    swapOut(page);
    age[page] = now++;
  };
  data.forEach((bytes, page) => {
    assertDone(swap.write(PROCESS, page, bytes));
    out(page);
    if (page % REFAULT_EVERY !== REFAULT_EVERY - 1) return;
    const earlier = random(page);
    const isRead = random(2) === 0;
    assertDone(
      isRead
        ? swap.read(PROCESS, earlier, into)
        : swap.write(PROCESS, earlier, data[earlier]),
    );
    out(earlier);
  });
  return age;
}

function assertDone(errno: string | undefined): void {
  if (errno !== undefined) throw new Error(`Cannot use a page: ${errno}`);
}
