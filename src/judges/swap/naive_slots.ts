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
  readonly page: NaivePage;
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

  /** Takes the lowest free slot of the first device that has one. */
  take(page: NaivePage): NaiveSlot | undefined {
    const device = this.#devices.find(({ inUse, count }) => inUse < count);
    if (device === undefined) return undefined;
    while (device.slots[device.lowest] !== undefined) device.lowest++;
    const slot: NaiveSlot = {
      type: device.type,
      offset: device.lowest,
      page,
      place: "nowhere",
      frontswap: false,
      sameFilled: false,
    };
    device.slots[device.lowest++] = slot;
    device.inUse++;
    return slot;
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
