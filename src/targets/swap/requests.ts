/** What a process of the model can be asked, as a live kernel's can. */
import { NO_PAGE } from "../../memory/memory.ts";
import {
  ONE_PROCESS,
  type PageChoice,
  type SwapResults,
} from "../../programs/swap/steps.ts";
import { zswapCounters } from "../../zswap/stats.ts";
import type { Zswap } from "../../zswap/zswap.ts";
import { refusalOf } from "../answers.ts";
import type { Refusal } from "../target.ts";
import type { SwapSubject } from "./subject.ts";

/** Reads a page; who may write one that was never written is given one. */
export function readPage(
  { swap, profile }: SwapSubject,
  { process = ONE_PROCESS, page }: PageChoice,
): SwapResults["read"] | Refusal {
  const data = new Uint8Array(profile.pageSize);
  const errno = swap.pageOf(process, page) === undefined
    ? swap.write(process, page, data)
    : swap.read(process, page, data);
  return refusalOf(errno) ?? { data };
}

/** Pages a page out; answers whether it is out, as a page table shows it. */
export function pageOut(
  { swap }: SwapSubject,
  { process = ONE_PROCESS, page }: PageChoice,
): boolean {
  swap.swapOut(process, page);
  const found = swap.pageOf(process, page);
  return found?.pfn === NO_PAGE && found.slot !== undefined;
}

/** The counters of zswap. */
export function countersOf(
  zswap: Zswap,
): SwapResults["counters"] {
  const shown = zswapCounters(zswap);
  const { counters } = zswap.profile.zswap;
  return { counters: counters.map((name) => shown[name] ?? 0) };
}
