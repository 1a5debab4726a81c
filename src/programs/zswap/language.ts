/** The language of programs for zswap as a cache. */
import { type Bytes, simplerBytes } from "../bytes.ts";
import type { Language } from "../program.ts";
import { parseZswapStep, ZSWAP_OPS } from "./parse.ts";
import { randomZswapProgram } from "./random.ts";
import type { ZswapCreate, ZswapMeanwhile, ZswapStep } from "./steps.ts";

/** What can be left out of a `create`. */
const SPECIAL: readonly (keyof ZswapCreate)[] = [
  "failing",
  "maxPages",
  "pageSize",
  "wordBits",
  "stated",
  "workerWaits",
  "writeback",
];

function without(step: ZswapStep, field: string): ZswapStep {
  const entries = Object.entries(step).filter(([name]) => name !== field);
  // The fields that are left out are optional.
  return Object.fromEntries(entries) as unknown as ZswapStep;
}

/** A folio with one page less, or with simpler pages. */
function simplerFolios(pages: readonly Bytes[]): readonly (readonly Bytes[])[] {
  const shorter = pages.length > 1 ? [pages.slice(0, 1), pages.slice(1)] : [];
  const simplest = pages.map((data) => simplerBytes(data)[0] ?? data);
  const isSimplest = simplest.every((data, nth) => data === pages[nth]);
  return isSimplest ? shorter : [...shorter, simplest];
}

function simplerMeanwhile(
  meanwhile: ZswapMeanwhile,
): readonly ZswapMeanwhile[] {
  if (meanwhile.does !== "store") return [];
  const { when, data } = meanwhile;
  return [
    { when, does: "invalidate" },
    ...simplerBytes(data).map((data) => ({ ...meanwhile, data })),
  ];
}

/** Simpler steps that could take the place of one, the simplest first. */
function simplerZswapSteps(step: ZswapStep): readonly ZswapStep[] {
  switch (step.op) {
    case "create":
      return SPECIAL.filter((field) => field in step)
        .map((field) => without(step, field));
    case "store":
      return simplerBytes(step.data).map((data) => ({ ...step, data }));
    case "store_folio":
      return simplerFolios(step.pages).map((pages) => ({ ...step, pages }));
    case "load":
      return "toSwapCache" in step ? [without(step, "toSwapCache")] : [];
    case "writeback": {
      const { entries, meanwhile } = step;
      const fewer = entries > 1 ? [{ ...step, entries: 1 }] : [];
      if (meanwhile === undefined) return fewer;
      const other = simplerMeanwhile(meanwhile)
        .map((meanwhile) => ({ ...step, meanwhile }));
      return [without(step, "meanwhile"), ...fewer, ...other];
    }
    case "scan":
      return step.nr > 1 ? [{ ...step, nr: 1 }] : [];
    case "swapin":
      return step.pages > 1 ? [{ ...step, pages: 1 }] : [];
    default:
      return [];
  }
}

/** Programs for zswap as a cache. */
export const ZSWAP_LANGUAGE: Language<ZswapStep> = {
  name: "zswap",
  ops: ZSWAP_OPS,
  parse: parseZswapStep,
  random: randomZswapProgram,
  simpler: simplerZswapSteps,
};
