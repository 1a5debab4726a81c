/** What brings a device back to what it was. */
import type { Zram } from "./device.ts";

/** The fields that are numbers and flags. */
const FIELDS = [
  ...["disksize", "limitPages", "maxCompStreams", "wholeFrom"] as const,
  ...["wbLimitEnable", "wbLimit", "wbBatchSize", "compressedWb"] as const,
  ...["lostBlocks", "ppInProgress", "initLockReaders"] as const,
  ...["hasStaleTable", "isClaimed", "references"] as const,
  ...["openers", "holders"] as const,
];

/** See `Zram.remember`. */
export function rememberZram(zram: Zram): () => void {
  const { pool, slots, backing, comps, memory } = zram;
  const parts = [pool ?? memory, slots, comps, backing]
    .flatMap((part) => part === undefined ? [] : [part.remember()]);
  const stats = { ...zram.stats };
  const ioStat = { ...zram.ioStat };
  const fields = Object.fromEntries(FIELDS.map((name) => [name, zram[name]]));
  return () => {
    for (const restore of parts) restore();
    zram.stats = { ...stats };
    zram.ioStat = { ...ioStat };
    Object.assign(zram, fields, { pool, slots, backing });
    zram.locks.forgetHolders();
  };
}
