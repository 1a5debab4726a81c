/** Reads what the swap path asked for in one step, request by request. */
import type { SwapRequest } from "../../targets/swap/requested.ts";
import { Disagreement } from "../judge.ts";
import type { NaiveSlot } from "./naive_slots.ts";
import { SWAP_MODEL } from "./rules.ts";

/** A slot of a device, for messages. */
const nameOf = ({ type, offset }: Pick<NaiveSlot, "type" | "offset">) =>
  `${type}:${offset}`;

/** The requests of a step in their order, each to be taken once. */
export class RequestReader {
  #requests: readonly SwapRequest[] = [];
  #at = 0;

  /** Begins with a step's first request. */
  begin(requests: readonly SwapRequest[]): void {
    this.#requests = requests;
    this.#at = 0;
  }

  /** The next request. */
  get next(): SwapRequest | undefined {
    return this.#requests[this.#at];
  }

  /** Takes the next request. */
  take(): void {
    this.#at++;
  }

  /** Takes the allocation of a frame, which must come next; answers whether there was one. */
  takeFrame(): boolean {
    const { next } = this;
    if (next?.kind !== "frame") throw this.unexpected("a frame is asked for");
    this.#at++;
    return !next.failed;
  }

  /** Takes the read of a slot, which must come next; answers whether it did not fail. */
  takeRead(slot: NaiveSlot): boolean {
    const { next } = this;
    const isRight = next?.kind === "read" && next.type === slot.type &&
      next.slot === slot.offset;
    if (!isRight) throw this.unexpected(`slot ${nameOf(slot)} is read`);
    this.#at++;
    return !next.failed;
  }

  /** What comes next in one part of a step, allocations of frames passed over. */
  nextWrite(part: number): SwapRequest | undefined {
    while (this.next?.kind === "frame" && this.next.part === part) this.#at++;
    return this.next?.part === part ? this.next : undefined;
  }

  /** The disagreement that something else should have been asked for. */
  unexpected(expected: string): Disagreement {
    const { next } = this;
    return new Disagreement(
      SWAP_MODEL.request,
      expected,
      next === undefined
        ? "nothing"
        : next.kind === "frame"
        ? "a frame is asked for"
        : `slot ${next.type}:${next.slot}: ${next.kind}`,
    );
  }

  /** Nothing is left to be taken. */
  expectEnd(): void {
    if (this.next !== undefined) throw this.unexpected("nothing");
  }
}
