/** How wide what is written is. */

/** Columns of a line in a pipe, and the most on a terminal. */
const [PIPE, WIDEST] = [80, 120];
/** Columns that a terminal is taken to have at least. */
const NARROWEST = 40;

/** Columns that a text may have. */
export function columns(): number {
  if (!Deno.stdout.isTerminal()) return PIPE;
  return Math.min(Math.max(Deno.consoleSize().columns, NARROWEST), WIDEST);
}
