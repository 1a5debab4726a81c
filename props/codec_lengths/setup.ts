/** How a zram device is set up to compress the pages with a setting. */
import { CODEC_DICTIONARIES, CODEC_PAGES } from "../codec_pages.ts";
import type { Setting } from "./recording.ts";

/** Where a dictionary is. */
function pathOf(dictionary: string): string {
  return `/dictionary-${Object.keys(CODEC_DICTIONARIES).indexOf(dictionary)}`;
}

/** The dictionaries by the paths at which a device is to find them. */
export const DICTIONARY_FILES: ReadonlyMap<string, Uint8Array> = new Map(
  Object.entries(CODEC_DICTIONARIES)
    .map(([name, bytes]) => [pathOf(name), bytes]),
);

/** A setting as `algorithm_params` is told it. */
function paramsText({ level, winbits, dict }: Setting): string {
  return [
    ...level === undefined ? [] : [`level=${level}`],
    ...winbits === undefined ? [] : [`deflate.winbits=${winbits}`],
    ...dict === undefined ? [] : [`dict=${pathOf(dict)}`],
  ].join(" ");
}

/** The attributes that are written to set a fresh device up, in their order. */
export function attributesOf(
  algorithm: string,
  setting: Setting,
): (readonly [attr: string, value: string])[] {
  const params = paramsText(setting);
  const disksize = CODEC_PAGES
    .reduce((bytes, page) => bytes + page.bytes.length, 0);
  return [
    ["comp_algorithm", algorithm],
    ...params === "" ? [] : [["algorithm_params", params] as const],
    ["disksize", String(disksize)],
  ];
}
