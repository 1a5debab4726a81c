/** What zswap is made with: its boot parameters and its surroundings. */
import type { Codec } from "../codec/codec.ts";
import type { ZpoolType } from "../linux/zswap_profile.ts";
import type { Memory } from "../memory/memory.ts";
import type { Lockdep } from "../rules/lockdep.ts";
import type { SwapLayer } from "./swap_layer.ts";

/** What a zswap can be told when it is made. */
export interface ZswapOptions {
  /** `totalram_pages`: the pages of which the pools may have a share. */
  totalRamPages: number;
  /** Where pools take their frames from. Default: a memory of its own. */
  memory?: Memory;
  /** The swap layer, for writeback. Default: one without any memory for it. */
  swap?: SwapLayer;
  /** The boot parameter `zswap.zpool`. Default: the kernel's. */
  zpool?: ZpoolType;
  /** The boot parameter `zswap.compressor`. Default: the kernel's. */
  compressor?: string;
  /** Who is told which thread runs. Default: one of its own. */
  lockdep?: Lockdep;
  /** Codecs beside zspec's own; one of the same name takes its place. */
  codecs?: readonly Codec[];
  /**
   * Whether pages may be written back. False is `memory.zswap.writeback` at 0
   * (since 6.8); before, a zswap whose pools evict nothing, as was proposed in
   * 2013 for zswap on a pseudo device. Default true.
   */
  writeback?: boolean;
  /** Whether there are memory cgroups. False is `cgroup_disable=memory`. Default true. */
  memcg?: boolean;
  /**
   * `memory.zswap.max` of the one cgroup that all pages are of, in pages (since
   * 5.19). Default: no limit.
   */
  cgroupMax?: number;
  /** Fault injection: whether the nth allocation of an entry fails. */
  failEntry?: (allocation: number) => boolean;
  /** Fault injection: whether the nth `xa_store` finds no memory (6.18). */
  failNode?: (allocation: number) => boolean;
  /** Fault injection for the allocators' own structures. */
  failslab?: (allocation: number) => boolean;
}
