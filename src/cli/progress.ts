/** A progress bar on a terminal; nothing in a pipe. */

const WIDTH = 32;
const encoder = new TextEncoder();

/** Shows how far `label` is; `end` wipes the line. */
export interface Progress {
  /** Takes the number of steps done. */
  step(done: number): void;
  /** Leaves the line as it was. */
  end(): void;
}

/** A bar for `total` steps on standard error. */
export function progress(label: string, total: number): Progress {
  if (!Deno.stderr.isTerminal()) return { step() {}, end() {} };
  let shown = -1;
  return {
    step(done) {
      const percent = total === 0 ? 100 : Math.floor(100 * done / total);
      if (percent === shown) return;
      shown = percent;
      const filled = Math.round(WIDTH * percent / 100);
      const bar = "█".repeat(filled) + "░".repeat(WIDTH - filled);
      const line = `\r${label.padEnd(10)} ${bar} ${`${percent}`.padStart(3)}%`;
      Deno.stderr.writeSync(encoder.encode(line));
    },
    end() {
      Deno.stderr.writeSync(encoder.encode("\r\x1b[K"));
    },
  };
}
