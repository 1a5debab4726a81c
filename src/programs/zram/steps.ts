/** The steps of programs for a compressed block device, and their answers. */
import type { AskedZones } from "../zones.ts";
import type { Bytes } from "../bytes.ts";
import type { Files } from "../files.ts";
import type { StepOf } from "../program.ts";

/** A request in sectors of 512 bytes (`struct bio`). */
export interface ZramBio {
  /** What is asked. */
  readonly request: "read" | "write" | "discard" | "write_zeroes";
  /** Where it starts, in sectors. */
  readonly sector: number;
  /** How many bytes from there on. */
  readonly bytes: number;
  /** What each page of memory of a request to write holds, one like the other. */
  readonly data?: Bytes;
  /** What the pages behind the first hold, where that is something else. */
  readonly rest?: Bytes;
}

/**
 * What is special about a fresh device. What is left out is the profile's, or
 * is not there.
 */
export interface ZramCreate {
  /** Bytes per page. */
  readonly pageSize?: number;
  /** Bits per `unsigned long`. */
  readonly wordBits?: number;
  /** Bits of a physical address. */
  readonly physBits?: number;
  /** The most pages a zspage chains. */
  readonly chainSize?: number;
  /**
   * The codecs behind the algorithms: the kernel's, or those whose pages state
   * their lengths.
   */
  readonly codecs?: "kernel" | "stated";
  /** Pages of a backing device at `/dev/loop0`. */
  readonly backingPages?: number;
  /** Its blocks that cannot be read. */
  readonly badReads?: readonly number[];
  /** Its blocks that cannot be written. */
  readonly badWrites?: readonly number[];
  /** Files that attributes can name. */
  readonly files?: Files;
  /** Seconds that the system is up when the device is made. */
  readonly uptime?: number;
  /** Of each so many writes to it, the last one fails. */
  readonly failEachWrite?: number;
  /** The first frame's number. */
  readonly firstPfn?: number;
  /** Frames there are. */
  readonly maxPages?: number;
  /** Zones that the frames are of, under a buddy allocator. */
  readonly buddy?: AskedZones;
  /** Of each so many allocations of a frame, the last one fails. */
  readonly failEach?: number;
}

/** The operations on a device and their fields. */
export interface ZramSteps {
  /** A fresh device. */
  create: ZramCreate;
  /** A text is written to a sysfs attribute. */
  set: { readonly attr: string; readonly value: string };
  /** A sysfs attribute is read. */
  get: { readonly attr: string };
  /** A page is written. */
  write: { readonly page: number; readonly data: Bytes };
  /** A page is read. */
  read: { readonly page: number };
  /** Pages are discarded. */
  discard: { readonly page: number; readonly pages: number };
  /** debugfs `block_state` is read. */
  block_state: Record<never, never>;
  /** A request in sectors. */
  bio: ZramBio;
  /** The device's clock goes on. */
  wait: { readonly seconds: number };
  /** The swap layer freed a page. */
  slot_free_notify: { readonly page: number };
  /** The disk is opened, `exclusive` as a mount or swapon does. */
  open: { readonly exclusive: boolean };
  /** It is closed again. */
  close: { readonly exclusive: boolean };
  /**
   * `value` is written to `writeback`, and when that has waited `after` times,
   * or is done, a page is written, or what else is done to it.
   */
  writeback_under: {
    readonly value: string;
    readonly after: number;
    readonly page: number;
    readonly does?: ZramMeanwhile;
    readonly data?: Bytes;
  };
  /**
   * `value` is written to `recompress`, and when that has waited `after` times,
   * or is done, the swap layer frees a page, if its slot is not locked.
   */
  recompress_under: {
    readonly value: string;
    readonly after: number;
    readonly page: number;
  };
}

/** What is done to a page in the middle of a writeback, where it is not written. */
export type ZramMeanwhile = "read" | "discard" | "slot_free_notify";

/**
 * A stored page in `block_state`, the letters of its flags, and of the model
 * also the second at which it was accessed last.
 */
export type BlockStateRow = readonly [
  page: number,
  flags: string,
  acTime?: number,
];

/** What a device answers to each operation. */
export interface ZramResults {
  /** Nothing. */
  create: void;
  /** Nothing. */
  set: void;
  /** The attribute's whole text. */
  get: { readonly value: string };
  /** Bytes by which the page counts in `compr_data_size`, where that can be told. */
  write: { readonly stored?: number };
  /** The page. */
  read: { readonly data: Uint8Array };
  /** Nothing. */
  discard: void;
  /** The stored pages. */
  block_state: readonly BlockStateRow[];
  /** What a request to read has read. */
  bio: { readonly data?: Uint8Array };
  /** Nothing. */
  wait: void;
  /** Nothing. */
  slot_free_notify: void;
  /** Nothing. */
  open: void;
  /** Nothing. */
  close: void;
  /** How the writeback ended, and what was done meanwhile. */
  writeback_under: ZramWritebackUnder;
  /** How the recompression ended, and what was there meanwhile. */
  recompress_under: ZramRecompressUnder;
}

/** How a writeback ended, and what was done in the middle of it. */
export interface ZramWritebackUnder {
  /** The errno of the writeback. */
  readonly writeback?: string;
  /** The errno of what was done meanwhile. */
  readonly meanwhile?: string;
  /** How the page is stored that was written. */
  readonly stored?: number;
  /** What the page held that was read. */
  readonly data?: Uint8Array;
  /** How many times the writeback had waited by then. */
  readonly waited: number;
}

/** How a recompression ended, and what was there in the middle of it. */
export interface ZramRecompressUnder {
  /** The errno of the recompression. */
  readonly recompress?: string;
  /** Pages that were stored when the page had been freed, or had not. */
  readonly stored: number;
}

/** A step of a program for a device. */
export type ZramStep = StepOf<ZramSteps>;

/** Where programs have a dictionary. */
export const DICTIONARY = "/dict";
/** Where they have one that lz4 does not take whole: above 64 KiB. */
export const LARGE_FILE = "/large";
/** Where they have an empty file. */
export const EMPTY_FILE = "/empty";

/** Bytes of a sector. */
export const SECTOR = 512;
