/** What a random program for an allocator knows of the pool where it stands. */
import type { Profile } from "../../linux/profile.ts";
import type { Scope } from "../program.ts";
import type { Random } from "../random.ts";
import type { ZsmallocCreate, ZsmallocStep } from "./steps.ts";

/** What is known of the pool where the program stands. */
export interface Draft {
  readonly random: Random;
  readonly profile: Profile;
  readonly scope: Scope;
  readonly steps: ZsmallocStep[];
  create: ZsmallocCreate;
  /** Bytes of objects; the first of them are asked for the most. */
  sizes: readonly number[];
  /** Objects that are there, in the order in which they came. */
  live: number[];
  /** Mappings that there are. */
  mapped: number[];
  /** Frames that are held, and how. */
  held: Held[];
  /** The number that the next object, or mapping, has. */
  next: number;
  /** Objects that may still come by many at a time. */
  deep: number;
}

/** A frame that is held. */
export interface Held {
  /** Its number. */
  readonly page: number;
  readonly how: "isolate" | "lock";
}

/** What is written: nothing repeats in it. */
export function noise({ random }: Draft): { readonly weyl: number } {
  return { weyl: 1 + random(9999) };
}

/** One of the objects that are there; 0 where there is none. */
export function anyLive({ random, live }: Draft): number {
  return live.length === 0 ? 0 : live[random(live.length)];
}
