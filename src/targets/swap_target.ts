/**
 * zswap as a process meets it: its pages are paged out and come back, and the
 * counters tell what zswap made of that. What a live kernel can be asked.
 */
import type { SwapSetup } from "../programs/swap/steps.ts";
import type { Answer, Target } from "./target.ts";

export type { SwapSetup };

/** One process with anonymous pages, and a swap device below zswap. */
export interface SwapTarget extends Target {
  /**
   * The process has no pages, every parameter is the kernel's default but that
   * zswap is enabled, and counters are counted from now on.
   */
  create(): Answer;
  /** Writes a module parameter of zswap. */
  set(attr: string, value: string): Answer;
  /** Reads one: the whole text, with its newline. */
  get(attr: string): Answer<{ readonly value: string }>;
  /** The process writes a whole page. */
  write(page: number, data: Uint8Array): Answer;
  /** The process reads a whole page, which it may write next. */
  read(page: number): Answer<{ readonly data: Uint8Array }>;
  /** Pages one out (MADV_PAGEOUT). `out`: whether it is. */
  pageOut(page: number): Answer<{ readonly out: boolean }>;
  /** The process gives a page back (MADV_DONTNEED). */
  forget(page: number): Answer;
  /** The files of `debugfs/zswap`, in the order of the profile. */
  counters(): Answer<{ readonly counters: readonly number[] }>;
}
