/** The ways of accessing an object that lies in two frames. */
import { percent } from "../../report/table.ts";
import { LINUX_3_12, LINUX_4_0, LINUX_7_3 } from "../../linux/profile.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Figures } from "../experiment.ts";
import {
  type MethodFound,
  runMappings,
  type Written,
} from "../runs/mapping_copies.ts";

const effect = ({ isKept, isRestKept }: Written) =>
  isRestKept ? isKept ? "written" : "lost" : "the rest lost";

function figures(found: readonly MethodFound[]): readonly Figures[] {
  const mean = (bytes: number, objects: number) =>
    objects === 0 ? "" : (bytes / objects).toFixed(0);
  const all = [
    {
      title: "Bytes that a mapping copies, of an object on average",
      columns: ["", "objects", "copied", "to write", "to read", "wrong"],
      rows: found.flatMap(({ method, within, crossing }) =>
        ([["in one frame", within], ["in two", crossing]] as const)
          .map(([where, one]) => [
            `${method}, ${where}`,
            one.objects,
            one.copied,
            mean(one.toWrite, one.objects),
            mean(one.toRead, one.objects),
            one.wrong,
          ])
      ),
    },
    {
      title: "What becomes of one byte that is written by a mapping",
      columns: ["", "in one frame", "in two"],
      rows: found.flatMap(({ method, writtenWithin, writtenCrossing }) =>
        writtenWithin.map((within, nth) => [
          `${method}, ${within.mode}`,
          effect(within),
          effect(writtenCrossing[nth]),
        ])
      ),
    },
  ];
  return all.filter(({ rows }) => rows.length > 0);
}

/** Whether all modes do the same. */
const isAlike = (written: readonly Written[]) =>
  written.every((one) => effect(one) === effect(written[0]));

const modesText = (written: readonly Written[]) =>
  written.map((one) => `${one.mode}: ${effect(one)}`).join(", ") ||
  "no mapping can be written to";

const copying = (found: readonly MethodFound[]) =>
  found.filter(({ method }) => method !== "page-table");

/** The experiment. */
export const MAPPING_METHODS = experiment<"pages", readonly MethodFound[]>({
  name: "mapping-methods",
  theme: "handles and mapping",
  method:
    "Real pages compressed by lzo are stored in zsmalloc and read again by each of its mapping methods, and the bytes are counted that mapping and unmapping copy. Then one byte of an object is written in each mode.",
  sizes: {
    pages: { usual: 1024, least: 16, most: 65536, means: "pages stored" },
  },
  kernels: [LINUX_3_12, LINUX_4_0, LINUX_7_3],
  run: runMappings,
  figures,
  claims: [
    {
      name: "two-mapping-methods",
      says:
        "There are two methods of accessing an object in two pages, copying it and mapping its pages, and both give its bytes.",
      who: "Minchan Kim, 2013",
      passages: [{ thread: "002", at: "lines 104-106" }],
      decide: (found) =>
        holds(
          found.length === 2 &&
            found.every(({ crossing: { objects, wrong } }) =>
              objects > 0 && wrong === 0
            ),
          found.map(({ method, crossing: { objects, wrong } }) =>
            `${method}: ${wrong} of ${objects} objects in two frames read wrong`
          ).join("; "),
        ),
    },
    {
      name: "only-spanning-objects-are-copied",
      says: "Mapping copies only objects that lie across two pages.",
      who: "Minchan Kim, 2013",
      passages: [
        { thread: "002", at: "lines 104-106" },
        { thread: "002", at: "lines 135-136" },
      ],
      decide: (found) =>
        holds(
          copying(found).every(({ within, crossing }) =>
            within.toRead + within.toWrite === 0 && crossing.copied > 0
          ),
          copying(found).map(({ within, crossing }) =>
            `${within.copied} of ${within.objects} objects in one frame are copied to be read, ${crossing.copied} of ${crossing.objects} in two`
          ).join("; "),
        ),
    },
    {
      name: "map-modes-matter-only-across-pages",
      says:
        "The modes of a mapping make a difference only for objects that lie in two pages.",
      who: "Nitin Gupta, 2013",
      passages: [{ thread: "002", at: "lines 7565-7567" }],
      decide: ([{ writtenWithin, writtenCrossing }]) =>
        holds(
          isAlike(writtenWithin) && !isAlike(writtenCrossing),
          `in one frame ${modesText(writtenWithin)}; in two ${
            modesText(writtenCrossing)
          }`,
        ),
    },
    {
      name: "map-modes-no-effect-with-pgtable",
      says: "With page table mapping the modes have no effect.",
      who: "Nitin Gupta, 2013",
      passages: [{ thread: "002", at: "line 7566" }],
      decide(found) {
        const pageTable = found.find(({ method }) => method === "page-table");
        return pageTable === undefined
          ? holds(false, "there is no page table mapping")
          : holds(
            isAlike([...pageTable.writtenWithin, ...pageTable.writtenCrossing]),
            `in two frames ${modesText(pageTable.writtenCrossing)}`,
          );
      },
    },
    {
      name: "write-only-mapping-loses-the-rest",
      says:
        "A write of some bytes by a write-only mapping does not keep the others.",
      who: "Nitin Gupta, 2013",
      passages: [{ thread: "002", at: "lines 7572-7577" }],
      decide([{ writtenWithin, writtenCrossing }]) {
        const isLost = (written: readonly Written[]) =>
          written.some((one) => one.mode === "write-only" && !one.isRestKept);
        const evidence = `in one frame ${modesText(writtenWithin)}; in two ${
          modesText(writtenCrossing)
        }`;
        return isLost(writtenWithin) ? holds(true, evidence) : holdsIf(
          isLost(writtenCrossing),
          "the object lies in two pages and is copied",
          evidence,
        );
      },
    },
    {
      name: "pgtable-mapping-faster-on-arm",
      says:
        "On some machines mapping two pages by the page table is faster than copying.",
      who: "Minchan Kim, 2013",
      passages: [
        { thread: "002", at: "lines 136-139" },
        { thread: "002", at: "lines 107-110" },
      ],
      decide([{ within, crossing }]) {
        const objects = within.objects + crossing.objects;
        const bytes = crossing.copied === 0
          ? 0
          : Math.round(crossing.toRead / crossing.copied);
        return {
          ruling: "not decided here",
          evidence: `${crossing.copied} of ${objects} reads, ${
            percent(crossing.copied, objects)
          }, copy ${bytes} bytes on average or set two page table entries and flush them from the TLB, whose cost is the machine's`,
        };
      },
    },
  ],
});
