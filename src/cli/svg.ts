/** `--svg FILE`: a picture of what a command shows. */
import type { Picture } from "../report/picture.ts";
import { checkWritable, optionHelp, type Options, writeText } from "./usage.ts";

/** The help of `--svg`, its words from a column on. */
export function svgHelp(column: number): string {
  return optionHelp(
    "--svg FILE",
    column,
    "and a picture of it, as SVG for light and dark",
  );
}

/** Where the picture goes, if one is asked for; refused where it cannot be. */
export function svgOption(options: Options): string | undefined {
  const path = options.text("svg");
  if (path !== undefined) checkWritable(path);
  return path;
}

/** Draws the picture, if there is a path for it: only then the drawer is loaded. */
export async function writeSvg(
  path: string | undefined,
  picture: () => Picture,
): Promise<void> {
  if (path === undefined) return;
  const { svgOf } = await import("../report/svg.ts");
  writeText(path, svgOf(picture()));
}
