/** The settings that a plan comes to, to be copied. */
import { humanBytes } from "../report/table.ts";
import { wrap } from "../report/wrap.ts";
import { paramsText } from "./algorithms.ts";
import type { Profile } from "../linux/profile.ts";
import type { Algorithm } from "./measuring.ts";
import {
  isMostDisk,
  MOST_DISK,
  type SizePlan,
  type SizeRequest,
} from "./size_plan.ts";

/** Where a backing device is, which the caller has to say. */
export const BACKING_PLACE = "/dev/disk/by-partlabel/zram0-writeback";

/** A text that is written to an attribute of the device, and why. */
export interface Setting {
  /** The file in `/sys/block/zram0`. */
  readonly attribute: string;
  /** What is written to it. */
  readonly text: string;
  /** Why it is, and why here. */
  readonly why: string;
}

/** What is set, in its order. */
export interface Settings {
  /** Before the device is used. */
  readonly setup: readonly Setting[];
  /** Again and again while it is. */
  readonly upkeep: readonly Setting[];
}

/** The disk and its limit: with a backing device those that it allows. */
export function chosenDisk(
  { backed, ...plan }: SizePlan,
): Pick<SizePlan, "disksize" | "memLimit" | "firstEio"> {
  return backed ?? plan;
}

/** Why the disk has its size. */
function fullBefore(request: SizeRequest, plan: SizePlan): string {
  const { profile, backing } = request;
  const bound = "mem_limit" in profile.zram.attributes
    ? "the limit"
    : "zram's share of memory";
  const such = `with such data${
    backing === undefined ? "" : ", written back in time,"
  } it is full`;
  return isMostDisk(request, chosenDisk(plan))
    ? `${MOST_DISK} times the RAM, as a larger one is not looked for; ${such} before ${bound}`
    : `${such} just before ${bound}`;
}

/** What is written back, so that most memory comes back first. */
function writebackTypes(
  { zram: { writebackOrder, writebackTypes } }: Profile,
): readonly Pick<Setting, "text" | "why">[] {
  const why = "Nothing is written back by itself";
  if (writebackOrder !== "by-index") {
    return [{
      text: "idle",
      why:
        `${why}: what nobody touched since the last time, the largest first.`,
    }];
  }
  const huge = writebackTypes.includes("huge_idle") ? "huge_idle" : "huge";
  return [
    { text: huge, why: `${why}: first what does not compress.` },
    { text: "idle", why: "Then whatever nobody touched since the last time." },
  ];
}

/** The settings of a device with an algorithm, as far as its kernel has them. */
export function settingsOf(
  request: SizeRequest,
  algorithm: Algorithm,
  plan: SizePlan,
): Settings {
  const { profile, backing } = request;
  const { disksize, memLimit } = chosenDisk(plan);
  const told = paramsText(algorithm, algorithm.dictPath ?? "");
  const setup: Setting[] = [
    {
      attribute: "comp_algorithm",
      text: algorithm.name,
      why: "The algorithm, which is fixed once there is a disk.",
    },
    ...told === undefined ? [] : [{
      attribute: "algorithm_params",
      text: told,
      why:
        "What it is told, after its name, and before the disk, which sets it up.",
    }],
    ...backing === undefined ? [] : [{
      attribute: "backing_dev",
      text: BACKING_PLACE,
      why: `A block device of ${
        humanBytes(backing)
      } for writeback; what is on it is lost. It cannot be set once there is a disk.`,
    }],
    {
      attribute: "disksize",
      text: `${disksize}`,
      why: `${humanBytes(disksize)} of pages: ${fullBefore(request, plan)}.`,
    },
    {
      attribute: "mem_limit",
      text: `${memLimit}`,
      why: `The pool's ${
        humanBytes(memLimit)
      }, for data that compresses worse. After disksize, since reset forgets it.`,
    },
  ];
  const upkeep: Setting[] = backing === undefined ? [] : [
    ...writebackTypes(profile).map(({ text, why }) => ({
      attribute: "writeback",
      text,
      why,
    })),
    {
      attribute: "idle",
      text: "all",
      why: "From now on what is there is idle until it is touched.",
    },
  ];
  const { attributes } = profile.zram;
  return {
    setup: setup.filter(({ attribute }) => attribute in attributes),
    upkeep,
  };
}

/** Writes to the device's attributes, as a shell does them; comments in lines. */
export function shellText(
  { setup, upkeep }: Settings,
  width: number,
): string {
  const lines = ({ attribute, text, why }: Setting) =>
    `${commented(why, width)}echo ${
      text.includes(" ") ? `'${text}'` : text
    } > /sys/block/zram0/${attribute}\n`;
  return setup.map(lines).join("") +
    "mkswap /dev/zram0 && swapon -p 100 /dev/zram0\n" +
    (upkeep.length === 0
      ? ""
      : `\n${commented("Again and again, such as once an hour:", width)}${
        upkeep.map(lines).join("")
      }`);
}

/** A section of zram-generator.conf, its comments in lines of a width. */
export function generatorText(
  request: SizeRequest,
  algorithm: Algorithm,
  plan: SizePlan,
  width: number,
): string {
  const { profile, backing } = request;
  const { disksize, memLimit } = chosenDisk(plan);
  const has = (attribute: string) => attribute in profile.zram.attributes;
  const mebibytes = (bytes: number) => bytes / (1 << 20);
  return [
    "# /etc/systemd/zram-generator.conf\n[zram0]\n",
    commented(`disksize in MiB: ${fullBefore(request, plan)}.`, width),
    `zram-size = ${mebibytes(disksize)}\n`,
    ...has("comp_algorithm")
      ? [
        commented("The algorithm that these sizes are for.", width),
        `compression-algorithm = ${generatorAlgorithm(algorithm)}\n`,
      ]
      : [],
    ...has("mem_limit")
      ? [
        commented("mem_limit in MiB: for data that compresses worse.", width),
        `zram-resident-limit = ${mebibytes(memLimit)}\n`,
      ]
      : [],
    ...backing === undefined ? [] : [
      commented(
        "backing_dev: its pages are written back by nobody but you.",
        width,
      ),
      `writeback-device = ${BACKING_PLACE}\n`,
    ],
  ].join("");
}

/** `zstd(level=3)`: an algorithm and its parameters (since zram-generator 1.2). */
function generatorAlgorithm(algorithm: Algorithm): string {
  const told = paramsText(algorithm, algorithm.dictPath ?? "");
  if (told === undefined) return algorithm.name;
  const [, ...params] = told.split(" ");
  return `${algorithm.name}(${params.join(",")})`;
}

/** Words as comments, in lines. */
function commented(text: string, width: number): string {
  return wrap(text, width - 2).replaceAll(/^(?=.)/gm, "# ");
}
