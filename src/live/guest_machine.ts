/** A machine whose guest may fail under test, and is booted anew then. */
import type { Guest } from "./guest.ts";
import type { Kernel } from "./kernel.ts";

/** Boots a guest and sets up what its tests need. */
export type Boot = () => Promise<Guest>;

/** The kernel of the guest that runs now. Leaving its scope ends that. */
export class GuestMachine implements Kernel, AsyncDisposable {
  readonly #boot: Boot;
  #guest: Guest;

  private constructor(boot: Boot, guest: Guest) {
    this.#boot = boot;
    this.#guest = guest;
  }

  /** Boots the first guest. */
  static async start(boot: Boot): Promise<GuestMachine> {
    return new GuestMachine(boot, await boot());
  }

  /** The guest that runs now. */
  get guest(): Guest {
    return this.#guest;
  }

  /** Boots another guest where this one has failed: one that answers stays. */
  async restart(): Promise<void> {
    if (!this.#guest.hasFailed) return;
    await this.#guest[Symbol.asyncDispose]();
    this.#guest = await this.#boot();
  }

  readFile(path: string): ReturnType<Kernel["readFile"]> {
    return this.#guest.readFile(path);
  }

  writeFile(path: string, text: string): ReturnType<Kernel["writeFile"]> {
    return this.#guest.writeFile(path, text);
  }

  readBlocks(
    device: string,
    offset: number,
    bytes: number,
  ): ReturnType<Kernel["readBlocks"]> {
    return this.#guest.readBlocks(device, offset, bytes);
  }

  writeBlocks(
    device: string,
    offset: number,
    data: Uint8Array,
  ): ReturnType<Kernel["writeBlocks"]> {
    return this.#guest.writeBlocks(device, offset, data);
  }

  discardBlocks(
    device: string,
    offset: number,
    bytes: number,
  ): ReturnType<Kernel["discardBlocks"]> {
    return this.#guest.discardBlocks(device, offset, bytes);
  }

  closeDevice(): Promise<void> {
    return this.#guest.closeDevice();
  }

  sleep(seconds: number): Promise<void> {
    return this.#guest.sleep(seconds);
  }

  /**
   * Puts a file of these bytes at `path`, such as a dictionary; it is gone
   * where another guest is booted.
   */
  putFile(path: string, data: Uint8Array): ReturnType<Guest["putFile"]> {
    return this.#guest.putFile(path, data);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#guest[Symbol.asyncDispose]();
  }
}
