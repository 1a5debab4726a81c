/** Which release of libzstd an encoder is of, told from lengths. */
import type { Codec } from "./codec.ts";

const PAGE_SIZE = 4096;
/** The numbers of ANSI C's rand. */
const FACTOR = 1103515245;
const INCREMENT = 12345;

/** A page of copies of what it has before, with other bytes among them. */
function samplePage(seed: number): Uint8Array {
  let state = seed;
  const below = (bound: number) => {
    state = (Math.imul(state, FACTOR) + INCREMENT) >>> 0;
    return (state >>> 16) % bound;
  };
  const page = new Uint8Array(PAGE_SIZE);
  for (let at = 0; at < PAGE_SIZE;) {
    let from = below(at + 1);
    const end = Math.min(at + 3 + below(24), PAGE_SIZE);
    for (; at < end; at++, from++) {
      page[at] = from < at && below(8) > 0 ? page[from] : below(64);
    }
  }
  return page;
}

/** The seeds of pages whose lengths tell releases apart. */
const SEEDS = [3, 4];

/** Their lengths in libzstd 1.5.7; every release before it has others at a level. */
const SAMPLES: readonly (readonly [level: number, ...lengths: number[]])[] = [
  [-5, 2917, 2915],
  [3, 1694, 1690],
  [19, 1539, 1487],
];

/** Whether encoders, which are given by their levels, are of libzstd 1.5.7. */
export function isZstd157(
  encoderOf: (level: number) => Codec["compress"],
): boolean {
  const into = new Uint8Array(2 * PAGE_SIZE);
  return SAMPLES.every(([level, ...lengths]) => {
    const compress = encoderOf(level);
    return lengths.every((length, nth) =>
      compress(samplePage(SEEDS[nth]), into) === length
    );
  });
}
