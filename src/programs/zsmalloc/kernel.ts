/** The kernel that a pool is one of, by what `create` asks for. */
import type { Profile } from "../../linux/profile.ts";
import type { ZsmallocCreate } from "./steps.ts";

/** Bits of a physical address where words have 32 bits (x86 with PAE). */
const PHYS_BITS_OF_32 = 36;
/** Those of a 64-bit kernel beside a profile of 32 bits. */
const PHYS_BITS_OF_64 = 52;

/** A kernel with the geometry that `create` asks for. */
export function profileWith(
  profile: Profile,
  { pageSize, wordBits, chainSize, physBits, mapping }: ZsmallocCreate,
): Profile {
  const others = wordBits === 32 ? PHYS_BITS_OF_32 : PHYS_BITS_OF_64;
  const own = wordBits === profile.wordBits ? profile.physBits : others;
  return {
    ...profile,
    pageSize,
    wordBits,
    chainSize,
    physBits: physBits ?? own,
    mapping: profile.mapping === "copy" && mapping !== undefined
      ? mapping
      : profile.mapping,
  };
}
