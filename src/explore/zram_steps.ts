/** The operations of zram's state machine, each on a device and on its model. */
import { blockState } from "../zram/debugfs.ts";
import type { Zram } from "../zram/device.ts";
import { checkZram } from "../zram/invariants.ts";
import {
  checkLimits,
  type LimitsBefore,
  limitsBefore,
} from "../zram/limit_invariants.ts";
import {
  attributeNames,
  readAttribute,
  writeAttribute,
} from "../zram/sysfs.ts";
import { agree, agreeBytes } from "./agree.ts";
import { type Contents, expandContents } from "../programs/contents.ts";
import type { StepTable } from "./steps.ts";
import {
  activeComps,
  algorithmOf,
  canFail,
  discardNaive,
  freeNaive,
  type NaiveZram,
  readNaive,
  resetNaive,
  touch,
  writeNaive,
} from "./zram_model.ts";
import {
  markIdleNaive,
  recompressNaive,
  writebackNaive,
} from "./zram_model_pages.ts";
import { blockStateOf, mmStatOf, textsOf } from "./zram_model_stat.ts";

/** What a request is for. */
export interface ZramRange {
  /** Where it starts, in sectors of 512 bytes. */
  readonly sector: number;
  /** How many bytes from there on. */
  readonly bytes: number;
}

/** The operations of {@linkcode zramMachine} and their fields. */
export interface ZramSteps {
  /** A request to write. */
  write: ZramRange & { readonly contents: Contents };
  /** A request to read. */
  read: ZramRange;
  /** REQ_OP_DISCARD. */
  discard: ZramRange;
  /** REQ_OP_WRITE_ZEROES. */
  write_zeroes: ZramRange;
  /** A request to read that is out of range or unaligned. */
  read_invalid: ZramRange;
  /** The swap layer freed a page. */
  slot_free_notify: { readonly page: number };
  /** `mem_limit` is set; 0 pages are no limit. */
  mem_limit: { readonly pages: number };
  /** Pages are marked idle: all, or those not accessed for `age` seconds. */
  idle: { readonly age: number | "all" };
  /** Pages of a type are written back, of ranges of the disk or of all of it. */
  writeback: {
    readonly type: string | null;
    readonly ranges: readonly {
      readonly page: number;
      readonly pages: number;
    }[];
  };
  /** `writeback_limit` is set, in units of 4 KiB. */
  writeback_limit: { readonly units: number };
  /** `writeback_limit_enable` is set. */
  writeback_limit_enable: { readonly enable: boolean };
  /** Pages are recompressed; what is `null` is not said. */
  recompress: {
    readonly type: string | null;
    readonly threshold: number | null;
    readonly algo: string | null;
    readonly priority: number | null;
    readonly max_pages: number | null;
  };
  /** The pool is compacted. */
  compact: Record<never, never>;
  /** `mem_used_max` is lowered to what is used. */
  mem_used_max: Record<never, never>;
  /** The device is reset and initialised again. */
  reset: Record<never, never>;
  /** The clock goes on. */
  sleep: { readonly seconds: number };
}

/** A device, its model, and what the rules about limits compare with. */
export interface ZramState {
  readonly naive: NaiveZram;
  readonly zram: Zram;
  before: LimitsBefore;
}

/** Writes a file that this kernel may not have; returns whether it has. */
function set(
  { zram }: ZramState,
  name: string,
  text: string,
  expected: (errno: string | undefined) => string | undefined = () => undefined,
): boolean {
  const errno = writeAttribute(zram, name, text);
  const exists = name in zram.profile.zram.attributes;
  agree(`echo ${text} > ${name}`, errno, exists ? expected(errno) : "ENOENT");
  return exists;
}

/** What each operation does. */
export const ZRAM_STEPS: StepTable<ZramState, ZramSteps> = {
  write({ naive, zram }, { sector, bytes, contents }) {
    const { pageSize } = zram.profile;
    // Which parts of a request fail for want of memory is not for this model:
    // then a page is written, whole and alone.
    if (canFail(naive) && bytes < pageSize) return;
    const page = Math.floor(sector * 512 / pageSize);
    const bio = canFail(naive)
      ? { sector: page * pageSize / 512, bytes: pageSize }
      : { sector, bytes };
    const data = expandContents(contents, bytes).subarray(0, bio.bytes);
    const errno = zram.submitBio({ op: "write", sector: bio.sector, data });
    if (errno !== undefined && canFail(naive)) {
      naive.writes++;
      naive.failedWrites++;
      if (zram.profile.zram.failureIsAccess) touch(naive, page);
      return;
    }
    const success = writeNaive(naive, bio.sector, data);
    agree("the write", errno, success ? undefined : "EIO");
  },

  read({ naive, zram }, { sector, bytes }) {
    const { pageSize } = zram.profile;
    const start = sector * 512;
    // A part of a page needs memory, which may not be there.
    const isWhole = start % pageSize === 0 && bytes % pageSize === 0;
    if (naive.setup.scarce && !isWhole) return;
    const data = new Uint8Array(bytes).fill(99);
    const errno = zram.submitBio({ op: "read", sector, data });
    const success = readNaive(naive, sector, bytes);
    agree("the read", errno, success ? undefined : "EIO");
    if (!success) return;
    agreeBytes("what is read", data, naive.disk.slice(start, start + bytes));
  },

  discard({ naive, zram }, { sector, bytes }) {
    const supported = zram.profile.zram.discard;
    const errno = zram.submitBio({ op: "discard", sector, bytes });
    agree("the discard", errno, supported ? undefined : "EOPNOTSUPP");
    if (supported) discardNaive(naive, sector, bytes);
  },

  write_zeroes({ naive, zram }, { sector, bytes }) {
    const { profile } = zram;
    const supported = profile.zram.writeZeroes && profile.pageSize === 4096;
    const errno = zram.submitBio({ op: "write_zeroes", sector, bytes });
    agree("the request", errno, supported ? undefined : "EOPNOTSUPP");
    if (supported) discardNaive(naive, sector, bytes);
  },

  read_invalid({ naive, zram }, { sector, bytes }) {
    const data = new Uint8Array(bytes);
    const errno = zram.submitBio({ op: "read", sector, data });
    const inside = sector * 512 + bytes <= zram.disksize;
    const byBlockLayer = zram.profile.zram.requestsChecked === "by-block-layer";
    agree("the read", errno, byBlockLayer && inside ? "EINVAL" : "EIO");
    if (!byBlockLayer) naive.invalidIo++;
  },

  slot_free_notify({ naive, zram }, { page }) {
    zram.slotFreeNotify(page);
    freeNaive(naive, page);
    naive.notifyFree++;
  },

  mem_limit(state, { pages }) {
    const bytes = String(pages * state.zram.profile.pageSize);
    state.naive.limited = set(state, "mem_limit", bytes) && pages > 0;
  },

  idle(state, { age }) {
    const { naive, zram: { profile } } = state;
    set(state, "idle", String(age), () => {
      if (age !== "all" && !profile.zram.trackEntryActime) return "EINVAL";
      const cutoff = age === "all" ? 0 : naive.clock - age;
      markIdleNaive(naive, cutoff === 0 ? "all" : cutoff);
    });
  },

  writeback(state, { type, ranges }) {
    const { naive, naive: { setup } } = state;
    const { diskPages } = setup;
    const selected = ranges.map(({ page, pages }) => ({
      start: page,
      end: Math.min(page + pages, diskPages),
      type: "",
    }));
    const texts = selected.map(({ start, end }) =>
      end === start + 1
        ? `page_index=${start}`
        : `page_indexes=${start}-${end - 1}`
    );
    const text = [...texts, ...type === null ? [] : [type]].join(" ");
    const last = selected.at(-1) ?? { start: 0, end: diskPages };
    const all = type === null ? selected : [...selected, { ...last, type }];
    set(state, "writeback", text, (errno) => {
      const bySize = setup.profile.zram.writebackOrder === "by-size";
      const isOld = /^(idle|huge|huge_idle|page_index=\d+)$/.test(text);
      if (!bySize && !isOld) return "EINVAL";
      if (setup.backingPages === 0) return "ENODEV";
      // Whether there is a page for the while of it is up to the pool.
      if (errno === "ENOMEM" && setup.scarce) return errno;
      return writebackNaive(naive, all);
    });
  },

  writeback_limit(state, { units }) {
    const exists = set(state, "writeback_limit", String(units));
    if (exists) state.naive.wbLimit = BigInt(units);
  },

  writeback_limit_enable(state, { enable }) {
    const exists = set(state, "writeback_limit_enable", enable ? "1" : "0");
    if (exists) state.naive.wbLimitEnable = enable;
  },

  recompress(state, step) {
    const { naive, naive: { setup }, zram } = state;
    const { type, threshold, algo, priority, max_pages } = step;
    if (!zram.profile.zram.multiComp || setup.scarce) return;
    const names = [algorithmOf(zram.profile), ...setup.recompressors];
    let first = Math.max(priority ?? 1, 1);
    let end = priority === null ? activeComps(naive) : first + 1;
    if (algo !== null) {
      first = names.indexOf(algo, first);
      end = first + 1;
    }
    end = Math.min(end, activeComps(naive));
    const refused = first < 0 || first >= end ||
      (threshold ?? 0) >= zram.initialisedPool.hugeClassSize;
    const text = Object.entries({ type, threshold, algo, priority, max_pages })
      .filter(([, value]) => value !== null)
      .map(([name, value]) => `${name}=${value}`).join(" ");
    set(state, "recompress", text, () => refused ? "EINVAL" : undefined);
    if (refused) return;
    recompressNaive(naive, {
      type: type ?? "",
      threshold: threshold ?? 0,
      first,
      end,
      maxPages: max_pages ?? Infinity,
    });
  },

  compact(state) {
    set(state, "compact", "1");
  },

  mem_used_max(state) {
    set(state, "mem_used_max", "0");
  },

  reset(state) {
    const { naive, zram } = state;
    zram.open(true);
    set(state, "reset", "1", () => "EBUSY");
    zram.close(true);
    set(state, "reset", "1");
    agree("frames after reset", zram.memory.allocatedPages, 0);
    resetNaive(naive);
    initialise(state);
  },

  sleep({ naive }, { seconds }) {
    naive.clock += seconds;
  },
};

/** The operations of {@linkcode zramMachine}. */
export const ZRAM_OPS: readonly string[] = Object.keys(ZRAM_STEPS);

/** Chooses the algorithms and the backing device, and sets the size. */
export function initialise(state: ZramState): void {
  const { profile, recompressors, diskPages, backingPages } = state.naive.setup;
  if (profile.zram.compAlgorithms.length > 1) {
    set(state, "comp_algorithm", algorithmOf(profile));
  }
  recompressors.forEach((name, nth) => {
    if (name === null || !profile.zram.multiComp) return;
    set(state, "recomp_algorithm", `algo=${name} priority=${nth + 1}`);
  });
  if (profile.zram.writeback && backingPages > 0) {
    set(state, "backing_dev", "/dev/loop0");
  }
  set(state, "disksize", String(diskPages * profile.pageSize));
}

/** Compares everything that the model knows, and checks every rule. */
export function check(state: ZramState): void {
  const { naive, zram } = state;
  checkZram(zram);
  const stat: Readonly<Record<string, number>> = { ...zram.mmStat() };
  for (const [name, value] of Object.entries(mmStatOf(naive))) {
    agree(name, stat[name], value);
  }
  const texts = textsOf(naive);
  for (const name of attributeNames(zram)) {
    if (!(name in texts)) continue;
    const shown = readAttribute(zram, name);
    agree(name, "text" in shown ? shown.text : shown.errno, texts[name]);
  }
  compareBlockState(state);
  checkLimits(state.before, zram);
  state.before = limitsBefore(zram);
}

function compareBlockState({ naive, zram }: ZramState): void {
  const shown = blockState(zram);
  if (!zram.profile.zram.memoryTracking || "errno" in shown) {
    agree("block_state", "errno" in shown ? shown.errno : "", "ENOENT");
    return;
  }
  const rows = (state: typeof shown.state) =>
    state.map(({ page, acTime, flags }) => `${page} ${acTime} ${flags}`)
      .join("\n");
  agree("block_state", rows(shown.state), rows(blockStateOf(naive)));
}
