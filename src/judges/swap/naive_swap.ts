/** The naive model of the swap path: where each page is, and what was counted. */
import type { Profile } from "../../linux/profile.ts";
import { ONE_PROCESS, type PageChoice } from "../../programs/swap/steps.ts";
import type { Rule } from "../../rules/invariant.ts";
import type { Reach } from "../../rules/reach.ts";
import type { SwapRequest } from "../../targets/swap/requested.ts";
import type { SwapSubject } from "../../targets/swap/subject.ts";
import { Disagreement } from "../judge.ts";
import { NaiveParameters } from "../zswap/naive_parameters.ts";
import type { NaivePage } from "./naive_page.ts";
import {
  asksSinglePages,
  isFast,
  isStable,
  type SwapFacts,
  swapFactsOf,
} from "./kernels.ts";
import { NaiveKept } from "./naive_kept.ts";
import { NaiveDevices, type NaiveSlot } from "./naive_slots.ts";
import { isOf, RequestReader } from "./request_reader.ts";
import { SWAP_MODEL } from "./rules.ts";

/** What the naive model counts, before anything is done. */
const NO_COUNTS = {
  /** Pages read from devices. */
  pswpin: 0,
  /** Pages written to devices. */
  pswpout: 0,
  /** Reads that failed. */
  failedReads: 0,
  /** Writes that failed. */
  failedWrites: 0,
  /** Pages that zswap gave back through frontswap. */
  loads: 0,
  /** Pages that zswap took. */
  succ_stores: 0,
  /** Pages that zswap refused. */
  failed_stores: 0,
  /** Free slots that frontswap knew of. */
  invalidates: 0,
  /** Pages that zswap has. */
  stored: 0,
  /** Those of them that are one word. */
  sameFilled: 0,
  /** Pages that went from zswap to a device. */
  writtenBack: 0,
  /** Pages that a device had to give, since the shrinker asked. */
  diskSwapins: 0,
  /** Frames of pages that are mapped or in the swap cache. */
  frames: 0,
};

/** What the naive model counts. */
export type NaiveCounts = typeof NO_COUNTS;

/**
 * A second model of the swap path. It takes from the first one what devices and
 * memory were asked, which is not the first one's to choose, and follows from
 * that where every page must be.
 */
export class NaiveSwap {
  /** The kernel. */
  readonly profile: Profile;
  /** What the machine is like. */
  readonly setup: SwapSubject["setup"];
  /** Where rules are counted. */
  readonly reach: Reach;
  /** The devices. */
  readonly devices: NaiveDevices = new NaiveDevices();
  /** The pages of each process that were written. */
  readonly processes: Map<number, Map<number, NaivePage>> = new Map();
  /** The requests of the step. */
  readonly requests: RequestReader;
  /** The slots that the processor keeps. */
  readonly kept: NaiveKept;
  /** zswap's parameters. */
  readonly parameters: NaiveParameters;
  /** What was counted. */
  readonly counts: NaiveCounts = { ...NO_COUNTS };
  /** Whether there is zswap. */
  readonly hasZswap: boolean;
  /** What is known of the kernel. */
  readonly facts: SwapFacts;
  /** Whether what is below is as fast as memory. */
  readonly isFast: boolean;
  /** Whether a page must not change while it is written. */
  readonly isStable: boolean;
  /** Whether zswap gives an entry up that it gives to the swap cache. */
  readonly isExclusive: boolean;
  /** The rule by which the slots are judged after a step. */
  slotRule: Rule = SWAP_MODEL.slots;
  /** Slots that zswap's page left while another was being evicted. */
  leftWhileEvicting: Set<string> | undefined;

  /** A machine without processes, with so many slots in each device. */
  constructor(
    { profile, setup }: Pick<SwapSubject, "profile" | "setup">,
    slots: readonly number[],
    reach: Reach,
  ) {
    const { below, stableWrites } = setup;
    const facts = this.facts = swapFactsOf(profile);
    this.isFast = isFast(facts, below);
    this.isStable = isStable(facts, below, stableWrites);
    this.requests = new RequestReader(reach, asksSinglePages(facts, below));
    this.kept = new NaiveKept(facts, {
      devices: this.devices,
      reclaim: (slot) => this.isSwapFull() && this.reclaimOrphan(slot),
      giveBack: (slot) => this.#giveBack(slot),
    });
    this.profile = profile;
    this.setup = setup;
    this.reach = reach;
    const { allocator: zpool, poolPages } = setup;
    const percent = poolPages === undefined ? undefined : 100;
    this.parameters = new NaiveParameters(
      profile,
      { zpool, max_pool_percent: percent },
      SWAP_MODEL.parameters,
      reach,
    );
    this.hasZswap = below.startsWith("zswap");
    this.isExclusive = profile.zswap.frontswap === "none";
    for (const count of slots) this.devices.swapon(count);
  }

  /** A page that was written. */
  pageOf({ process = ONE_PROCESS, page }: PageChoice): NaivePage | undefined {
    return this.processes.get(process)?.get(page);
  }

  /** Adds a page. */
  addPage(
    { process = ONE_PROCESS, page: number }: PageChoice,
    page: NaivePage,
  ): void {
    let pages = this.processes.get(process);
    if (pages === undefined) {
      pages = new Map();
      this.processes.set(process, pages);
    }
    pages.set(number, page);
    this.counts.frames++;
  }

  /** Says whether a page is mapped and in the swap cache; with either it has a frame. */
  setFrame(page: NaivePage, mapped: boolean, cached: boolean): void {
    const had = page.mapped || page.cached;
    page.mapped = mapped;
    page.cached = cached;
    this.counts.frames += Number(mapped || cached) - Number(had);
  }

  /** A page is in no frame any more. */
  leaveFrame(page: NaivePage): void {
    page.dirty = page.unread = false;
    this.setFrame(page, false, false);
  }

  /** What zswap has of a slot goes. */
  leaveZswap(slot: NaiveSlot): void {
    if (slot.place !== "zswap") return;
    this.counts.stored--;
    if (slot.sameFilled) this.counts.sameFilled--;
    slot.sameFilled = false;
    slot.place = "nowhere";
    this.leftWhileEvicting?.add(`${slot.type}:${slot.offset}`);
  }

  /** A slot is nobody's: free, or kept by the processor until it has many. */
  release(slot: NaiveSlot): void {
    if (slot.page?.slot === slot) slot.page.slot = undefined;
    slot.page = undefined;
    if (this.facts.zswapLearnsFirst) this.leaveZswap(slot);
    this.kept.free(slot);
  }

  /** A slot is free, and all that anybody has of it. */
  #giveBack(slot: NaiveSlot): void {
    this.leaveZswap(slot);
    if (slot.frontswap) this.counts.invalidates++;
    this.devices.give(slot);
  }

  /** Whether more than half of all slots are in use. */
  isSwapFull(): boolean {
    const { inUse, count } = this.devices;
    return inUse > count / 2;
  }

  /** A page goes on in a frame of its own; the swap cache keeps what it had. */
  leaveBehind(page: NaivePage): void {
    const { slot } = page;
    if (slot === undefined) return;
    slot.page = undefined;
    slot.isOrphan = true;
    page.slot = undefined;
    page.cached = page.shared = page.dirty = false;
    this.devices.orphans++;
    this.counts.frames++;
  }

  /** What the swap cache alone has goes; answers whether it was that. */
  reclaimOrphan(slot: NaiveSlot): boolean {
    if (!slot.isOrphan) return false;
    slot.isOrphan = false;
    this.devices.orphans--;
    this.counts.frames--;
    this.release(slot);
    return true;
  }

  /** A page goes, with its frame and its slot. */
  forget(page: NaivePage): void {
    this.setFrame(page, false, false);
    if (page.slot !== undefined) this.release(page.slot);
  }

  /** A page went from zswap to a device, as a request says. */
  writeBack({ type, slot: offset, failed, kind }: SwapRequest): void {
    const slot = this.devices.at(type, offset);
    if (kind !== "write") throw this.requests.unexpected("a write");
    const page = slot?.page;
    if (slot?.place !== "zswap" || page === undefined || page.cached) {
      throw new Disagreement(
        SWAP_MODEL.writtenBack,
        "a page that is in zswap and not in the swap cache is written back",
        `slot ${type}:${offset}, ${slot?.place ?? "free"}`,
      );
    }
    this.leaveZswap(slot);
    this.counts.writtenBack++;
    this.reach.count(SWAP_MODEL.writtenBack);
    this.counts.pswpout++;
    if (failed) {
      this.counts.failedWrites++;
      page.dirty = true;
      this.setFrame(page, page.mapped, true);
    } else {
      slot.place = "device";
    }
  }

  /**
   * Pages are written back in a part of the step: all that is left of it, or
   * what comes before the write of a slot.
   */
  takeWritebacks(part: number, before?: NaiveSlot): void {
    const { requests } = this;
    let next = requests.nextWrite(part);
    while (next !== undefined && !(before && isOf(before, next))) {
      // No page that is stored now is evicted in the same part: the order is all one.
      this.writeBack(next);
      requests.take();
      next = requests.nextWrite(part);
    }
  }
}
