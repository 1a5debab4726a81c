/** A process of a guest, paged out through zswap to a ram disk. */
import type { Profile } from "../linux/profile.ts";
import type { Guest } from "./guest.ts";
import { bootGuest, type GuestBoot, imageOf } from "./guest_boot.ts";
import { GuestMachine } from "./guest_machine.ts";
import { profileOf } from "./kernel_profile.ts";
import { CODEC_MODULES, RAM_DISK, ramDisk } from "./wanted_modules.ts";
import { SWAP_PROCESS_PAGES } from "../programs/swap/steps.ts";
import type { SwapSetup, SwapTarget } from "../targets/swap_target.ts";
import { isRefusal, type Refusal, TargetMissing } from "../targets/target.ts";

const PARAMETERS = "/sys/module/zswap/parameters";
const COUNTERS = "/sys/kernel/debug/zswap";
/** Bytes per page of the guests, all of them amd64. */
const PAGE_SIZE = 4096;
/** What the kernel must have built in, without `CONFIG_`. */
const NEEDED = ["SWAP", "ZSWAP", "DEBUG_FS", "PROC_PAGE_MONITOR"];
/**
 * Of the guest's memory, little more than it needs to boot: one per cent, the
 * least limit that a pool can have beside none, is fewer pages than a process
 * has.
 */
const MEMORY_MEGABYTES = 104;
/**
 * Pages of the swap device. With no more than 320 the kernel keeps no cache of
 * slots (`mm/swap_slots.c`), and zswap learns at once that one is free.
 */
const SWAP_PAGES = 256;
/**
 * Of `/proc/sys/vm`, what would do something by itself: reading ahead, and what
 * wakes the kernel's memory compaction (a boosted watermark, `balance_pgdat` in
 * `mm/vmscan.c`, and its own timer). That migrates pages of z3fold, which then
 * lists them anew, so that other ones take the next objects.
 */
const QUIETED: readonly string[] = [
  "page-cluster",
  "watermark_boost_factor",
  "compaction_proactiveness",
];
/** Counters that grow without end; the others say what is there. */
const LEVELS: readonly string[] = [
  "pool_total_size",
  "pool_pages",
  "stored_pages",
  "same_filled_pages",
];

/** A guest's process; leaving its scope ends the guest. */
export interface GuestSwap extends AsyncDisposable {
  /** What is put to the test. */
  readonly target: SwapTarget;
  /** What the model must be told of the guest. */
  readonly setup: SwapSetup;
  /** What describes the guest's kernel. */
  readonly profile: Profile;
  /** The guest's release. */
  readonly release: string;
}

function done(what: string, refusal: Refusal | undefined): void {
  if (refusal === undefined) return;
  throw new Error(`Cannot ${what} in the guest: ${refusal.error}`);
}

/** A swap area's first page: `union swap_header`, `include/linux/swap.h`. */
function swapHeader(): Uint8Array {
  const page = new Uint8Array(PAGE_SIZE);
  const view = new DataView(page.buffer);
  view.setUint32(1024, 1, true); // version
  view.setUint32(1028, SWAP_PAGES - 1, true); // last_page
  page.set(new TextEncoder().encode("SWAPSPACE2"), PAGE_SIZE - 10);
  return page;
}

/** How {@linkcode bootSwap} boots. */
export interface GuestSwapOptions extends GuestBoot {
  /** What describes the kernel; by default the profile of its release. */
  readonly profile?: Profile;
}

/**
 * Boots a guest with zswap and a ram disk to swap to, and every allocator that
 * the profile has. Throws a `TargetMissing` where it cannot be booted, or no
 * profile is of its release and none is given.
 */
export async function bootSwap(options: GuestSwapOptions): Promise<GuestSwap> {
  const { release } = imageOf(options);
  const profile = options.profile ?? profileOf(release);
  const machine = await GuestMachine.start(() =>
    bootWithSwap(options, profile)
  );
  try {
    const setup = await setupOf(machine.guest);
    const target = await swapTarget(machine, profile);
    const end = () => machine[Symbol.asyncDispose]();
    return { target, setup, profile, release, [Symbol.asyncDispose]: end };
  } catch (error) {
    await machine[Symbol.asyncDispose]();
    throw error;
  }
}

async function bootWithSwap(
  options: GuestSwapOptions,
  { zswap }: Profile,
): Promise<Guest> {
  const guest = await bootGuest({
    ...options,
    memoryMegabytes: MEMORY_MEGABYTES,
    needed: NEEDED,
    modules: [
      ...CODEC_MODULES,
      ...zswap.zpools.map((name) => ({ name, option: name.toUpperCase() })),
      ramDisk(SWAP_PAGES),
    ],
  });
  try {
    await swapOn(guest);
    return guest;
  } catch (error) {
    await guest[Symbol.asyncDispose]();
    throw error;
  }
}

/** Swaps the ram disk on, and keeps the kernel from what nobody asked for. */
async function swapOn(guest: Guest): Promise<void> {
  // Where it is off at boot, its counters are there once it is on.
  if (isRefusal(await guest.writeFile(`${PARAMETERS}/enabled`, "1"))) {
    throw new TargetMissing(
      `Cannot test zswap: Linux ${guest.release} is built without it`,
    );
  }
  const header = swapHeader();
  done("make swap", await guest.writeBlocks(RAM_DISK, 0, header));
  await guest.closeDevice();
  done("swap on", await guest.swapOn(RAM_DISK));
  for (const name of QUIETED) {
    const refusal = await guest.writeFile(`/proc/sys/vm/${name}`, "0");
    done(`set ${name}`, refusal);
  }
}

/** How much memory the guest has. */
async function setupOf(guest: Guest): Promise<SwapSetup> {
  const [memory] = await guest.readFiles(["/proc/meminfo"]);
  const kilobytes = Number(/^MemTotal: *([0-9]+) kB$/m.exec(memory)?.[1]);
  return {
    totalPages: kilobytes * 1024 / PAGE_SIZE,
    swapPages: SWAP_PAGES,
  };
}

async function swapTarget(
  machine: GuestMachine,
  profile: Profile,
): Promise<SwapTarget> {
  const { zswap } = profile;
  const defaults: readonly (readonly [string, string])[] = [
    ["zpool", zswap.defaultZpool],
    ["compressor", zswap.defaultCompressor],
    ["max_pool_percent", "20"],
    ["accept_threshold_percent", "90"],
    ["same_filled_pages_enabled", "1"],
    ["non_same_filled_pages_enabled", "1"],
    ["shrinker_enabled", "0"],
    ["enabled", "1"],
  ];
  const files = zswap.counters.map((name) => `${COUNTERS}/${name}`);
  const shown = async () => (await machine.guest.readFiles(files)).map(Number);
  let before = await shown();
  /** What was asked, once zswap's worker and all others have done their part. */
  const settled = async <Answer>(asked: Promise<Answer>): Promise<Answer> => {
    const answer = await asked;
    done("settle", await machine.guest.settle());
    return answer;
  };
  return {
    restart: () => machine.restart(),
    async create() {
      const { guest } = machine;
      done("map memory", await guest.map(SWAP_PROCESS_PAGES));
      for (const [attr, value] of defaults) {
        if (!(attr in zswap.parameters)) continue;
        const path = `${PARAMETERS}/${attr}`;
        done(`set ${attr}`, await guest.writeFile(path, value));
      }
      // A zswap that was full learns by a store that it is not.
      const page = new Uint8Array(profile.pageSize).fill(1);
      done("touch", await guest.touch(0, page));
      done("page out", await settled(guest.pageOut(0, 1)));
      done("forget", await settled(guest.forget(0, 1)));
      before = await shown();
    },
    set: (attr, value) =>
      settled(machine.writeFile(`${PARAMETERS}/${attr}`, value)),
    async get(attr) {
      const answer = await machine.readFile(`${PARAMETERS}/${attr}`);
      return isRefusal(answer) ? answer : { value: answer.text };
    },
    write: (page, data) => settled(machine.guest.touch(page, data)),
    read: (page) => settled(machine.guest.look(page)),
    async pageOut(page) {
      const { guest } = machine;
      const refusal = await settled(guest.pageOut(page, 1));
      if (refusal !== undefined) return refusal;
      const map = await guest.pagemap(page, 1);
      if (isRefusal(map)) return map;
      const [isPresent, isSwapped] = [63n, 62n]
        .map((bit) => (map.entries[0] >> bit & 1n) === 1n);
      return { out: isSwapped && !isPresent };
    },
    forget: (page) => settled(machine.guest.forget(page, 1)),
    async counters() {
      const now = await shown();
      return {
        counters: now.map((value, nth) =>
          LEVELS.includes(zswap.counters[nth]) ? value : value - before[nth]
        ),
      };
    },
  };
}
