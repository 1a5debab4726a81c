/** Kernels of every geometry, for properties that hold in all of them. */
import fc from "fast-check";
import { type Profile, PROFILES } from "../mod.ts";

/** A named profile, or one like it with another geometry. */
export const anyProfile: fc.Arbitrary<Profile> = fc.record({
  profile: fc.constantFrom(...PROFILES),
  pageSize: fc.constantFrom(4096, 4096, 16384, 65536),
  word: fc.constantFrom(
    { wordBits: 64, physBits: 52 },
    { wordBits: 64, physBits: 40 },
    { wordBits: 32, physBits: 32 },
    { wordBits: 32, physBits: 36 },
  ),
  chainSize: fc.constantFrom(4, 8, 11, 16),
}).map(({ profile, pageSize, word, chainSize }) => ({
  ...profile,
  ...word,
  pageSize,
  chainSize,
}));
