/** A file system on zram: what deleting its files gives back. */
import { LINUX_3_12, LINUX_7_3 } from "../../linux/profile.ts";
import { humanBytes, percent } from "../../report/table.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import {
  fileSystemOnZram,
  type FileSystemRun,
  type FileSystemUse,
} from "../runs/file_system_on_zram.ts";

type Found = readonly FileSystemRun[];

const run = ({ profile, seed, sizes }: Given<"pages">): Found =>
  fileSystemOnZram({ seed, pages: sizes.pages, profiles: [profile] });

function withDiscards(
  found: Found,
  discards: FileSystemRun["discards"],
): FileSystemRun {
  const one = found.find((each) => each.discards === discards);
  if (one === undefined) throw new Error(`no run with ${discards}`);
  return one;
}

/** The share of the memory used that is given back from one moment to another. */
const givenBack = (from: FileSystemUse, to: FileSystemUse) =>
  percent(from.memUsedTotal - to.memUsedTotal, from.memUsedTotal);

const MOMENTS = [
  ...["filled", "deleted", "trimmed", "compacted", "refilled"] as const,
];

function figures(found: Found): readonly Figures[] {
  return found.map((one) => ({
    title: `Discards: ${one.discards}${
      one.refused === undefined ? "" : ` (the device answers ${one.refused})`
    }`,
    columns: ["", "files", "orig_data_size", "compr_data_size", "memory"],
    rows: MOMENTS.map((moment) => {
      const { files, origDataSize, comprDataSize, memUsedTotal } = one[moment];
      return [
        moment,
        ...[files, origDataSize, comprDataSize, memUsedTotal].map(humanBytes),
      ];
    }),
  }));
}

/** The experiment. */
export const FILE_SYSTEM = experiment<"pages", Found>({
  name: "file-system",
  theme: "freeing",
  method:
    "Files fill four fifths of a disk of zram's. Half of them are deleted at random; what is free is discarded: not, with each file, or by fstrim; the pool is compacted, where the kernel can; as many files are written again.",
  sizes: {
    pages: {
      usual: 8192,
      least: 256,
      most: 1 << 18,
      means: "pages of the disk",
    },
  },
  kernels: [LINUX_3_12, LINUX_7_3],
  run,
  figures,
  claims: [
    {
      name: "zram-fs-delete-frees-nothing",
      says:
        "To delete a file in a tmpfs surely frees memory; on zram it need not free any.",
      who: "Mel Gorman, 2013",
      passages: [{ thread: "002", at: "lines 7972-7974" }],
      decide(found) {
        const plain = withDiscards(found, "none");
        const trimmed = withDiscards(found, "fstrim");
        const isSo = plain.deleted.memUsedTotal === plain.filled.memUsedTotal;
        const evidence = `half of the files deleted gives back ${
          givenBack(plain.filled, plain.deleted)
        } of the memory`;
        return trimmed.refused !== undefined
          ? holds(isSo, `${evidence}, and a discard is ${trimmed.refused}`)
          : holdsIf(
            isSo,
            "nobody discards",
            `${evidence}; fstrim after it ${
              givenBack(trimmed.deleted, trimmed.trimmed)
            }`,
          );
      },
    },
    {
      name: "memory-back-only-by-killing",
      says:
        "The only way to get such memory back may be to kill what holds the files.",
      who: "Mel Gorman, 2013",
      passages: [{ thread: "002", at: "lines 7974-7977" }],
      decide(found) {
        const { filled, compacted } = withDiscards(found, "fstrim");
        return holds(
          compacted.memUsedTotal === filled.memUsedTotal,
          `discards and compaction, nobody being killed, give back ${
            givenBack(filled, compacted)
          }`,
        );
      },
    },
  ],
});
