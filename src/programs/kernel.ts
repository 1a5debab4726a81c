/** The kernel that a `create` asks for. */
import type { Profile } from "../linux/profile.ts";

/** Bits of a physical address where words have 32 bits (x86 with PAE). */
const PHYS_BITS_OF_32 = 36;
/** Those of a 64-bit kernel beside a profile of 32 bits. */
const PHYS_BITS_OF_64 = 52;

/** What a `create` can ask of a kernel; what is left out is the profile's. */
export interface AskedKernel {
  /** Bytes per page. */
  readonly pageSize?: number;
  /** Bits per `unsigned long`. */
  readonly wordBits?: number;
  /** Bits of a physical address. */
  readonly physBits?: number;
  /** The most pages that a zspage chains. */
  readonly chainSize?: number;
  /** CONFIG_PGTABLE_MAPPING, where the kernel would copy what crosses frames. */
  readonly mapping?: "page-table";
}

/** A kernel with what `create` asks for. */
export function kernelAsked(profile: Profile, asked: AskedKernel): Profile {
  const {
    pageSize = profile.pageSize,
    wordBits = profile.wordBits,
    chainSize = profile.chainSize,
    mapping = profile.mapping,
  } = asked;
  const others = wordBits === 32 ? PHYS_BITS_OF_32 : PHYS_BITS_OF_64;
  const own = wordBits === profile.wordBits ? profile.physBits : others;
  return {
    ...profile,
    pageSize,
    wordBits,
    chainSize,
    physBits: asked.physBits ?? own,
    mapping: profile.mapping === "copy" ? mapping : profile.mapping,
  };
}
