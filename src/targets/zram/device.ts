/** Devices of the model as programs ask for them. */
import { buddyAsked } from "../../programs/zones.ts";
import { codecsOf } from "../../codec/codecs.ts";
import type { Codec } from "../../codec/codec.ts";
import { lz4 } from "../../codec/lz4.ts";
import { statedCodecs } from "../../codec/stated.ts";
import type { Profile } from "../../linux/profile.ts";
import { cryptoAlgorithm } from "../../linux/zram_profile.ts";
import { failEach } from "../../programs/faults.ts";
import { filesOf } from "../../programs/files.ts";
import { kernelAsked } from "../../programs/kernel.ts";
import { Memory } from "../../memory/memory.ts";
import { BACKING_PATH } from "../../programs/transcript_zram.ts";
import type { ZramCreate } from "../../programs/zram/steps.ts";
import { RamBackingDevice } from "../../zram/backing.ts";
import { Zram } from "../../zram/device.ts";

/** Every algorithm that can be chosen, those that are listed first. */
export function choosableAlgorithms({ zram }: Profile): readonly string[] {
  return [...zram.compAlgorithms, ...zram.unlistedAlgorithms];
}

/**
 * The codecs of every algorithm of a profile. To those of which no codec is at
 * hand, whose lengths nobody knows, it gives the lengths of lz4.
 */
export function zramCodecs(
  profile: Profile,
  codecs: ZramCreate["codecs"],
): readonly Codec[] {
  const names = choosableAlgorithms(profile);
  if (codecs === "stated") return statedCodecs(names);
  return names.map((name) => ({ ...codecOf(profile, name), name }));
}

/** The codec of an algorithm, or the nearest there is. */
export function codecOf({ zram }: Profile, name: string): Codec {
  const algorithm = cryptoAlgorithm(name);
  return codecsOf(zram).find((codec) => codec.name === algorithm) ?? lz4;
}

/** A fresh device of a kernel, its clock, and what is special about it. */
export function makeZram(
  asked: Profile,
  create: ZramCreate,
  codecs: readonly Codec[],
  now: () => number,
): Zram {
  const profile = kernelAsked(asked, create);
  return new Zram(profile, {
    codecs,
    memory: memoryOf(profile, create),
    backingDevices: backingDevicesOf(profile, create),
    files: filesOf(create.files, profile.pageSize),
    now,
  });
}

function memoryOf(
  { pageSize, release }: Profile,
  create: ZramCreate,
): Memory {
  const { maxPages, firstPfn, failEach: each, buddy } = create;
  return new Memory({
    pageSize,
    firstPfn,
    maxPages,
    buddy: buddyAsked(release.pageAlloc, buddy, firstPfn),
    failPageAlloc: failEach(each),
  });
}

function backingDevicesOf(
  { pageSize }: Profile,
  { backingPages, badReads = [], badWrites = [], failEachWrite }: ZramCreate,
): ReadonlyMap<string, RamBackingDevice> {
  if (backingPages === undefined) return new Map();
  const fails = failEach(failEachWrite);
  let writes = 0;
  const device = new RamBackingDevice(backingPages, pageSize, {
    failRequest: (kind, block) =>
      kind === "read"
        ? badReads.includes(block)
        : fails(writes++) || badWrites.includes(block),
  });
  return new Map([[BACKING_PATH, device]]);
}
