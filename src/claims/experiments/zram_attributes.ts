/** zram's parameters and files: what they take, and which there are. */
import type { Errno } from "../../linux/errno.ts";
import { LINUX_3_12, LINUX_7_3, type Profile } from "../../linux/profile.ts";
import { counted, grouped } from "../../report/table.ts";
import { loadZram } from "../../zram/control.ts";
import { Zram } from "../../zram/device.ts";
import { readAttribute, writeAttribute } from "../../zram/sysfs.ts";
import { holds } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { DOCUMENTATION } from "../runs/who.ts";
import { pageOf, statedZram } from "../runs/zram_pages.ts";

/** The files that the documentation of 2013 names as statistics. */
const DOCUMENTED = [
  "disksize",
  "num_reads",
  "num_writes",
  "invalid_io",
  "notify_free",
  "discard",
  "zero_pages",
  "orig_data_size",
  "compr_data_size",
  "mem_used_total",
];

/** Positive values, as one may write them. */
const POSITIVE = ["1", "2", "65535", "65536", "0x1", " 1"];

const MIB = 2 ** 20;
/** Sizes as the documentation writes them, and what they stand for. */
const DISKSIZES: readonly (readonly [text: string, bytes: number])[] = [
  [`${50 * MIB}`, 50 * MIB],
  ["256K", MIB / 4],
  ["512M", 512 * MIB],
  ["1G", 1024 * MIB],
];

/** What writing a text to a file answered. */
interface Stored {
  readonly text: string;
  readonly answer: Errno | "done";
}

/** The disksize that a device then shows, and the one that is meant. */
interface Disksize extends Stored {
  readonly shown: number;
  readonly meant: number;
}

interface Found {
  readonly resets: readonly Stored[];
  readonly missing: readonly string[];
  readonly disksizes: readonly Disksize[];
  /** Devices without num_devices, and with 4. */
  readonly usual: readonly number[];
  readonly four: readonly number[];
  /** The least num_devices that is refused up to as many, and how. */
  readonly refusedFrom: { count: number; answer: Errno } | undefined;
}

/** More devices than any release refuses. */
const MANY_DEVICES = 64;

/** Writes each text to `reset` of a device that holds a page. */
function resetBy(profile: Profile, text: string): Stored {
  const zram = statedZram(profile, 1);
  zram.write(0, pageOf(profile, 1000));
  const answer = writeAttribute(zram, "reset", `${text}\n`) ?? "done";
  const isReset = zram.disksize === 0;
  if (isReset !== (answer === "done")) {
    throw new Error(`reset answers ${answer} to '${text}' and does not do so`);
  }
  return { text, answer };
}

function setDisksizeTo(
  profile: Profile,
  [text, meant]: (typeof DISKSIZES)[number],
): Disksize {
  const zram = new Zram(profile);
  const answer = writeAttribute(zram, "disksize", `${text}\n`) ?? "done";
  const shown = readAttribute(zram, "disksize");
  return {
    text,
    answer,
    meant,
    shown: "text" in shown ? Number(shown.text) : NaN,
  };
}

function devicesOf(profile: Profile, numDevices?: number): number[] {
  const loaded = loadZram(profile, numDevices);
  return typeof loaded === "string" ? [] : [...loaded.devices.keys()];
}

function leastRefused(profile: Profile): Found["refusedFrom"] {
  for (let count = 0; count <= MANY_DEVICES; count++) {
    const answer = loadZram(profile, count);
    if (typeof answer === "string") return { count, answer };
  }
}

function run({ profile }: Given<never>): Found {
  const zram = new Zram(profile);
  return {
    resets: POSITIVE.map((text) => resetBy(profile, text)),
    missing: DOCUMENTED.filter((name) =>
      !("text" in readAttribute(zram, name))
    ),
    disksizes: DISKSIZES.map((size) => setDisksizeTo(profile, size)),
    usual: devicesOf(profile),
    four: devicesOf(profile, 4),
    refusedFrom: leastRefused(profile),
  };
}

function figures(found: Found): readonly Figures[] {
  return [
    {
      title: "What reset answers",
      columns: ["written", "answer"],
      rows: found.resets.map(({ text, answer }) => [`'${text}'`, answer]),
    },
    {
      title: "What disksize shows",
      columns: ["written", "answer", "shown"],
      rows: found.disksizes.map(({ text, answer, shown }) => [
        text,
        answer,
        shown,
      ]),
    },
    {
      title: "Documented files",
      columns: ["", "there"],
      rows: DOCUMENTED.map((name) => [
        name,
        found.missing.includes(name) ? "no" : "yes",
      ]),
    },
  ];
}

/** The experiment. */
export const ZRAM_ATTRIBUTES = experiment<never, Found>({
  name: "zram-attributes",
  theme: "zram's interface",
  method:
    "Positive values are written to reset, and the documentation's sizes to disksize. Every file that it names is read. The module is loaded with no, 4 and ever more devices.",
  sizes: {},
  kernels: [LINUX_3_12, LINUX_7_3],
  run,
  figures,
  claims: [
    {
      name: "reset-takes-any-positive-value",
      says: "Any positive value that is written to reset resets the device.",
      who: DOCUMENTATION,
      passages: [{ thread: "002", at: "lines 431-435" }],
      decide({ resets }) {
        const refused = resets.filter(({ answer }) => answer !== "done");
        return holds(
          refused.length === 0,
          refused.length === 0
            ? `each of ${resets.length} does`
            : refused.map(({ text, answer }) => `'${text}' is ${answer}`)
              .join(", "),
        );
      },
    },
    {
      name: "discard-attribute-documented",
      says:
        "Among a device's statistics in sysfs are disksize, num_reads, num_writes, invalid_io, notify_free, discard, zero_pages, orig_data_size, compr_data_size and mem_used_total.",
      who: DOCUMENTATION,
      passages: [{ thread: "002", at: "lines 414-425" }],
      decide: ({ missing }) =>
        holds(
          missing.length === 0,
          missing.length === 0
            ? `all ${DOCUMENTED.length} are there`
            : `${missing.length} of ${
              counted(DOCUMENTED.length, "file")
            } not there: ${missing.join(", ")}`,
        ),
    },
    {
      name: "disksize-takes-suffixes",
      says: "disksize takes bytes, or a number with K, M or G.",
      who: DOCUMENTATION,
      passages: [{ thread: "002", at: "lines 394-404" }],
      decide({ disksizes }) {
        const right = disksizes.filter(({ shown, meant }) => shown === meant);
        return holds(
          right.length === disksizes.length,
          disksizes.map(({ text, shown }) => `${text} makes ${grouped(shown)}`)
            .join(", "),
        );
      },
    },
    {
      name: "num-devices-as-documented",
      says:
        "num_devices=4 makes zram0 to zram3, and without it there is one device; more than 32 are refused as invalid.",
      who: DOCUMENTATION,
      passages: [
        { thread: "002", at: "lines 389-392" },
        { thread: "002", at: "lines 4928-4931" },
      ],
      decide: ({ usual, four, refusedFrom }) =>
        holds(
          usual.length === 1 && four.join() === "0,1,2,3" &&
            refusedFrom?.count === 33 && refusedFrom.answer === "EINVAL",
          `without it ${usual.length}, with 4 zram${four.join(", zram")}; ${
            refusedFrom === undefined
              ? `${MANY_DEVICES} are taken`
              : `from ${refusedFrom.count} on ${refusedFrom.answer}`
          }`,
        ),
    },
  ],
});
