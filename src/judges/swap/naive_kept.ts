/** Slots that the naive model's processor keeps: some it has ahead, some are free. */
import type { SwapFacts } from "./kernels.ts";
import type { NaiveDevices, NaiveSlot } from "./naive_slots.ts";

/** What is kept is taken and freed by so many, where five times as many are free. */
const MANY = 5;
/** Where fewer than twice as many are free, nothing is kept. */
const FEW = 2;

/** What a processor keeps does with slots. */
interface Slots {
  readonly devices: NaiveDevices;
  /** Whether a slot is one that the swap cache alone has, which it leaves now. */
  reclaim(slot: NaiveSlot): boolean;
  /** A slot is free, and who has anything of it learns so. */
  giveBack(slot: NaiveSlot): void;
}

/** The slots that the processor keeps. */
export class NaiveKept {
  readonly #slots: Slots;
  readonly #batch: number;
  #isKeeping = false;
  #isPaused = false;
  #ahead: NaiveSlot[] = [];
  #free: NaiveSlot[] = [];

  /** Nothing is kept yet. */
  constructor({ freedAtOnce }: SwapFacts, slots: Slots) {
    this.#slots = slots;
    this.#batch = freedAtOnce;
  }

  /** Whether slots are kept. */
  get isKeeping(): boolean {
    return this.#isKeeping;
  }

  /** The next slot for a page, if there is one. */
  take(): NaiveSlot | undefined {
    const { devices } = this.#slots;
    const free = devices.count - devices.inUse;
    if (this.#batch > 1 && this.#decide(free)) {
      if (this.#ahead.length === 0) this.#ahead = this.#takeSome(this.#batch);
      const slot = this.#ahead.shift();
      if (slot !== undefined) return slot;
    }
    return this.#takeSome(1)[0];
  }

  /** A slot is nobody's any more. */
  free(slot: NaiveSlot): void {
    if (!this.#isKeeping || this.#isPaused) {
      this.#slots.giveBack(slot);
      return;
    }
    if (this.#free.length === this.#batch) this.#giveFreeBack();
    this.#free.push(slot);
  }

  /** A device goes: what is kept is free, and nothing is kept meanwhile. */
  pause(): void {
    this.#isPaused = true;
    this.#giveAllBack();
  }

  /** The device is gone, or stays. */
  resume(): void {
    this.#isPaused = false;
  }

  /** Whether slots are kept, while so many are free. */
  #decide(free: number): boolean {
    if (!this.#isKeeping) this.#isKeeping = free > MANY * this.#batch;
    else if (free < FEW * this.#batch) {
      this.#isKeeping = false;
      this.#giveAllBack();
    }
    return this.#isKeeping;
  }

  #giveAllBack(): void {
    for (const slot of this.#ahead) this.#slots.giveBack(slot);
    this.#ahead = [];
    this.#giveFreeBack();
  }

  #giveFreeBack(): void {
    for (const slot of this.#free) this.#slots.giveBack(slot);
    this.#free = [];
  }

  /** So many slots, or as many as the first device has that has one. */
  #takeSome(most: number): NaiveSlot[] {
    const { devices } = this.#slots;
    const taken: NaiveSlot[] = [];
    while (taken.length < most) {
      if (taken.length > 0 && !devices.isNext(taken[0].type)) break;
      const slot = devices.take((other) => this.#slots.reclaim(other));
      if (slot === undefined) break;
      taken.push(slot);
    }
    return taken;
  }
}
