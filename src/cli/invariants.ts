/** `zspec invariants`: the rules that hold after every operation, to read. */
import { DM_CACHE_INVARIANTS } from "../dm_cache/invariants.ts";
import { wrap } from "../report/wrap.ts";
import type { Rule } from "../rules/invariant.ts";
import { readRule } from "../search/finding.ts";
import { Z3FOLD_INVARIANTS } from "../z3fold/invariants.ts";
import { ZBUD_INVARIANTS } from "../zbud/invariants.ts";
import { ZRAM_INVARIANTS } from "../zram/invariants.ts";
import { ZSMALLOC_INVARIANTS } from "../zsmalloc/invariants.ts";
import { PAGE_ALLOC_INVARIANTS } from "../memory/page_alloc_invariants.ts";
import { SWAP_INVARIANTS } from "../swap/invariants.ts";
import { ZCACHE_INVARIANTS } from "../zcache/invariants.ts";
import { ZSWAP_INVARIANTS } from "../zswap/invariants.ts";
import { printResult } from "./print.ts";
import { unknown } from "./unknown.ts";
import { optionHelp, parseOptions } from "./usage.ts";

/** The rooms that have rules, and their lists. */
export const RULES: Readonly<Record<string, readonly Rule[]>> = {
  zsmalloc: ZSMALLOC_INVARIANTS,
  zram: ZRAM_INVARIANTS,
  dm_cache: DM_CACHE_INVARIANTS,
  zbud: ZBUD_INVARIANTS,
  z3fold: Z3FOLD_INVARIANTS,
  zswap: ZSWAP_INVARIANTS,
  zcache: ZCACHE_INVARIANTS,
  swap: SWAP_INVARIANTS,
  page_alloc: PAGE_ALLOC_INVARIANTS,
};

const COLUMNS = 80;

/** How `zspec invariants` is called. */
export const USAGE = `zspec invariants [ROOM…] [--json]

Prints the rules that hold after every operation, each with its name, a
sentence, and the kernel's source that makes it hold.

${
  optionHelp(
    "ROOM…",
    10,
    `the rooms whose rules they are, by default all: ${
      Object.keys(RULES).join(", ")
    }`,
  )
}  --json  the rules for machines: an array of {id, sentence, source}
`;

/** Runs the command and returns its exit status. */
export function command(args: readonly string[]): number {
  const options = parseOptions(args, { string: [], boolean: ["json"] });
  const rooms = options.paths.length > 0
    ? [...new Set(options.paths)]
    : Object.keys(RULES);
  for (const room of rooms) {
    if (!Object.hasOwn(RULES, room)) {
      throw unknown("room", room, Object.keys(RULES));
    }
  }
  printResult(
    options,
    rooms.flatMap((room) => RULES[room].map(readRule)),
    () => rooms.map((room) => renderRoom(room, RULES[room])).join("\n"),
  );
  return 0;
}

function renderRoom(room: string, rules: readonly Rule[]): string {
  const texts = rules.map(({ id, sentence, source }) =>
    `\n${id}\n${wrap(sentence, COLUMNS, "  ")}${
      wrap(`Source: ${source}`, COLUMNS, "  ")
    }`
  );
  return `${room}: ${rules.length} rules\n${texts.join("")}`;
}
