/**
 * A process that puts a zram device back in order once its user is gone, in
 * whatever way that happened: it waits for the end of its standard input,
 * which the kernel brings about even where the user was killed.
 */

/** An attribute's file and the text that it is to have. */
export type Setting = readonly [path: string, text: string];

/**
 * Ignores what a terminal sends to all its processes, waits, resets the device
 * of the folder $0 until nobody has it open, then writes the texts.
 */
const SCRIPT = `trap '' HUP INT QUIT TERM
cat > /dev/null
tries=100
until printf 1 > "$0/reset"; do
  tries=$((tries - 1))
  [ $tries -gt 0 ] || exit 1
  sleep 0.05
done 2> /dev/null
while [ $# -gt 0 ]; do
  printf %s "$2" > "$1" || exit 1
  shift 2
done`;

/** The guardian of a device; leaving its scope lets it do its work. */
export class Guardian implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #folder: string;

  /**
   * Guards the device whose attributes are in `folder`, `/sys/block/zramN`.
   * `settings` are written after the reset, in order.
   */
  constructor(folder: string, settings: readonly Setting[]) {
    this.#folder = folder;
    this.#child = new Deno.Command("sh", {
      args: ["-c", SCRIPT, folder, ...settings.flat()],
      stdin: "piped",
      stdout: "null",
      stderr: "inherit",
      // Out of reach of what kills a group of processes.
      detached: true,
    }).spawn();
  }

  /** Throws where the device could not be put back. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.close();
    const { code } = await this.#child.status;
    if (code === 0) return;
    throw new Error(
      `Cannot leave ${this.#folder} as it was: 'reset' or a setting is refused`,
    );
  }
}
