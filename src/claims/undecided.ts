/** Claims that no run of a model decides: of speed, and of real machines. */
import type { ClaimText } from "./claim.ts";

/** A claim, and why it is left open. */
export interface UndecidedClaim extends ClaimText {
  /** What it would take: `both kernels on the same machine`. */
  readonly why: string;
}

/** They are listed with that verdict. */
export const UNDECIDED: readonly UndecidedClaim[] = [
  {
    name: "compression-is-the-bottleneck",
    says:
      "Of a page swapped out to zram compression is what takes the time, the more so the better it compresses.",
    who: "Minchan Kim, 2013 and 2015",
    passages: [{ thread: "002", at: "lines 8773-8775" }, {
      thread: "003",
      at: "most of overheads were caused by compress/decompress",
    }],
    disputed:
      'Mel Gorman: "is there a measurable bottleneck?" (002, lines 8334-8335)',
    why:
      "both on the same machine, with its memory and its reclaim; 'deno bench bench/zram_bench.ts' says what the models' codecs take",
  },
  {
    name: "fewer-stalls-if-batched",
    says:
      "To begin writeback in batches and to wait for it then would stall less.",
    who: "Mel Gorman, 2013",
    passages: [{ thread: "002", at: "lines 9262-9263" }],
    why:
      "a disk with its queue and its latencies; the experiment on writeback counts the requests",
  },
  {
    name: "massive-stalls-when-zsmalloc-backs-zswap",
    says:
      "zswap on zsmalloc works well until there are massive stalls, and cannot be supported on servers.",
    who: "Mel Gorman, 2013",
    passages: [{ thread: "002", at: "lines 7950-7953" }],
    why: "a server under load, for days",
  },
  {
    name: "world-stalls-when-zswap-fills",
    says:
      "When zswap is full everything stalls while it writes back page by page, like a brick wall on large machines.",
    who: "Mel Gorman, 2013",
    passages: [{ thread: "002", at: "lines 9258-9261" }],
    why: "a large machine with its disk",
  },
  {
    name: "zram-io-very-fast",
    says: "Disks in zram are very fast.",
    who: "Nitin Gupta, documentation of 2013",
    passages: [{ thread: "002", at: "lines 327-329" }, {
      thread: "002",
      at: "lines 378-380",
    }],
    why: "a machine and what it is compared with",
  },
  {
    name: "zram-removes-jitter",
    says:
      "zram removes the jitter of a video application under memory pressure.",
    who: "Minchan Kim, 2013",
    passages: [{ thread: "002", at: "lines 217-219" }],
    why: "that device and that application",
  },
  {
    name: "disk-swap-unresponsive",
    says:
      "Swapping to a disk makes a system unresponsive, and it does not degrade gracefully.",
    who: "Minchan Kim and Luigi Semenzato, 2013",
    passages: [{ thread: "002", at: "lines 226-228" }, {
      thread: "002",
      at: "lines 232-234",
    }],
    why: "the disk, and somebody before the screen",
  },
  {
    name: "zram-competitive-with-restarting-processes",
    says:
      "zram is fast enough to compete with killing processes and starting them again, and uses memory better.",
    who: "Luigi Semenzato, 2013",
    passages: [{ thread: "002", at: "lines 235-239" }],
    why: "a Chromebook and its tabs",
  },
  {
    name: "flash-swap-garbage-collection-latency",
    says:
      "Swap on flash suffers from sudden garbage collection and wears it, so that writing back is too bad for interactive use.",
    who: "Minchan Kim, 2013",
    passages: [{ thread: "002", at: "lines 7913-7915" }, {
      thread: "000",
      at: "lines 144-147",
    }, { thread: "002", at: "lines 221-222" }],
    why:
      "the flash and its controller; the experiments on writeback count the pages that it would have to take",
  },
  {
    name: "encryption-overhead-severe",
    says:
      "To encrypt real swap would be a severe overhead in processor time and power.",
    who: "Minchan Kim, 2013",
    passages: [{ thread: "002", at: "lines 7915-7917" }],
    disputed:
      'Wanpeng Li: "Why real swap for embedded system need encrypt the data?" (002, lines 8909-8910)',
    why: "the processor, the cipher and a power meter",
  },
  {
    name: "oom-is-a-very-slow-path",
    says: "The OOM killer is a very slow path; to kill early is better.",
    who: "Minchan Kim, 2013",
    passages: [{ thread: "002", at: "lines 8151-8154" }],
    why: "the rest of the memory manager, and a clock",
  },
  {
    name: "no-zram-module-without-unmap-kernel-range",
    says:
      "zsmalloc, and zram with it, cannot be built as a module unless unmap_kernel_range is exported.",
    who: "Minchan Kim, 2013",
    passages: [{ thread: "002", at: "lines 5044-5049" }, {
      thread: "002",
      at: "lines 5120-5122",
    }],
    why: "the module loader, and what a kernel exports to it",
  },
  {
    name: "zbud-pages-better-on-the-lru",
    says:
      "zbud's pages would better be on the LRU and written back by an address space's operations than by __swap_writepage.",
    who: "Mel Gorman, 2013",
    passages: [{ thread: "002", at: "lines 9263-9266" }],
    why:
      "a design that Linux never had, with its reclaim and its asynchronous writeback",
  },
];
