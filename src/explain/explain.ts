/** What people paste of zram, zsmalloc and zswap, explained number by number. */
import { assertText } from "../rules/argument.ts";
import { explainAttributes } from "./attributes.ts";
import { explainClasses } from "./classes.ts";
import { BD_UNIT, explainStat, statNumerals } from "./device_stats.ts";
import type { ExplainContext, Explanation, UnreadLine } from "./explanation.ts";
import {
  type DeviceFacts,
  factsOf,
  isKnownName,
  type PasteFacts,
} from "./facts.ts";
import { FORMS } from "./forms.ts";
import { type Beside, explainMmStat } from "./mm_stat.ts";
import { pasteLines } from "./paste.ts";
import { ANY_RELEASE, narrowed, type ReleaseSpan } from "./release_span.ts";
import { explainZramctl } from "./zramctl.ts";
import { explainZswap } from "./zswap.ts";

/** Everything that is said of a paste. */
export interface PasteExplanation {
  /** Each text in it, in the paste's order. */
  readonly explanations: readonly Explanation[];
  /** The releases that all of it can be of; `null` where there is none. */
  readonly releases: ReleaseSpan | null;
  /** Lines that are none that can be read. */
  readonly unread: readonly UnreadLine[];
}

/**
 * Explains a paste: `mm_stat` and its like, `zramctl`'s table, files as
 * `grep . /sys/block/zram0/*` prints them, zsmalloc's classes, zswap's counters.
 * Sizes are in bytes where a unit does not say otherwise.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { explainPaste } from "zspec";
 *
 * const paste = "mm_stat: 8192 4164 8192 0 8192 0 0 1 1";
 * const { explanations: [explained] } = explainPaste(paste);
 * assertEquals(explained.kind, "mm_stat");
 * assertEquals(explained.releases, { since: "5.11" });
 * assertEquals(explained.follows[0], "2 pages of 4K stored: 1 compressed, 1 whole.");
 * ```
 */
export function explainPaste(
  paste: string,
  context: ExplainContext = { pageSize: 4096 },
): PasteExplanation {
  assertText("explain a paste", "paste", paste);
  const facts = factsOf(pasteLines(paste, isKnownName));
  const isUnderZswap = facts.zswap.get("enabled")?.text === "Y";
  const unread: UnreadLine[] = [...facts.unread];
  const explanations = [
    ...facts.devices.flatMap((device) =>
      explainDevice(device, isUnderZswap, context, unread)
    ),
    ...facts.zramctl.flatMap((table) =>
      explainZramctl(table, { isUnderZswap }, context)
    ),
    ...explainTables(facts, context, unread),
  ];
  const zswap = explainZswap(facts.zswap, context);
  if (zswap !== undefined) explanations.push(zswap);
  explanations.sort((a, b) => a.line - b.line);
  unread.sort((a, b) => a.line - b.line);
  return { explanations, releases: releasesOf(explanations), unread };
}

/** The releases that all of the texts can be of. */
function releasesOf(
  explanations: readonly Explanation[],
): ReleaseSpan | null {
  let common: ReleaseSpan = ANY_RELEASE;
  for (const { releases } of explanations) {
    const both = releases === null ? undefined : narrowed(common, releases);
    if (both === undefined) return null;
    common = both;
  }
  return common;
}

function explainTables(
  { classes }: PasteFacts,
  context: ExplainContext,
  unread: UnreadLine[],
): Explanation[] {
  return classes.flatMap((table) => {
    const explained = explainClasses(table, context);
    if (explained !== undefined) return [explained];
    const [{ line, text }] = table.lines;
    unread.push({ line, text: text.trim(), why: "no class stands under it" });
    return [];
  });
}

/** What is said of a device's files; those that are malformed are not read. */
function explainDevice(
  device: DeviceFacts,
  isUnderZswap: boolean,
  context: ExplainContext,
  unread: UnreadLine[],
): Explanation[] {
  const beside = besideOf(device, isUnderZswap);
  const explanations: Explanation[] = [];
  const attributes = explainAttributes(device, context);
  if (attributes !== undefined) explanations.push(attributes);
  for (const [name, file] of device.files) {
    if (!Object.hasOwn(FORMS, name)) continue;
    const explained = name === "mm_stat"
      ? explainMmStat(device, file, beside, context)
      : explainStat(name, device, file, context);
    if (explained === undefined) {
      const { line, text } = file;
      unread.push({
        line,
        text: text.trim(),
        why: `${name} is ${FORMS[name]}`,
      });
    } else {
      explanations.push(explained);
    }
  }
  return explanations;
}

/** What a device's other files say beside its `mm_stat`. */
function besideOf({ files }: DeviceFacts, isUnderZswap: boolean): Beside {
  const numbers = (name: string) => {
    const file = files.get(name);
    return file === undefined ? undefined : statNumerals(name, file.text);
  };
  const onDevice = Number(numbers("bd_stat")?.[0] ?? 0) * BD_UNIT;
  const failed = numbers("io_stat")?.[1];
  return {
    onDevice,
    isUnderZswap,
    ...(failed === undefined ? {} : { failedWrites: Number(failed) }),
  };
}
