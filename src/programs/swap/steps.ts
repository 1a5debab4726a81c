/** The language of the swap path: what is done to processes whose pages are paged out. */
import type { ZpoolType } from "../../linux/zswap_profile.ts";
import type { Bytes } from "../bytes.ts";
import type { StepOf } from "../program.ts";

/** Where pages go that are paged out. */
export type SwapBelow =
  /** To a disk, without and with zswap above it. */
  | "disk"
  | "zswap-disk"
  /** The same with a disk as fast as memory. */
  | "zswap-ram-disk"
  /** To zswap alone, on a device of a size and nothing else. */
  | "zswap-pseudo"
  /** To zram, without and with a device of its own. */
  | "zram"
  | "zram-backing";

/** Every {@linkcode SwapBelow}. */
export const SWAP_BELOW: readonly SwapBelow[] = [
  "disk",
  "zswap-disk",
  "zswap-ram-disk",
  "zswap-pseudo",
  "zram",
  "zram-backing",
];

/** A process; left out, the one process. */
export interface ProcessChoice {
  /** The process. */
  readonly process?: number;
}

/** A page of a process. */
export interface PageChoice extends ProcessChoice {
  /** The page's number. */
  readonly page: number;
}

/** What is known of a machine with zswap before anything is done. */
export interface SwapSetup {
  /** `totalram_pages`: the pages of which the pools may have a share. */
  readonly totalPages: number;
  /** Pages of the swap device, a ram disk, its header's among them. */
  readonly swapPages: number;
}

/** What is special about a machine; what is left out is as the target has it. */
export interface SwapCreate extends Partial<SwapSetup> {
  /** Bytes per page. */
  readonly pageSize?: number;
  /** Bits per `unsigned long`. */
  readonly wordBits?: number;
  /** The most pages that a zspage chains. */
  readonly chainSize?: number;
  /** zswap's allocator at the start. */
  readonly allocator?: ZpoolType;
  /** Where pages go. */
  readonly below?: SwapBelow;
  /** Slots of each of two swap devices, in place of the one of `swapPages`. */
  readonly slots?: number;
  /** The most frames there are. */
  readonly frames?: number;
  /** Pages that zswap's pools, or zram's, may have. */
  readonly poolPages?: number;
  /** Each how-manieth write of a device fails. */
  readonly failWrites?: number;
  /** Each how-manieth read fails. */
  readonly failReads?: number;
  /** Each how-manieth allocation of a frame or of zswap's structures fails. */
  readonly failAllocations?: number;
  /** Whether a page must not change while a disk writes it. */
  readonly stableWrites?: boolean;
}

/** The operations and their fields. */
export interface SwapSteps {
  /** Nothing is there: no page, nothing set, nothing counted. */
  create: SwapCreate;
  /** A parameter of zswap's module is written. */
  set: { readonly attr: string; readonly value: string };
  /** One is read. */
  get: { readonly attr: string };
  /** A process writes a whole page. */
  write: PageChoice & { readonly data: Bytes };
  /** It reads one. */
  read: PageChoice;
  /** A page is paged out, and zswap's worker runs. */
  pageout: PageChoice;
  /** A process gives a page back. */
  forget: PageChoice;
  /** The files of `debugfs/zswap` are read. */
  counters: Record<never, never>;
  /** Every page of a process is paged out. */
  pageout_all: ProcessChoice;
  /** A page is paged out, and written before its writeback is at its end. */
  write_under_writeback: PageChoice & { readonly data: Bytes };
  /** Memory is short: what the swap cache has for nothing is dropped. */
  reclaim: Record<never, never>;
  /** A process ends. */
  exit: ProcessChoice;
  /** zswap's shrinker is asked what it could free, and looks at `nr` entries. */
  shrink: { readonly nr: number };
  /**
   * zswap's worker takes a page to evict, and stops where it waits for a frame:
   * what follows is done meanwhile.
   */
  evict: Record<never, never>;
  /** The worker goes on to its end. */
  evict_end: Record<never, never>;
  /**
   * zram writes its idle pages back, all or those that are `age` seconds old,
   * or those that do not compress.
   */
  zram_writeback: { readonly type: "idle" | "huge"; readonly age?: number };
  /** The first device is swapped off, and another on behind those that are. */
  swapoff: Record<never, never>;
  /** Time passes, in seconds. */
  wait: { readonly seconds: number };
}

/** A step of the language. */
export type SwapStep = StepOf<SwapSteps>;

/** What each operation is answered. */
export interface SwapResults extends Record<keyof SwapSteps, unknown> {
  /** Nothing. */
  create: void;
  /** Nothing. */
  set: void;
  /** The whole text, with its newline. */
  get: { readonly value: string };
  /** Nothing. */
  write: void;
  /** The page. */
  read: { readonly data: Uint8Array };
  /** Whether the page is out. */
  pageout: { readonly out: boolean };
  /** Nothing. */
  forget: void;
  /** The counters, in the order of the profile. */
  counters: { readonly counters: readonly number[] };
  /** How many of the process's pages are out. */
  pageout_all: { readonly out: number };
  /** Nothing. */
  write_under_writeback: void;
  /** Nothing. */
  reclaim: void;
  /** Nothing. */
  exit: void;
  /** What could be freed, and what was written back. */
  shrink: { readonly freeable: number; readonly written: number };
  /** Whether a page is being evicted. */
  evict: { readonly underWay: boolean };
  /** Nothing. */
  evict_end: void;
  /** Nothing. */
  zram_writeback: void;
  /** Nothing. */
  swapoff: void;
  /** Nothing. */
  wait: void;
}

/** The one process of programs that name none. */
export const ONE_PROCESS = 1;

/** Pages that a process has room for. */
export const SWAP_PROCESS_PAGES = 240;

/** What a live kernel's process can be asked. */
export const SWAP_TARGET_OPS: readonly SwapStep["op"][] = [
  "create",
  "set",
  "get",
  "write",
  "read",
  "pageout",
  "forget",
  "counters",
];
