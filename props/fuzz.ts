/**
 * How the properties are fuzzed: from one seed for all, which is printed, and
 * always the same unless another is asked for.
 */
import fc from "fast-check";

const VARIABLE = "ZSPEC_SEED";

/** The seed that was asked for, or the tests' own. */
function chooseSeed(): number {
  const permission = { name: "env", variable: VARIABLE } as const;
  const asked = Deno.permissions.querySync(permission).state === "granted"
    ? Deno.env.get(VARIABLE)
    : undefined;
  return asked === undefined ? 1 : Number(asked) >>> 0;
}

/** What all fuzzed tests start from: an unsigned 32-bit number. */
export const seed: number = chooseSeed();
console.log(`seed ${seed}; another: ${VARIABLE}=N deno task test`);

/** Checks a property `numRuns` times from the seed that was printed. */
export function fuzz<Values>(
  property: fc.IProperty<Values>,
  numRuns = 100,
): void {
  fc.assert(property, { seed: seed | 0, numRuns });
}

/** Bytes that compress as little or as much as real ones. */
export function contents(length: number): fc.Arbitrary<Uint8Array> {
  return fc.record({
    word: fc.uint8Array({ minLength: 1, maxLength: 48 }),
    noise: fc.uint8Array({ maxLength: 64 }),
    noiseAt: fc.nat(length - 1),
    random: fc.integer({ min: 0, max: length }),
    state: fc.integer({ min: 1 }),
  }).map(({ word, noise, noiseAt, random, state }) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at++) bytes[at] = word[at % word.length];
    for (let at = 0; at < random; at++) {
      state = Math.imul(state, 1103515245) + 12345;
      bytes[at] = state >>> 16;
    }
    bytes.set(noise.subarray(0, length - noiseAt), noiseAt);
    return bytes;
  });
}
