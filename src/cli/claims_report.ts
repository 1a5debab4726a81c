/** How claims ended, for people and for machines. */
import type { ClaimText, Passage, Ruling, Verdict } from "../claims/claim.ts";
import {
  type Experiment,
  type Figures,
  type Found,
  optionOf,
} from "../claims/experiment.ts";
import type { UndecidedClaim } from "../claims/undecided.ts";
import type { Profile } from "../linux/profile.ts";
import { fittedTable } from "../report/fitted_table.ts";
import { counted } from "../report/table.ts";
import { hanging, wrap } from "../report/wrap.ts";
import { threadsText, wordsText } from "./claims_notes.ts";

/** An experiment that was done, with each of its kernels. */
export interface DoneExperiment {
  /** The experiment. */
  readonly experiment: Experiment;
  /** Its numbers. */
  readonly sizes: Readonly<Record<string, number>>;
  /** What it came to, kernel by kernel. */
  readonly found: readonly Found[];
}

/** What was done, and which claims are told of. */
export interface ClaimsOutcome {
  /** The experiments. */
  readonly done: readonly DoneExperiment[];
  /** The claims that no run decides. */
  readonly undecided: readonly UndecidedClaim[];
  /** What everything random was made from. */
  readonly seed: number;
  /** Whether a claim is told of. */
  isTold(claim: ClaimText): boolean;
}

/** How a claim ended with one kernel. */
export interface Ending {
  /** The kernel. */
  readonly kernel: Profile;
  /** How. */
  readonly verdict: Verdict;
}

/** How a claim ended with each kernel that has what it is about. */
function endingsOf(
  { experiment, found }: DoneExperiment,
  { name }: ClaimText,
): Ending[] {
  return experiment.kernels.flatMap((kernel, nth) => {
    const verdict = found[nth].verdicts[name];
    return verdict === undefined ? [] : [{ kernel, verdict }];
  });
}

/** Each claim of an experiment that is told of, and how it ended. */
export function toldOf(
  one: DoneExperiment,
  { isTold }: Pick<ClaimsOutcome, "isTold">,
): { readonly claim: ClaimText; readonly endings: readonly Ending[] }[] {
  return one.experiment.claims.filter(isTold)
    .map((claim) => ({ claim, endings: endingsOf(one, claim) }));
}

const threadsOf = ({ passages }: ClaimText) =>
  [...new Set(passages.map(({ thread }) => thread))].join(" ");

const passageText = ({ thread, at }: Passage) =>
  /^lines? /.test(at) ? `${thread}, ${at}` : `${thread}, "${at}"`;

const INDENT = "  ";
/** Columns below which figures are not set beside what they are of. */
const NARROW = 60;
/** Columns of a ruling: of the longest. */
const RULING_WIDTH = "does not hold".length;

/** How a claim ended, a kernel after the other. */
function endingsText(endings: readonly Ending[], width: number): string {
  const names = endings.map(({ kernel }) => kernel.name.length);
  const nameWidth = Math.max(...names);
  return endings.map(({ kernel, verdict }) => {
    const { ruling, condition, evidence } = verdict;
    const figures = condition === undefined
      ? evidence
      : `${condition}: ${evidence}`;
    const head = `${INDENT}${kernel.name.padEnd(nameWidth)}  ${
      ruling.padEnd(RULING_WIDTH)
    }  `;
    return width < NARROW
      ? wrap(`${kernel.name} ${ruling}: ${figures}`, width, INDENT)
      : hanging(head, figures, width);
  }).join("");
}

/** One claim: its name and threads, what it says, and how it ended. */
function claimText(
  claim: ClaimText,
  endings: readonly Ending[],
  width: number,
): string {
  return `\n${claim.name} (${threadsOf(claim)})\n${
    wrap(claim.says, width, INDENT)
  }${endingsText(endings, width)}`;
}

/** All claims, by what they are about. */
export function claimsText(outcome: ClaimsOutcome, width: number): string {
  const { done, undecided, seed } = outcome;
  const told = done.flatMap((one) => toldOf(one, outcome));
  const verdicts = told.flatMap(({ endings }) =>
    endings.map(({ verdict }) => verdict)
  );
  const themes = Map.groupBy(done, ({ experiment }) => experiment.theme);
  const parts = [...themes].map(([theme, experiments]) =>
    heading(theme) +
    experiments.flatMap((one) => toldOf(one, outcome))
      .map(({ claim, endings }) => claimText(claim, endings, width)).join("")
  );
  return [
    ...parts,
    ...undecidedText(undecided, width),
    tallyText(outcome, width) + wrap(`Seed ${seed}.`, width),
    wordsText(verdicts, width) +
    threadsText([...told.map(({ claim }) => claim), ...undecided], width),
  ].join("\n");
}

const heading = (title: string) => `${title}\n${"=".repeat(title.length)}\n`;

function undecidedText(
  undecided: readonly UndecidedClaim[],
  width: number,
): string[] {
  if (undecided.length === 0) return [];
  const texts = undecided.map((claim) =>
    claimText(claim, [], width) +
    wrap(`It takes ${claim.why}.`, width, INDENT)
  );
  return [heading("not decided here") + texts.join("")];
}

/** How many claims ended how, with the last kernel that says anything of each. */
function tallyText(outcome: ClaimsOutcome, width: number): string {
  const { done, undecided } = outcome;
  const decided = done.flatMap((one) => toldOf(one, outcome))
    .flatMap(({ endings }) => endings.at(-1)?.verdict.ruling ?? []);
  const last: readonly Ruling[] = [
    ...decided,
    ...undecided.map(() => "not decided here" as const),
  ];
  const rulings = Map.groupBy(last, (ruling) => ruling);
  const told = [...rulings].map(([ruling, all]) => `${ruling}: ${all.length}`);
  return wrap(
    `${
      counted(last.length, "claim")
    }, by the newest kernel that has what they are about: ${told.join(", ")}.`,
    width,
  );
}

/**
 * One experiment, whole: sentences in lines of `width` characters, tables of as
 * many as `tables`.
 */
export function experimentText(
  outcome: ClaimsOutcome,
  width: number,
  tables: number = width,
): string {
  const { done: [done], seed } = outcome;
  const { experiment, sizes, found } = done;
  const told = toldOf(done, outcome);
  const settings = Object.entries(sizes).map(([name, value]) =>
    `--${optionOf(name)} ${value}`
  );
  return [
    heading(experiment.name) + wrap(experiment.method, width) +
    wrap([...settings, `--seed ${seed}`].join(" "), width),
    ...told.map(({ claim, endings }) => wholeClaimText(claim, endings, width)),
    ...experiment.kernels.map((kernel, nth) =>
      heading(kernel.name) +
      found[nth].figures.map((one) => figuresText(one, tables)).join("")
    ),
    wordsText(
      told.flatMap(({ endings }) => endings.map(({ verdict }) => verdict)),
      width,
    ) + threadsText(told.map(({ claim }) => claim), width),
  ].join("\n");
}

/** One claim, with who says it, where, and who says otherwise. */
function wholeClaimText(
  claim: ClaimText,
  endings: readonly Ending[],
  width: number,
): string {
  const { name, says, who, passages, disputed } = claim;
  return [
    `${name}\n`,
    wrap(says, width, INDENT),
    wrap(`${who}; ${passages.map(passageText).join("; ")}.`, width, INDENT),
    disputed === undefined ? "" : wrap(`But: ${disputed}`, width, INDENT),
    endingsText(endings, width),
  ].join("");
}

function figuresText(
  { title, columns, rows }: Figures,
  width: number,
): string {
  const heads = columns.map((name, nth) =>
    nth === 0
      ? { title: name, align: "left" as const }
      : { title: name, importance: -nth }
  );
  return `\n${wrap(title, width)}${fittedTable(heads, rows, width)}`;
}
