/** The same pages on devices of several kernels. */
import type { Codec } from "../codec/codec.ts";
import type { Profile } from "../linux/profile.ts";
import { Zram } from "../zram/device.ts";
import { findFiles, forEachPage, type PageFile } from "./pages.ts";
import { progress } from "./progress.ts";
import { UsageError } from "./usage.ts";

/** A codec that compresses a page once, however many devices ask it to. */
interface SharedCodec extends Codec {
  /** The next page is another one. */
  next(): void;
}

function sharedCodec(codec: Codec, pageSize: number): SharedCodec {
  const compressed = new Uint8Array(2 * pageSize);
  let length: number | undefined;
  return {
    name: codec.name,
    next() {
      length = undefined;
    },
    compress(page, into) {
      length ??= codec.compress(page, compressed);
      into.set(compressed.subarray(0, length));
      return length;
    },
    decompress: (from, page) => codec.decompress(from, page),
  };
}

/** Writes the pages of files to a device of each profile, all of one page size. */
function writeSamePages(
  profiles: readonly Profile[],
  files: readonly PageFile[],
  pageSize: number,
  codec: Codec,
): Zram[] {
  const pages = files.reduce((sum, file) => sum + file.pages, 0);
  const shared = sharedCodec(codec, pageSize);
  const devices = profiles.map((profile) => {
    const zram = new Zram(profile, { codecs: [shared] });
    zram.setAlgorithm(shared.name);
    zram.setDisksize(pages * pageSize);
    return zram;
  });
  const shown = progress("writing", pages);
  let page = 0;
  forEachPage(files, pageSize, (data) => {
    shared.next();
    for (const zram of devices) {
      const stored = zram.write(page, data);
      if (typeof stored === "string") {
        throw new Error(`Cannot write page ${page}: ${stored}`);
      }
    }
    shown.step(++page);
  });
  shown.end();
  return devices;
}

/**
 * A device of each profile, in order, to which every page of the files under
 * `paths` was written. A page is compressed once for all devices of its size.
 */
export function storeOnEach(
  profiles: readonly Profile[],
  paths: readonly string[],
  codec: Codec,
): Zram[] {
  const devices = new Map<Profile, Zram>();
  for (const [pageSize, same] of Map.groupBy(profiles, (one) => one.pageSize)) {
    const files = findFiles(paths, pageSize);
    if (files.length === 0) {
      throw new UsageError("Cannot compare: the files hold no bytes");
    }
    writeSamePages(same, files, pageSize, codec)
      .forEach((zram) => devices.set(zram.profile, zram));
  }
  return profiles.flatMap((profile) => devices.get(profile) ?? []);
}
