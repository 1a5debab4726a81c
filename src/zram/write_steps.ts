/**
 * How a page is written while others run: the sections of `writePage`, with a
 * stop at each lock. Specifies `zram_write_page`, `write_same_filled_page` and
 * `write_incompressible_page`, `drivers/block/zram/zram_drv.c`.
 */
import { acquire, reads, release, type Stop } from "../rules/stop.ts";
import type { Zram } from "./device.ts";
import { type Stream, TABLE, underSlot } from "./locks.ts";
import {
  compressPage,
  countObject,
  countSameFilled,
  freePage,
  freesFirst,
  keepWithinLimit,
  mallocSlowly,
  storeObject,
  storeSameFilled,
  takesNoMemory,
  writeObject,
  writePage,
} from "./write.ts";
import { PRIMARY_COMP } from "./zcomp.ts";

const WRITE_PAGE = "zram_write_page, zram_drv.c";
const WRITE_SAME = "write_same_filled_page, zram_drv.c";
const STREAM_GET = "zcomp_stream_get, zcomp.c";
const STREAM_PUT = "zcomp_stream_put, zcomp.c";
const CAN_STORE = "zram_can_store_page, zram_drv.c";
const BVEC_WRITE = "zram_bvec_write, zram_drv.c";

/** What becomes of a page that is written. */
type Written = number | "ENOMEM" | "EINVAL";

/** {@linkcode writePage}, stopping wherever others may run. */
export function* writePageSteps(
  zram: Zram,
  page: number,
  data: Uint8Array,
): Generator<Stop, Written> {
  if (zram.profile.zram.locking.slot.per === "device") {
    // Up to 3.14 one lock of the device covers buffers and table.
    return yield* underSlot(
      zram,
      page,
      BVEC_WRITE,
      () => writePage(zram, page, data),
    );
  }
  if (freesFirst(zram)) {
    yield* underSlot(zram, page, WRITE_PAGE, () => freePage(zram, page));
  }
  if (takesNoMemory(zram.profile, data)) {
    const store = () => storeSameFilled(zram, page, data);
    yield* underSlot(zram, page, WRITE_SAME, store);
    countSameFilled(zram);
    return 0;
  }
  const made = yield* makeObject(zram, data);
  if (typeof made === "string") return made;
  const { handle, length } = made;
  const store = () => storeObject(zram, page, handle, length);
  yield* underSlot(zram, page, WRITE_PAGE, store);
  countObject(zram, length);
  return length;
}

/** An object that has a page's bytes, and is nobody's yet. */
interface Made {
  readonly handle: number;
  readonly length: number;
}

/** Compresses a page into an object of the pool, holding the CPU's stream. */
function* makeObject(
  zram: Zram,
  data: Uint8Array,
): Generator<Stop, Made | "ENOMEM" | "EINVAL"> {
  const stream = zram.locks.stream(PRIMARY_COMP);
  yield acquire(stream.lock, STREAM_GET);
  zram.lockdep.touch(TABLE, false);
  const length = compressPage(zram, data, stream.buffer);
  if (length === 0) {
    yield release(stream.lock, STREAM_PUT);
    return "EINVAL";
  }
  // Since 6.14 a page that is stored whole needs the stream no more.
  const isHeld = zram.profile.zram.mallocSlowPath || length < data.length;
  if (!isHeld) yield release(stream.lock, STREAM_PUT);
  const handle = yield* mallocSteps(zram, data, length, stream);
  if (handle !== "ENOMEM") copyObject(zram, handle, length, data, stream);
  if (isHeld) yield release(stream.lock, STREAM_PUT);
  return handle === "ENOMEM" ? handle : { handle, length };
}

/** Copies a page, or what the stream made of it, into its object. */
function copyObject(
  zram: Zram,
  handle: number,
  length: number,
  data: Uint8Array,
  { lock, buffer }: Stream,
): void {
  if (length < data.length) zram.lockdep.assertHeld(lock, WRITE_PAGE);
  writeObject(zram, handle, length, data, buffer);
}

/**
 * An object within the limit, or ENOMEM. Up to 6.12 an allocation that fails is
 * tried again without the stream, which others change meanwhile: the page is
 * compressed once more.
 */
function* mallocSteps(
  zram: Zram,
  data: Uint8Array,
  length: number,
  { lock, buffer }: Stream,
): Generator<Stop, number | "ENOMEM"> {
  let handle = zram.initialisedPool.malloc(length);
  if (typeof handle === "string" && zram.profile.zram.mallocSlowPath) {
    yield release(lock, STREAM_PUT);
    handle = mallocSlowly(zram, length);
    yield acquire(lock, STREAM_GET);
    compressPage(zram, data, buffer);
  }
  if (typeof handle === "string") return "ENOMEM";
  yield reads("zram->limit_pages", CAN_STORE);
  return keepWithinLimit(zram, handle);
}
