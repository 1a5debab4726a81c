/**
 * Bios: requests in sectors, of many pages or of parts of one. Specifies
 * `zram_submit_bio` and what it calls, `drivers/block/zram/zram_drv.c`.
 */
import type { Errno } from "../linux/errno.ts";
import type { ZramProfile } from "../linux/zram_profile.ts";
import { KernelBug } from "../rules/kernel_bug.ts";
import { acquire, reads, release, type Stop, writes } from "../rules/stop.ts";
import {
  assertBio,
  type Bio,
  CAPACITY,
  checkRequest,
  isSupported,
  SECTOR_SIZE,
} from "./bio_request.ts";
import { countRequest, segmentSteps } from "./bio_segments.ts";
import type { Zram } from "./device.ts";
import { underSlot } from "./locks.ts";
import { freePage } from "./write.ts";

const SUBMIT_BIO = "zram_submit_bio, zram_drv.c";
const BIO_EOD = "bio_check_eod, block/blk-core.c";

/** Specifies `zram_submit_bio`; see `Zram.submitBio`. */
export function* submitBioSteps(
  zram: Zram,
  bio: Bio,
): Generator<Stop, Errno | undefined> {
  assertBio(bio);
  return yield* REQUEST_HOLDS[zram.profile.zram.requestHolds](
    zram,
    () => requestSteps(zram, bio),
  );
}

/** Runs a request, holding what keeps its device initialised. */
type HoldRequest = (
  zram: Zram,
  request: () => Generator<Stop, Errno | undefined>,
) => Generator<Stop, Errno | undefined>;

const REQUEST_HOLDS: Readonly<
  Record<ZramProfile["requestHolds"], HoldRequest>
> = {
  *nothing(_zram, request) {
    yield reads(CAPACITY, BIO_EOD);
    return yield* request();
  },
  *init_lock({ locks }, request) {
    yield acquire(locks.device, SUBMIT_BIO, "shared");
    const errno = yield* request();
    yield release(locks.device, SUBMIT_BIO, "shared");
    return errno;
  },
  *reference(zram, request) {
    yield writes(REFERENCES, "zram_meta_get, zram_drv.c");
    if (zram.disksize === 0) return yield* request();
    zram.references++;
    const errno = yield* request();
    yield writes(REFERENCES, "zram_meta_put, zram_drv.c");
    zram.references--;
    return errno;
  },
};

/** What counts the requests under way. */
export const REFERENCES = "zram->refcount";

/** A request in whole. */
function* requestSteps(
  zram: Zram,
  bio: Bio,
): Generator<Stop, Errno | undefined> {
  if ("bytes" in bio) {
    if (!isSupported(zram, bio.op)) return "EOPNOTSUPP";
    return checkRequest(zram, bio.sector, bio.bytes) ??
      (yield* discardSteps(zram, bio.sector, bio.bytes));
  }
  const errno = checkRequest(zram, bio.sector, bio.data.length);
  if (errno !== undefined) return errno;
  if (zram.profile.zram.requestsCounted === "bios") countRequest(zram, bio.op);
  return yield* segmentSteps(zram, bio);
}

const BIO_DISCARD = "zram_bio_discard, zram_drv.c";

/**
 * Frees the whole pages in a range, each counted in `notify_free` whether it
 * was stored or not; parts of pages at its ends stay as they were. Throws a
 * {@linkcode KernelBug} where the request never ends. Specifies
 * `zram_bio_discard`.
 */
function* discardSteps(
  zram: Zram,
  sector: number,
  bytes: number,
): Generator<Stop, undefined> {
  const { pageSize } = zram.profile;
  const start = sector * SECTOR_SIZE;
  const offset = start % pageSize;
  const isWithin = offset > 0 && bytes <= pageSize - offset;
  if (isWithin && zram.profile.zram.partialDiscard === "never-ends") {
    throw new KernelBug("zram_bio_discard", "never end the request");
  }
  const end = Math.floor((start + bytes) / pageSize);
  for (let page = Math.ceil(start / pageSize); page < end; page++) {
    yield* underSlot(zram, page, BIO_DISCARD, () => freePage(zram, page));
    zram.ioStat.notifyFree++;
  }
}
