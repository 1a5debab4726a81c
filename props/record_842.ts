/**
 * Records what a kernel's zram compresses the pages of `props/sw842_pages.ts` to
 * with the algorithm `842`, in a guest:
 *
 *     deno run -A props/record_842.ts --out FILE [OPTION…]
 *
 * The options are those of `zspec guest`; Debian's kernels have no `842`, so it
 * takes modules of one's own: `842_compress`, `842_decompress` and `zram`. A
 * kernel that writes back compressed pages tells their bytes too.
 */
import { BOOT_OPTIONS, bootOf } from "../src/cli/guest_boot.ts";
import { heedingSignals } from "../src/cli/interrupt.ts";
import { type Options, parseOptions, UsageError } from "../src/cli/usage.ts";
import type { Guest } from "../src/live/guest.ts";
import { bootGuest } from "../src/live/guest_boot.ts";
import {
  CODEC_MODULES,
  RAM_DISK,
  ramDisk,
} from "../src/live/wanted_modules.ts";
import { isRefusal, type Refusal } from "../mod.ts";
import { digestOf, SW842_PAGES } from "./sw842_pages.ts";

const PAGE_SIZE = 4096;
const DEVICE = "/dev/zram0";
const SYSFS = "/sys/block/zram0";
const BACKING = "/dev/loop0";
/** Pages of both disks. */
const DISK_PAGES = SW842_PAGES.length + 8;
/** Where `compr_data_size` is in `mm_stat`. */
const COMPR_DATA_SIZE = 1;

/** What was recorded of one kernel. */
export interface Recorded842 {
  /** The kernel's release. */
  readonly kernel: string;
  /** The digest of the pages. */
  readonly pages: string;
  /**
   * By how much each page grew `compr_data_size`: its length compressed, or
   * 4,096 where that is too long for a size class of its own.
   */
  readonly lengths: readonly number[];
  /**
   * The digest of what all pages are compressed to but those of 4,096 bytes,
   * where the kernel can tell.
   */
  readonly streams?: string;
}

/** What the kernel answers where it must not refuse. */
function answered<Answer extends object | undefined>(
  answer: Answer,
): Exclude<Answer, Refusal> {
  if (isRefusal(answer)) throw new Error(`The kernel answers ${answer.error}`);
  return answer as Exclude<Answer, Refusal>;
}

async function set(guest: Guest, attr: string, value: string): Promise<void> {
  await guest.closeDevice();
  answered(await guest.writeFile(`${SYSFS}/${attr}`, value));
}

async function comprDataSize(guest: Guest): Promise<number> {
  const { text } = answered(await guest.readFile(`${SYSFS}/mm_stat`));
  return Number(text.trim().split(/\s+/)[COMPR_DATA_SIZE]);
}

async function readPage(guest: Guest, device: string, page: number) {
  const at = page * PAGE_SIZE;
  return answered(await guest.readBlocks(device, at, PAGE_SIZE)).data;
}

/** Writes all pages, each of which must come back as it was. */
async function writePages(guest: Guest): Promise<number[]> {
  const lengths: number[] = [];
  let before = 0;
  for (const [nth, page] of SW842_PAGES.entries()) {
    answered(await guest.writeBlocks(DEVICE, nth * PAGE_SIZE, page));
    const after = await comprDataSize(guest);
    const back = await readPage(guest, DEVICE, nth);
    if (after === before || back.some((byte, at) => byte !== page[at])) {
      throw new Error(`Cannot record: the page ${nth} is not stored`);
    }
    lengths.push(after - before);
    before = after;
  }
  return lengths;
}

/**
 * Writes pages back one after another, for which the first blocks are taken in
 * their order (`zram_reserve_bdev_block`, zram_drv.c, 7.3.4), and reads those.
 */
async function readStreams(
  guest: Guest,
  lengths: readonly number[],
): Promise<Uint8Array[]> {
  for (const nth of lengths.keys()) {
    await set(guest, "writeback", `page_index=${nth}`);
  }
  await guest.closeDevice();
  const streams: Uint8Array[] = [];
  for (const [nth, length] of lengths.entries()) {
    if (length === PAGE_SIZE) continue;
    const block = await readPage(guest, BACKING, nth);
    streams.push(block.slice(0, length));
  }
  return streams;
}

/** Whether the device is to write pages back as they are stored. */
async function writesCompressed(guest: Guest): Promise<boolean> {
  const attr = await guest.readFile(`${SYSFS}/compressed_writeback`);
  if (isRefusal(attr)) return false;
  answered(await guest.makeNode(BACKING, RAM_DISK));
  await set(guest, "backing_dev", BACKING);
  await set(guest, "compressed_writeback", "1");
  return true;
}

async function recordGuest(guest: Guest): Promise<Recorded842> {
  const tellsStreams = await writesCompressed(guest);
  await set(guest, "comp_algorithm", "842");
  await set(guest, "disksize", String(DISK_PAGES * PAGE_SIZE));
  const lengths = await writePages(guest);
  const pages = await digestOf(SW842_PAGES);
  const recorded = { kernel: guest.release, pages, lengths };
  if (!tellsStreams) return recorded;
  const streams = await digestOf(await readStreams(guest, lengths));
  return { ...recorded, streams };
}

async function record(options: Options, stop: AbortSignal): Promise<number> {
  const out = options.text("out");
  if (out === undefined) {
    throw new UsageError("Cannot record: '--out' is needed");
  }
  await using guest = await bootGuest({
    ...bootOf(options, stop),
    modules: [
      ...CODEC_MODULES,
      { name: "zram", option: "ZRAM", parameters: "num_devices=1" },
      { ...ramDisk(DISK_PAGES), isOptional: true },
    ],
  });
  const recorded = await recordGuest(guest);
  await Deno.writeTextFile(out, JSON.stringify(recorded) + "\n");
  return 0;
}

if (import.meta.main) {
  try {
    const options = parseOptions(Deno.args, {
      string: [...BOOT_OPTIONS, "out"],
      boolean: [],
    });
    Deno.exit(await heedingSignals((stop) => record(options, stop)));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`record_842: ${error.message}`);
    Deno.exit(2);
  }
}
