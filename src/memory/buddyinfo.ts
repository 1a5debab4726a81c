/** What `/proc` says of the buddy allocator. */
import { MIGRATE_TYPES } from "../linux/gfp.ts";
import { assertHas } from "../rules/argument.ts";
import { listHead, type PageAllocator } from "./page_allocator.ts";
import type { Zone } from "./zone.ts";

/** The columns of names in `/proc/pagetypeinfo`. */
const COLUMNS = { zone: 8, type: 12, count: 6, blocks: 12, header: 43 };

/** From so many blocks on a list is not counted on (5.5). */
const MOST_COUNTED = 100000;

/**
 * Free blocks of each zone by order. Specifies `/proc/buddyinfo`
 * (`frag_show_print`, `mm/vmstat.c`). Nothing where there are no zones.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { buddyinfo, LINUX_6_18, Memory } from "zspec";
 *
 * const memory = new Memory({
 *   firstPfn: 0,
 *   buddy: {
 *     release: LINUX_6_18.release.pageAlloc,
 *     zones: [{ name: "Normal", pages: 64 }],
 *     maxOrder: 4,
 *   },
 * });
 * assertEquals(
 *   buddyinfo(memory.buddy),
 *   "Node 0, zone   Normal      0      0      0      0      4 \n",
 * );
 * memory.allocPage();
 * assertEquals(
 *   buddyinfo(memory.buddy),
 *   "Node 0, zone   Normal      1      1      1      1      3 \n",
 * );
 * ```
 */
export function buddyinfo(buddy: PageAllocator | undefined): string {
  if (buddy === undefined) return "";
  assertBuddy(buddy);
  return buddy.zones.map((zone) => {
    const counts = [...zone.nrFree].map((count) => `${padded(count)} `);
    return `Node 0, zone ${zoneName(zone)} ${counts.join("")}\n`;
  }).join("");
}

/**
 * Free blocks by zone, migrate type and order, and how many pageblocks are of
 * each type. Specifies `/proc/pagetypeinfo` (`pagetypeinfo_show`,
 * `mm/vmstat.c`) without CONFIG_PAGE_OWNER. Nothing where there are no zones.
 */
export function pagetypeinfo(buddy: PageAllocator | undefined): string {
  if (buddy === undefined) return "";
  assertBuddy(buddy);
  const { release: { typeNames }, zones, pageblockOrder, maxOrder } = buddy;
  const names = [...typeNames.map(([name]) => name), "Isolate"];
  const orders = Array.from({ length: maxOrder + 1 }, (_, order) => order);
  const title = "Free pages count per migrate type at order";
  return [
    `Page block order: ${pageblockOrder}\n`,
    `Pages per block:  ${2 ** pageblockOrder}\n`,
    "\n",
    `${title.padEnd(COLUMNS.header)} ${
      orders.map((order) => `${padded(order)} `).join("")
    }\n`,
    ...zones.flatMap((zone) => [
      ...typeNames.map(([name, type]) =>
        freeLine(zone, name, freeCounts(buddy, zone, type))
      ),
      freeLine(zone, "Isolate", orders.map(() => 0)),
    ]),
    `\n${"Number of blocks type ".padEnd(23)}${
      names.map((name) => `${name.padStart(COLUMNS.blocks)} `).join("")
    }\n`,
    ...zones.map((zone) => blocksLine(buddy, zone)),
  ].join("");
}

function assertBuddy(buddy: PageAllocator): void {
  assertHas("show zones", "buddy", buddy, "zones", "the 'buddy' of a Memory");
}

/** The blocks of a list for each order. */
function freeCounts(
  buddy: PageAllocator,
  zone: Zone,
  type: typeof MIGRATE_TYPES[number],
): number[] {
  return Array.from(
    { length: buddy.maxOrder + 1 },
    (_, order) => countList(buddy, zone, order, MIGRATE_TYPES.indexOf(type)),
  );
}

/** How many blocks a list has. */
export function countList(
  buddy: PageAllocator,
  zone: Zone,
  order: number,
  type: number,
): number {
  const head = listHead(buddy, zone, order, type);
  let count = 0;
  for (let at = buddy.next[head]; at !== head; at = buddy.next[at]) {
    if (++count === MOST_COUNTED) break;
  }
  return count;
}

function freeLine(zone: Zone, name: string, counts: readonly number[]): string {
  const shown = counts.map((count) =>
    `${count === MOST_COUNTED ? ">" : ""}${padded(count)} `
  );
  const type = name.padStart(COLUMNS.type);
  return `Node    0, zone ${zoneName(zone)}, type ${type} ${shown.join("")}\n`;
}

/** How many pageblocks of a zone are of each type: each by its first frame there. */
function blocksLine(buddy: PageAllocator, zone: Zone): string {
  const { blockTypes, pageblockOrder, release: { typeNames } } = buddy;
  const counts = MIGRATE_TYPES.map(() => 0);
  for (let pfn = zone.start; pfn < zone.end; pfn += 2 ** pageblockOrder) {
    counts[blockTypes[pfn >>> pageblockOrder]]++;
  }
  const shown = typeNames.map(([, type]) =>
    counts[MIGRATE_TYPES.indexOf(type)]
  );
  return `Node 0, zone ${zoneName(zone)} ${
    [...shown, 0].map((count) => `${String(count).padStart(COLUMNS.blocks)} `)
      .join("")
  }\n`;
}

const zoneName = ({ name }: Zone): string => name.padStart(COLUMNS.zone);
const padded = (count: number): string => String(count).padStart(COLUMNS.count);
