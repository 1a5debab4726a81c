/** Operations for whoever interleaves them by hand. */
import { maySleep, type Stop, stopText } from "../rules/stop.ts";

/**
 * An operation that stops only where it waits, not at its locks: whoever runs
 * it stops it there, and runs others in one piece.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LINUX_6_18, RamBackingDevice, waitsOf, Zram } from "zspec";
 *
 * const device = new RamBackingDevice(4, 4096);
 * const zram = new Zram(LINUX_6_18, {
 *   backingDevices: new Map([["/dev/sda", device]]),
 * });
 * zram.setBackingDev("/dev/sda");
 * zram.setDisksize(1 << 20);
 * zram.write(0, Uint8Array.from({ length: 4096 }, (_, at) => at % 251));
 * const writeback = waitsOf(zram.writebackSteps("page_index=0"));
 * assertEquals(writeback.next().value, "zram_writeback_slots, zram_drv.c: submit_bio_wait: may sleep");
 * zram.discard(0, 1);
 * while (!writeback.next().done);
 * assertEquals(zram.bdStat().bd_count, 0);
 * ```
 */
export function* waitsOf<Result>(
  operation: Generator<Stop, Result>,
): Generator<string, Result> {
  let step = operation.next();
  try {
    while (!step.done) {
      if (maySleep(step.value)) yield stopText(step.value);
      step = operation.next();
    }
    return step.value;
  } catch (error) {
    // What it holds it puts back.
    for (let left = operation.throw(error); !left.done;) {
      left = operation.next();
    }
    throw error;
  }
}
