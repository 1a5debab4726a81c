/** Reading what the surroundings of a modelled zswap saw, one after another. */
import type { ZswapEvent } from "../../targets/zswap/surroundings.ts";
import { Disagreement } from "../judge.ts";
import { ZSWAP_NAIVE as RULES } from "./naive_rules.ts";

/** An event of a kind. */
export type EventOf<What extends ZswapEvent["what"]> = Extract<
  ZswapEvent,
  { readonly what: What }
>;

/** What an allocator did to have an object. */
export interface Allocation {
  /** Whether there was no frame. */
  readonly ranOut: boolean;
  /** Whether there was no cell for a structure. */
  readonly lacked: boolean;
  /** Frames that it gave back. */
  readonly freed: number;
}

/** Reads the events of one step. */
export class EventReader {
  #events: readonly ZswapEvent[] = [];
  #at = 0;

  /** Begins with the events of a step. */
  begin(events: readonly ZswapEvent[]): void {
    this.#events = events;
    this.#at = 0;
  }

  /** The next event, if it is of a kind. */
  take<What extends ZswapEvent["what"]>(
    what: What,
  ): EventOf<What> | undefined {
    const event = this.#events[this.#at];
    if (event?.what !== what) return undefined;
    this.#at++;
    // It is of that kind.
    return event as EventOf<What>;
  }

  /** The next event, which must be of a kind. */
  expect<What extends ZswapEvent["what"]>(what: What): EventOf<What> {
    const event = this.take(what);
    if (event !== undefined) return event;
    throw new Disagreement(RULES.events, what, this.#next());
  }

  /** The next event, if it is of a kind, which stays the next. */
  peek<What extends ZswapEvent["what"]>(
    what: What,
  ): EventOf<What> | undefined {
    const event = this.take(what);
    if (event !== undefined) this.#at--;
    return event;
  }

  /**
   * Passes over frames that are given back, and structures that z3fold lacked
   * as it compacted a page; answers how many frames.
   */
  takeFreed(): number {
    let freed = 0;
    for (;;) {
      if (this.take("frame-freed") !== undefined) freed++;
      else if (this.peek("no-room")?.of === "structure") this.take("no-room");
      else return freed;
    }
  }

  /** Passes over what an allocator did to have an object. */
  takeAllocation(): Allocation {
    let [ranOut, lacked, freed] = [false, false, 0];
    for (;;) {
      const event = this.take("no-room");
      if (event?.of === "frame") ranOut = true;
      else if (event?.of === "structure") lacked = true;
      else if (this.take("frame-freed") !== undefined) freed++;
      else return { ranOut, lacked, freed };
    }
  }

  /** There must be no event left. */
  end(): void {
    if (this.#at < this.#events.length) {
      throw new Disagreement(RULES.events, "nothing more", this.#next());
    }
  }

  #next(): string {
    return this.#events[this.#at]?.what ?? "nothing";
  }
}
