/** What the swap path asks of its devices and its memory, written down for its judges. */
import type { PageIo, SwapDevice } from "../../swap/device.ts";

/** A request of the swap path. */
export interface SwapRequest {
  /** A page is read or written, or a frame is asked for. */
  readonly kind: "read" | "write" | "frame";
  /** The swap type; -1 for a frame. */
  readonly type: number;
  /** The slot; -1 for a frame. */
  readonly slot: number;
  /** Whether a page was asked for without a bio. */
  readonly alone: boolean;
  /** Whether it failed. */
  readonly failed: boolean;
  /** Which part of the step it belongs to, where it has several; from 0. */
  readonly part: number;
}

/** The requests of one step, in their order. */
export interface Requested {
  /** The requests. */
  readonly requests: SwapRequest[];
  /** The part that is being done. */
  part: number;
}

/** A device that does what another does, and notes each request. */
export function watchedDevice(
  device: SwapDevice,
  requested: Requested,
): { readonly device: SwapDevice; type: number } {
  const watchedIo = (io: PageIo, alone: boolean): PageIo => {
    const note = (kind: "read" | "write", slot: number, failed: boolean) => {
      const { part, requests } = requested;
      requests.push({ kind, type: watched.type, slot, alone, failed, part });
    };
    return {
      readPage(slot, into) {
        const errno = io.readPage(slot, into);
        note("read", slot, errno !== undefined);
        return errno;
      },
      writePage(slot, data) {
        const errno = io.writePage(slot, data);
        note("write", slot, errno !== undefined);
        return errno;
      },
    };
  };
  const watched = {
    type: -1,
    device: {
      ...device,
      ...watchedIo(device, false),
      rwPage: device.rwPage && watchedIo(device.rwPage, true),
    },
  };
  return watched;
}
