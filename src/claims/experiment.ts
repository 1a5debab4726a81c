/** Experiments: runs of the models whose numbers decide claims. */
import type { Profile } from "../linux/profile.ts";
import type { Claim, ClaimText, Verdict } from "./claim.ts";

/** What the threads argue over. */
export type Theme =
  | "density"
  | "classes and zspages"
  | "struct page"
  | "handles and mapping"
  | "compaction"
  | "freeing"
  | "page frames"
  | "limits"
  | "order of use"
  | "writeback"
  | "zswap and zram"
  | "locks"
  | "zram's interface";

/** A number that an experiment can be told. */
export interface Size {
  /** What it is where nobody says it. */
  readonly usual: number;
  /** The least it can be. */
  readonly least: number;
  /** The most. */
  readonly most: number;
  /** What it is the number of: `pages that are stored`. */
  readonly means: string;
}

/** What a run is told. */
export interface Given<Name extends string = string> {
  /** The kernel to be. */
  readonly profile: Profile;
  /** What everything random is made from. */
  readonly seed: number;
  /** The experiment's numbers. */
  readonly sizes: Readonly<Record<Name, number>>;
  /** So many pages of real files, the same ones each time. */
  realPages(count: number, pageSize: number): readonly Uint8Array[];
}

/** Numbers of a run, as a table: names stand in the first column. */
export interface Figures {
  /** What they are of, in one line. */
  readonly title: string;
  /** The columns' headings. */
  readonly columns: readonly string[];
  /** The rows. */
  readonly rows: readonly (readonly (string | number)[])[];
}

/** What an experiment is made of. */
export interface ExperimentParts<Name extends string, Outcome> {
  /** What it is called. */
  readonly name: string;
  /** The argument that it is about. */
  readonly theme: Theme;
  /** What is done and measured, in a sentence or a few. */
  readonly method: string;
  /** The numbers that can be told. */
  readonly sizes: Readonly<Record<Name, Size>>;
  /** The kernels that it is done with: of the thread's time, then today's. */
  readonly kernels: readonly Profile[];
  /** Does it with one kernel. */
  run(given: Given<Name>): Outcome;
  /** What came of it. */
  figures(outcome: Outcome): readonly Figures[];
  /** What it decides. */
  readonly claims: readonly Claim<Outcome>[];
}

/** What an experiment came to with one kernel. */
export interface Found {
  /** The numbers. */
  readonly figures: readonly Figures[];
  /** How each claim ends, by its name, where anything can be said. */
  readonly verdicts: Readonly<Record<string, Verdict | undefined>>;
}

/** An experiment, and the claims that it decides. */
export interface Experiment {
  /** What it is called. */
  readonly name: string;
  /** The argument that it is about. */
  readonly theme: Theme;
  /** What is done and measured. */
  readonly method: string;
  /** The numbers that can be told. */
  readonly sizes: Readonly<Record<string, Size>>;
  /** The kernels that it is done with: of the thread's time, then today's. */
  readonly kernels: readonly Profile[];
  /** What it decides. */
  readonly claims: readonly ClaimText[];
  /** Does it with one kernel. */
  run(given: Given): Found;
}

/** An experiment of its parts. */
export function experiment<Name extends string, Outcome>(
  parts: ExperimentParts<Name, Outcome>,
): Experiment {
  return {
    ...parts,
    run(given) {
      const outcome = parts.run(given);
      const verdicts = parts.claims.map((claim) =>
        [claim.name, claim.decide(outcome)] as const
      );
      return {
        figures: parts.figures(outcome),
        verdicts: Object.fromEntries(verdicts),
      };
    },
  };
}

/** What a size's option is called: `smaller-disk` for `smallerDisk`. */
export const optionOf = (size: string): string =>
  size.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** An experiment's numbers where nobody says others. */
export function usualSizes({ sizes }: Experiment): Record<string, number> {
  return Object.fromEntries(
    Object.entries(sizes).map(([name, { usual }]) => [name, usual]),
  );
}
