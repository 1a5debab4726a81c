/** The settings of each algorithm whose lengths are recorded. */
import type { Setting } from "./recording.ts";

/** Dictionaries that are looked at with some levels, the largest with few. */
const DICTIONARIES = ["4 KiB", "64 KiB", "trained"];
const LARGE = "100 KiB";
/** Those with the default level alone: as good as none. */
const SMALL_DICTIONARIES = ["empty", "3 bytes", "8 bytes"];

/** Whole numbers from one to another. */
function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, nth) => from + nth);
}

/** Each level alone, and some with each dictionary. */
function levelled(
  levels: readonly number[],
  withDictionary: readonly number[],
  withLarge: readonly number[],
): Setting[] {
  const settingsWith = (dict: string, levels: readonly number[]) => [
    { dict },
    ...levels.map((level) => ({ level, dict })),
  ];
  return [
    {},
    ...levels.map((level) => ({ level })),
    ...SMALL_DICTIONARIES.map((dict) => ({ dict })),
    ...DICTIONARIES.flatMap((dict) => settingsWith(dict, withDictionary)),
    ...settingsWith(LARGE, withLarge),
  ];
}

/** Windows of zlib, and those next to them; some with other levels too. */
function windows(): Setting[] {
  const all = [...range(-16, -8), ...range(8, 16)];
  return [
    ...all.map((winbits) => ({ winbits })),
    ...[-15, -9, 15].flatMap((winbits) =>
      [1, 4, 9].map((level) => ({ winbits, level }))
    ),
  ];
}

/** Settings by algorithm; what a kernel has not refuses them. */
const SETTINGS: Readonly<Record<string, readonly Setting[]>> = {
  lz4: levelled(
    [-1, 0, 1, 2, 3, 4, 5, 6, 9, 16, 50, 100, 1000, 65536, 65537, 2 ** 31 - 1],
    [2, 9, 50],
    [],
  ),
  lz4hc: levelled([-5, ...range(0, 17), 99], [1, 3, 6, 10, 12, 16], []),
  zstd: levelled(
    [-131073, -131072, -50, ...range(-7, 23), 99],
    [-131072, -1, 1, 2, 4, 5, 6, 9, 11, 13, 15, 16, 19, 22],
    [-1, 1, 5, 13, 19],
  ),
  deflate: [
    ...levelled([-2, ...range(-1, 10)], [], []),
    ...windows(),
  ],
};

/** What an algorithm without parameters is recorded with. */
const OTHERS: readonly Setting[] = [{}, { level: 5 }, { dict: "4 KiB" }];

/** What is recorded of an algorithm, where a kernel has parameters or not. */
export function settingsOf(
  algorithm: string,
  hasParams: boolean,
): readonly Setting[] {
  return hasParams ? SETTINGS[algorithm] ?? OTHERS : [{}];
}
