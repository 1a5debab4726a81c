/** How far free memory is of no use, as debugfs says it. */
import type { PageAllocator } from "./page_allocator.ts";
import type { Zone } from "./zone.ts";

/** What a zone has free for blocks of an order (`struct contig_page_info`). */
interface ContigPages {
  readonly pages: number;
  readonly blocks: number;
  /** Blocks of the order that the free ones make. */
  readonly suitable: number;
}

/** Specifies `fill_contig_page_info`, `mm/vmstat.c`. */
function contigPages({ nrFree }: Zone, order: number): ContigPages {
  let [pages, blocks, suitable] = [0, 0, 0];
  for (const [current, count] of nrFree.entries()) {
    blocks += count;
    pages += count * 2 ** current;
    if (current >= order) suitable += count * 2 ** (current - order);
  }
  return { pages, blocks, suitable };
}

/**
 * The share of a zone's free pages that are in no block of an order, in
 * thousandths: 1000 where nothing is free. Specifies `unusable_free_index`,
 * `mm/vmstat.c`, 2.6.35.
 */
export function unusableIndex(zone: Zone, order: number): number {
  const { pages, suitable } = contigPages(zone, order);
  if (pages === 0) return 1000;
  return Math.trunc((pages - suitable * 2 ** order) * 1000 / pages);
}

/**
 * Why an allocation of an order fails, in thousandths: towards 0 for want of
 * memory, towards 1000 since it is in fragments; -1000 where there is a block, 0
 * where nothing is free. Specifies `__fragmentation_index`, `mm/vmstat.c`,
 * 2.6.35.
 */
export function fragmentationIndex(zone: Zone, order: number): number {
  const { pages, blocks, suitable } = contigPages(zone, order);
  if (blocks === 0) return 0;
  if (suitable > 0) return -1000;
  const requested = Math.trunc(pages * 1000 / 2 ** order);
  return 1000 - Math.trunc((1000 + requested) / blocks);
}

/** `/sys/kernel/debug/extfrag/unusable_index` (`unusable_show_print`). */
export function unusableIndexText(buddy: PageAllocator | undefined): string {
  return texts(buddy, unusableIndex, 1);
}

/** `/sys/kernel/debug/extfrag/extfrag_index` (`extfrag_show_print`). */
export function extfragIndexText(buddy: PageAllocator | undefined): string {
  return texts(buddy, fragmentationIndex, 2);
}

function texts(
  buddy: PageAllocator | undefined,
  indexOf: (zone: Zone, order: number) => number,
  width: number,
): string {
  return (buddy?.zones ?? []).map((zone) => {
    const shown = [...zone.nrFree.keys()]
      .map((order) => `${thousandths(indexOf(zone, order), width)} `);
    return `Node 0, zone ${zone.name.padStart(8)} ${shown.join("")}\n`;
  }).join("");
}

/** `%d.%03d`: of a number below 0 both parts have their signs, as in C. */
function thousandths(index: number, width: number): string {
  const rest = index % 1000;
  const digits = rest < 0
    ? `-${String(-rest).padStart(2, "0")}`
    : String(rest).padStart(3, "0");
  return `${String(Math.trunc(index / 1000)).padStart(width)}.${digits}`;
}
