/** What `recomp_algorithm` shows. */
import type { ZramProfile } from "../linux/zram_profile.ts";

/**
 * The text of pieces that come one after another. Since 6.17 the kernel adds
 * the place of each priority's algorithms to itself, so that NULs stand behind
 * them: `zcomp_available_show` answers where it ended, and
 * `recomp_algorithm_show` takes that for a length.
 */
export function recompAlgorithmText(
  { recompAlgorithmLines }: Pick<ZramProfile, "recompAlgorithmLines">,
  pieces: readonly string[],
): string {
  if (recompAlgorithmLines === "behind-another") return pieces.join("");
  let text = "";
  for (const [nth, piece] of pieces.entries()) {
    const at = text.length;
    const isAlgorithms = nth % 2 === 1;
    text += piece;
    if (isAlgorithms) text = text.padEnd(at + text.length, "\0");
  }
  return text;
}
