/** Reads what the swap path asked for in one step, request by request. */
import type { Reach } from "../../rules/reach.ts";
import type { SwapRequest } from "../../targets/swap/requested.ts";
import { Disagreement } from "../judge.ts";
import type { NaiveSlot } from "./naive_slots.ts";
import { SWAP_MODEL } from "./rules.ts";

/** Whether a request is of a slot. */
export function isOf(
  { type, offset }: Pick<NaiveSlot, "type" | "offset">,
  request: SwapRequest,
): boolean {
  return request.type === type && request.slot === offset;
}

/** A request, for messages. */
function textOf(request: SwapRequest | undefined): string {
  if (request === undefined) return "nothing";
  const { kind, type, slot, alone } = request;
  if (kind === "frame") return "a frame is asked for";
  return `slot ${type}:${slot}: ${kind}${alone ? " without a bio" : ""}`;
}

/** The requests of a step in their order, each to be taken once. */
export class RequestReader {
  readonly #reach: Reach;
  readonly #asksAlone: boolean;
  #requests: readonly SwapRequest[] = [];
  #at = 0;
  /** Writes that devices refused since the first step, with a bio and without. */
  refusedWrites = 0;

  /** `asksAlone` says whether devices are first asked without a bio. */
  constructor(reach: Reach, asksAlone: boolean) {
    this.#reach = reach;
    this.#asksAlone = asksAlone;
  }

  /** Begins with a step's first request. */
  begin(requests: readonly SwapRequest[]): void {
    this.#at = 0;
    for (const { kind, failed } of requests) {
      if (kind === "write" && failed) this.refusedWrites++;
    }
    this.#requests = this.#asksAlone
      ? this.#lastTries(requests)
      : requests.filter((request) => !request.alone || this.#refuse(request));
  }

  #refuse(request: SwapRequest): never {
    throw new Disagreement(SWAP_MODEL.singlePage, "a bio", textOf(request));
  }

  /**
   * Each page is asked for without a bio first, and once more with one where
   * that fails: the requests by which it is settled.
   */
  #lastTries(requests: readonly SwapRequest[]): SwapRequest[] {
    const isAnswer = (first: SwapRequest, { kind, type, slot }: SwapRequest) =>
      kind === first.kind && isOf({ type, offset: slot }, first);
    let tried: SwapRequest | undefined;
    const settled = requests.filter((request) => {
      if (request.kind === "frame") return true;
      const isRight = request.alone
        ? tried === undefined
        : tried !== undefined && isAnswer(tried, request);
      if (!isRight) {
        const expected = tried === undefined ? "no bio yet" : "a bio as well";
        throw new Disagreement(
          SWAP_MODEL.singlePage,
          expected,
          textOf(request),
        );
      }
      this.#reach.count(SWAP_MODEL.singlePage);
      tried = request.alone && request.failed ? request : undefined;
      return tried === undefined;
    });
    if (tried === undefined) return settled;
    throw new Disagreement(SWAP_MODEL.singlePage, "a bio as well", "nothing");
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
    const isRight = next?.kind === "read" && isOf(slot, next);
    if (!isRight) {
      throw this.unexpected(`slot ${slot.type}:${slot.offset} is read`);
    }
    this.#at++;
    return !next.failed;
  }

  /** What comes next in one part of a step, allocations of frames passed over. */
  nextWrite(part: number): SwapRequest | undefined {
    while (this.next?.kind === "frame" && this.next.part === part) this.#at++;
    return this.next?.part === part ? this.next : undefined;
  }

  /** The next write of a slot, whatever comes before it. */
  writeOf(slot: NaiveSlot): SwapRequest | undefined {
    return this.#requests.slice(this.#at)
      .find((one) => one.kind === "write" && isOf(slot, one));
  }

  /** The disagreement that something else should have been asked for. */
  unexpected(expected: string): Disagreement {
    return new Disagreement(SWAP_MODEL.request, expected, textOf(this.next));
  }

  /** Nothing is left to be taken. */
  expectEnd(): void {
    if (this.next !== undefined) throw this.unexpected("nothing");
  }
}
