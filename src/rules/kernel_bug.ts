/** What a kernel would do wrong. */

/**
 * A release's own bug, or a BUG_ON of it, at which the kernel stops: whoever
 * ran there is killed with what it held, and nothing after it is specified. It
 * is an outcome of its own kind: no rule of the model is broken.
 */
export class KernelBug extends Error {
  /** The error's class, for those who cannot use `instanceof`. */
  override readonly name = "KernelBug";

  /** `where` names the kernel's function; `what` says what it does there. */
  constructor(where: string, what: string) {
    super(`${where}: the kernel would ${what}`);
  }
}
