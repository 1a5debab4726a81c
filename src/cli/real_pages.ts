/** Pages of real files for experiments: of the running Deno executable. */
import { type PageFile, readInput, readPages } from "./pages.ts";

/** `count` pages, evenly spaced, the same ones each time. */
export function realPages(count: number, pageSize: number): Uint8Array[] {
  const { files, pages } = readInput([], pageSize);
  const [{ path }] = [...files];
  const spread: PageFile[] = Array.from({ length: count }, (_, nth) => ({
    path,
    at: pageSize * (Math.floor(nth * pages / count) % pages),
    bytes: pageSize,
    pages: 1,
  }));
  return Array.from(readPages(spread, pageSize), (page) => page.slice());
}
