/**
 * A second model of zswap, as naive as can be: a map of what it should hold, a
 * plain array for its LRU list, and counters that are counted. It knows nothing
 * of objects and pools, whose pages it is told, and for which pages an
 * allocator evicts it looks at what was written back.
 */
import type { Codec } from "../codec/codec.ts";
import { ALL_CODECS } from "../codec/codecs.ts";
import type { Profile } from "../linux/profile.ts";
import { zeroCounters, type ZswapCounters } from "../zswap/stats.ts";
import { agree, agreeBytes } from "./agree.ts";

/** A page that zswap should hold. */
interface Held {
  readonly bytes: Uint8Array;
  readonly kind: "same" | "compressed" | "whole";
  referenced: boolean;
}

/** Why a store should be refused; "memory" where it may be, none being left. */
export type Refusal =
  | "disabled"
  | "limit"
  | "entry"
  | "not-same"
  | "codec"
  | "too-large"
  | "poor"
  | "node";

/** A page that was written back, and the pools' pages then. */
export interface Written {
  readonly key: string;
  readonly pages: number;
}

/** The second model. */
export class NaiveZswap {
  readonly profile: Profile;
  readonly writeback: boolean;
  /** What zswap holds, by `type:offset`. */
  readonly held = new Map<string, Held>();
  /** What frontswap knows of. */
  readonly known = new Set<string>();
  /** The keys in the order of the LRU list of 6.18. */
  readonly lru: string[] = [];
  /** Keys whose page is in the swap cache, or for which no frame is left. */
  readonly inCache = new Set<string>();
  readonly noMemory = new Set<string>();
  readonly counters: ZswapCounters = zeroCounters();
  /** The parameters, as texts. */
  readonly parameters = new Map<string, string>();
  reachedFull = false;
  queued = false;
  roundEnded = true;
  #entries = 0;
  #nodes = 0;
  readonly #totalRam: number;
  readonly #failEach: number;

  constructor(
    profile: Profile,
    totalRam: number,
    writeback: boolean,
    failEach: number,
    zpool: string,
  ) {
    this.profile = profile;
    this.writeback = writeback;
    this.#totalRam = totalRam;
    this.#failEach = failEach;
    this.parameters.set("enabled", "Y");
    this.parameters.set("compressor", profile.zswap.defaultCompressor);
    this.parameters.set("zpool", zpool);
    this.parameters.set("max_pool_percent", "20");
    this.parameters.set("accept_threshold_percent", "90");
    this.parameters.set("same_filled_pages_enabled", "Y");
    this.parameters.set("non_same_filled_pages_enabled", "Y");
    this.parameters.set("shrinker_enabled", "N");
  }

  isOn(name: string): boolean {
    return this.parameters.get(name) === "Y";
  }

  get codec(): Codec {
    const name = this.parameters.get("compressor");
    const codec = ALL_CODECS.find((one) => one.name === name);
    if (codec === undefined) throw new Error(`no codec ${name}`);
    return codec;
  }

  #number(name: string): number {
    return Number(this.parameters.get(name));
  }

  get maxPages(): number {
    return Math.floor(this.#totalRam * this.#number("max_pool_percent") / 100);
  }

  get threshold(): number {
    const max = this.#number("max_pool_percent");
    const accept = this.#number("accept_threshold_percent");
    const percent = (pages: number, of: number) => Math.floor(pages * of / 100);
    return this.profile.zswap.shrink === "entries-in-worker"
      ? percent(percent(this.#totalRam, max), accept)
      : percent(percent(this.#totalRam, accept), max);
  }

  /** Whether the limits refuse a store, the pools having `pages`. */
  limits(pages: number): boolean {
    const { shrink } = this.profile.zswap;
    const isNew = shrink === "entries-in-worker";
    if (isNew ? pages >= this.maxPages : pages > this.maxPages) {
      this.counters.pool_limit_hit++;
      if (shrink === "in-store") return false;
      this.reachedFull = true;
      if (!isNew) this.queued = true;
      return true;
    }
    if (shrink === "in-store" || !this.reachedFull) return false;
    if (isNew ? pages > this.threshold : pages >= this.threshold) return true;
    this.reachedFull = false;
    return false;
  }

  /** Whether the next entry, or node, cannot be had. */
  failsEntry(): boolean {
    return this.#failEach > 0 && this.#entries++ % this.#failEach === 1;
  }

  failsNode(): boolean {
    return this.#failEach > 0 && this.#nodes++ % this.#failEach === 2;
  }

  isSame(bytes: Uint8Array): boolean {
    const word = this.profile.wordBits / 8;
    return bytes.every((byte, at) => byte === bytes[at % word]);
  }

  /** How a page is to be held, or why it is to be refused. */
  kindOf(bytes: Uint8Array): Held["kind"] | Refusal {
    const { zswap, pageSize, wordBits } = this.profile;
    if (zswap.sameFilled) {
      const isSame = this.isSame(bytes);
      if (isSame && this.isOn("same_filled_pages_enabled")) return "same";
      if (!this.isOn("non_same_filled_pages_enabled")) return "not-same";
    }
    const length = this.codec.compress(bytes, new Uint8Array(2 * pageSize));
    if (zswap.storesIncompressible) {
      if (length < pageSize) return "compressed";
      return this.writeback ? "whole" : "codec";
    }
    const { name } = this.codec;
    if (length > pageSize && zswap.limitedCompressors.includes(name)) {
      return "codec";
    }
    const zpool = this.parameters.get("zpool");
    const header = this.writeback && zpool !== "zsmalloc" ? wordBits / 8 : 0;
    const largest = zpool === "zbud" ? pageSize - pageSize / 32 : pageSize;
    if (header + length <= largest) return "compressed";
    return zpool === "zsmalloc" ? "too-large" : "poor";
  }

  /** Counts a refusal as the kernel does. */
  countRefusal(refusal: Refusal | "memory"): void {
    const isNew = this.profile.zswap.storesIncompressible;
    const { counters } = this;
    if (refusal === "entry") counters.reject_kmemcache_fail++;
    if (refusal === "poor") counters.reject_compress_poor++;
    if (refusal === "codec" && isNew) counters.reject_compress_fail++;
    if (["memory", "node", "too-large"].includes(refusal)) {
      counters.reject_alloc_fail++;
    }
  }

  drop(key: string): void {
    if (!this.held.delete(key)) return;
    const at = this.lru.indexOf(key);
    if (at >= 0) this.lru.splice(at, 1);
  }

  hold(key: string, bytes: Uint8Array, kind: Held["kind"]): void {
    if (this.held.has(key) && this.profile.zswap.frontswap !== "none") {
      this.counters.duplicate_entry++;
    }
    this.drop(key);
    this.held.set(key, { bytes, kind, referenced: true });
    if (this.profile.zswap.shrink === "entries-in-worker") this.lru.push(key);
  }

  /** A page was written back: it must be one that could be, and as it is held. */
  writeBack(key: string, bytes: Uint8Array): void {
    const page = this.held.get(key);
    if (page === undefined) throw new Error(`page ${key} is not held`);
    agree(`${key} in the swap cache`, this.inCache.has(key), false);
    agree(`no memory for ${key}`, this.noMemory.has(key), false);
    agreeBytes(`page ${key} as it is written back`, bytes, page.bytes);
    this.drop(key);
    this.counters.written_back_pages++;
  }

  /** What looking at the oldest entry of 6.18's list comes to. */
  shrinkOldest(
    written: Written[],
  ): "written" | "rotated" | "exists" | "failed" {
    const [key] = this.lru;
    const page = this.held.get(key);
    if (page === undefined) throw new Error("the list is empty");
    this.lru.push(...this.lru.splice(0, 1));
    if (page.referenced) {
      page.referenced = false;
      return "rotated";
    }
    const exists = this.inCache.has(key);
    if (exists || this.noMemory.has(key)) {
      this.counters.reject_reclaim_fail++;
      return exists ? "exists" : "failed";
    }
    const [next] = written;
    agree("the page that is written back", next?.key, key);
    this.drop(key);
    this.counters.written_back_pages++;
    return "written";
  }

  /** The worker of 6.18, for what was written back while it ran. */
  work(pagesBefore: number, written: Written[]): void {
    if (!this.queued) return;
    this.queued = false;
    let pages = pagesBefore;
    let failures = 0;
    let attempts = 0;
    do {
      this.roundEnded = !this.roundEnded;
      if (this.roundEnded) {
        if (attempts === 0 && ++failures === 16) break;
        attempts = 0;
      } else if (this.writeback && this.lru.length > 0) {
        attempts++;
        if (this.shrinkOldest(written) === "written") {
          pages = written.shift()?.pages ?? pages;
        } else if (++failures === 16) break;
      }
    } while (pages > this.threshold);
    agree("more pages written back", written.length, 0);
  }

  /** The shrinker's walk of 6.18 over `nr` entries. */
  scan(nr: number, written: Written[]): number | "SHRINK_STOP" {
    if (!this.isOn("shrinker_enabled") || !this.writeback) return "SHRINK_STOP";
    let shrunk = 0;
    for (let left = nr; left > 0 && this.lru.length > 0; left--) {
      const isAlone = this.lru.length === 1;
      const outcome = this.shrinkOldest(written);
      if (outcome === "exists") return "SHRINK_STOP";
      if (outcome === "rotated" && isAlone) break;
      if (outcome !== "written") continue;
      written.shift();
      shrunk++;
    }
    agree("more pages written back", written.length, 0);
    return shrunk === 0 ? "SHRINK_STOP" : shrunk;
  }

  /** Every counter that does not tell of pages of the pools. */
  count(): ZswapCounters {
    const kinds = [...this.held.values()].map(({ kind }) => kind);
    return {
      ...this.counters,
      stored_pages: kinds.length,
      same_filled_pages: kinds.filter((kind) => kind === "same").length,
      stored_incompressible_pages:
        kinds.filter((kind) => kind === "whole").length,
    };
  }
}
