/** Kernels of every geometry, as data: what machines are run on. */
import { type Profile, profileNamed, PROFILES } from "../linux/profile.ts";
import type { Arbitrary, FastCheck } from "./fast_check.ts";
import { plain } from "../explore/steps.ts";

/** A named profile with a geometry of its own, as a JSON value. */
export interface ProfileChoice {
  /** The name of the profile that has the rest. */
  readonly name: string;
  /** Bytes per page. */
  readonly pageSize: number;
  /** Bits per `unsigned long`. */
  readonly wordBits: number;
  /** Bits of a physical address. */
  readonly physBits: number;
  /** The most pages a zspage chains. */
  readonly chainSize: number;
}

/** Random choices of a kernel that Linux can be built as. */
export function profileChoices(fc: FastCheck): Arbitrary<ProfileChoice> {
  return plain(fc, {
    name: fc.constantFrom(...PROFILES.map(({ name }) => name)),
    pageSize: fc.constantFrom(4096, 4096, 16384, 65536),
    word: fc.constantFrom(
      { wordBits: 64, physBits: 52 },
      { wordBits: 64, physBits: 40 },
      { wordBits: 32, physBits: 32 },
      { wordBits: 32, physBits: 36 },
    ),
    chainSize: fc.constantFrom(4, 8, 11, 16),
  }).map(({ name, pageSize, word, chainSize }) => ({
    name,
    pageSize,
    ...word,
    chainSize,
  }));
}

/** The profile that a choice describes. Throws where none has its name. */
export function chosenProfile(choice: ProfileChoice): Profile {
  const profile = profileNamed(choice.name);
  if (profile === undefined) {
    throw new RangeError(
      `Cannot choose a profile: the 'name' is '${choice.name}', not ${
        PROFILES.map(({ name }) => name).join(" or ")
      }`,
    );
  }
  const { pageSize, wordBits, physBits, chainSize } = choice;
  return { ...profile, pageSize, wordBits, physBits, chainSize };
}
