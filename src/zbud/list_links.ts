/** Looking at where single pages are linked, without walking whole lists. */
import { type Checked, SILENT } from "../rules/invariant.ts";
import type { HeaderLists, LinkTarget } from "./header_lists.ts";

/** A link's target in words. */
function describe(target: LinkTarget): string {
  return "pfn" in target ? `page ${target.pfn}` : `list ${target.list}`;
}

/** Where the link behind a target leads: of a list's head, to its first page. */
function nextOf(lists: HeaderLists, target: LinkTarget): LinkTarget {
  return "pfn" in target
    ? lists.next(target.pfn)
    : { pfn: lists.first(target.list) };
}

/** Where the link before a target leads: of a list's head, to its last page. */
function prevOf(lists: HeaderLists, target: LinkTarget): LinkTarget {
  return "pfn" in target
    ? lists.prev(target.pfn)
    : { pfn: lists.last(target.list) };
}

/** How the neighbours of a linked page do not point back to it; silent on others. */
export function checkNeighbours(lists: HeaderLists, pfn: number): Checked {
  if (lists.state(pfn) !== "linked") return SILENT;
  const prev = lists.prev(pfn);
  const next = lists.next(pfn);
  const before = nextOf(lists, prev);
  if (!("pfn" in before) || before.pfn !== pfn) {
    const where = `next of ${describe(prev)}`;
    return { where, expected: `page ${pfn}`, found: describe(before) };
  }
  const behind = prevOf(lists, next);
  if (!("pfn" in behind) || behind.pfn !== pfn) {
    const where = `prev of ${describe(next)}`;
    return { where, expected: `page ${pfn}`, found: describe(behind) };
  }
}

/**
 * Which list a page is on, or `undefined`: found by going back to the list's
 * head, or to a page of which it is known.
 */
export function findList(
  lists: HeaderLists,
  pfn: number,
  known: ReadonlyMap<number, number>,
  pages: number,
): number | undefined {
  if (lists.state(pfn) !== "linked") return undefined;
  let at = lists.prev(pfn);
  // Links that are broken may lead round and round.
  for (let nth = 0; nth < pages && "pfn" in at; nth++) {
    const list = known.get(at.pfn);
    if (list !== undefined) return list;
    at = lists.prev(at.pfn);
  }
  return "list" in at ? at.list : undefined;
}
