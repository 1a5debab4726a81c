/** The naive model's swap devices: which slots are in use, and whose. */
import type { NaivePage } from "./naive_page.ts";

/** Where a slot's page is, beside the swap cache. */
export type Place = "nowhere" | "zeromap" | "zswap" | "device";

/** A slot in use. */
export interface NaiveSlot {
  /** The device: a swap type. */
  readonly type: number;
  /** Its number in the device. */
  readonly offset: number;
  /** Whose it is. */
  page: NaivePage | undefined;
  /** Whether the swap cache alone has a page for it. */
  isOrphan: boolean;
  /** Where the page is. */
  place: Place;
  /** Whether frontswap knows of it. */
  frontswap: boolean;
  /** Whether zswap took it as a page of one word. */
  sameFilled: boolean;
}

/** A device that is on. */
interface NaiveDevice {
  readonly type: number;
  /** The slots in use by number: nothing is at 0, where the header is. */
  readonly slots: (NaiveSlot | undefined)[];
  readonly count: number;
  inUse: number;
  /** No slot below this one is free. */
  lowest: number;
}

/** The devices in the order in which they are used. */
export class NaiveDevices {
  readonly #devices: NaiveDevice[] = [];

  /** A device of `count` slots comes on behind the others. */
  swapon(count: number): void {
    const types = new Set(this.#devices.map(({ type }) => type));
    let type = 0;
    while (types.has(type)) type++;
    this.#devices.push({ type, slots: [], count, inUse: 0, lowest: 1 });
  }

  /** The first device goes, and another like it comes on behind. */
  replaceFirst(): void {
    const first = this.#devices.shift();
    if (first !== undefined) this.swapon(first.count);
  }

  /** The swap type of the first device. */
  get firstType(): number {
    return this.#devices[0].type;
  }

  /** The slots in use. */
  get inUse(): number {
    return this.#devices.reduce((sum, { inUse }) => sum + inUse, 0);
  }

  /** All slots. */
  get count(): number {
    return this.#devices.reduce((sum, { count }) => sum + count, 0);
  }

  /** A slot in use. */
  at(type: number, offset: number): NaiveSlot | undefined {
    return this.#devices.find((one) => one.type === type)?.slots[offset];
  }

  /**
   * The place of the lowest free slot of the first device that has one, and of
   * any slot below it that `isReclaimed` frees.
   */
  #findFree(
    isReclaimed: (slot: NaiveSlot) => boolean,
  ): { device: NaiveDevice; offset: number } | undefined {
    const device = this.#devices.find(({ inUse, count }) => inUse < count);
    if (device === undefined) return undefined;
    let offset = 1;
    const isTaken = (slot: NaiveSlot | undefined) =>
      slot !== undefined && !isReclaimed(slot);
    if (this.orphans > 0) {
      while (isTaken(device.slots[offset])) offset++;
    } else {
      while (device.slots[device.lowest] !== undefined) device.lowest++;
      offset = device.lowest;
    }
    return { device, offset };
  }

  /** Slots that only the swap cache has. */
  orphans = 0;

  /** Takes a slot, if there is one. */
  take(isReclaimed: (slot: NaiveSlot) => boolean): NaiveSlot | undefined {
    const found = this.#findFree(isReclaimed);
    if (found === undefined) return undefined;
    const { device, offset } = found;
    const slot: NaiveSlot = {
      type: device.type,
      offset,
      page: undefined,
      isOrphan: false,
      place: "nowhere",
      frontswap: false,
      sameFilled: false,
    };
    device.slots[offset] = slot;
    device.inUse++;
    return slot;
  }

  /** Whether the next slot that is taken is of a device. */
  isNext(type: number): boolean {
    return this.#devices.find(({ inUse, count }) => inUse < count)?.type ===
      type;
  }

  /** The slots in use of a device. */
  slotsOf(type: number): NaiveSlot[] {
    const slots = this.#devices.find((one) => one.type === type)?.slots ?? [];
    return slots.filter((slot) => slot !== undefined);
  }

  /** The slots in use of every device. */
  get slots(): NaiveSlot[] {
    return this.#devices.flatMap(({ type }) => this.slotsOf(type));
  }

  /** Gives a slot back. */
  give({ type, offset }: NaiveSlot): void {
    const device = this.#devices.find((one) => one.type === type);
    if (device === undefined) return;
    device.slots[offset] = undefined;
    device.inUse--;
    device.lowest = Math.min(device.lowest, offset);
  }
}
