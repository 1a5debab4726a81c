/** How wide what is written is. */

/** Columns of a line in a pipe, and the most on a terminal. */
const [PIPE, WIDEST] = [80, 120];
/** Columns that a terminal is taken to have at least. */
const NARROWEST = 40;

/** Columns that a text may have. */
export function columns(): number {
  return Deno.stdout.isTerminal() ? Math.min(terminalColumns(), WIDEST) : PIPE;
}

/** Columns that a table may have: in a pipe as many as it needs. */
export function tableColumns(): number {
  return Deno.stdout.isTerminal() ? terminalColumns() : Infinity;
}

/** Columns of the terminal: what COLUMNS says, or else the terminal itself. */
export function terminalColumns(): number {
  const said = Number(Deno.env.get("COLUMNS") ?? "");
  const columns = Number.isInteger(said) && said > 0
    ? said
    : Deno.consoleSize().columns;
  return Math.max(columns, NARROWEST);
}

/** Columns of sentences among tables that may have `width`. */
export function proseColumns(width: number): number {
  return Math.min(PIPE, width);
}
