/** The end of the second model's view: the kernel stops. */

/** Thrown where the kernel has to stop, and so says nothing of what follows. */
export class NaiveStop extends Error {
  /** The error's class, for those who cannot use `instanceof`. */
  override readonly name = "NaiveStop";
}
