/** What `zspec explain` prints for people. */
import type { PasteExplanation } from "../explain/explain.ts";
import type {
  BrokenRule,
  Explanation,
  NumberMeaning,
  UnreadLine,
} from "../explain/explanation.ts";
import {
  releaseNumber,
  type ReleaseSpan,
  spanColumn,
  spanHas,
  spanText,
} from "../explain/release_span.ts";
import type { Profile } from "../linux/profile.ts";
import { counted } from "../report/table.ts";
import { hanging, wrap } from "../report/wrap.ts";
import { wrappedTable } from "../report/wrapped_table.ts";

/** Broken rules and unread lines that are printed; the others are counted. */
const MOST_SHOWN = 8;
/** Characters of a line that was not read. */
const MOST_CHARACTERS = 60;

/** Each text in lines of a width, then what holds for all of them. */
export function renderExplanation(
  { explanations, releases, unread }: PasteExplanation,
  profiles: readonly Profile[],
  width: number,
): string {
  return [
    ...explanations.map((one) => renderOne(one, width)),
    renderReleases(explanations, releases, profiles, width),
    renderUnread(unread, width),
  ].filter((part) => part !== "").join("\n");
}

function renderOne(explanation: Explanation, width: number): string {
  const { kind, device, title, numbers } = explanation;
  const what = device === undefined ? kind : `${kind} of ${device}`;
  return [
    wrap(`${what}: ${title}`, width),
    renderNumbers(numbers, width),
    renderList("What follows", explanation.follows, width),
    renderBroken(explanation.broken, width),
    renderList("Not to be mistaken", explanation.mistaken, width),
  ].filter((part) => part !== "").join("\n");
}

function renderNumbers(
  numbers: readonly NumberMeaning[],
  width: number,
): string {
  return wrappedTable(
    [
      { title: "name", align: "left" },
      { title: "value" },
      { title: "unit", align: "left" },
      { title: "since", align: "left" },
      { title: "what it is", align: "left" },
    ],
    numbers.map(({ name, value, unit, releases, meaning }) => [
      name,
      value,
      unit,
      spanColumn(releases),
      meaning,
    ]),
    width,
  );
}

function renderList(
  title: string,
  sentences: readonly string[],
  width: number,
): string {
  if (sentences.length === 0) return "";
  return `${title}\n${sentences.map((one) => item(one, width)).join("")}`;
}

/** A sentence with a dash in front, the lines under it indented. */
function item(sentence: string, width: number): string {
  return hanging("  - ", sentence, width);
}

function renderBroken(
  broken: readonly BrokenRule[],
  width: number,
): string {
  if (broken.length === 0) return "";
  const shown = broken.slice(0, MOST_SHOWN).map(
    ({ id, sentence, source, expected, found }) =>
      item(
        `${id}: expected ${expected}; found ${found}. ${sentence} (${source})`,
        width,
      ),
  );
  const more = broken.length - shown.length;
  const rest = more === 0 ? "" : `  and ${more} more\n`;
  return `Rules broken\n${shown.join("")}${rest}${
    wrap(
      "A kernel prints numbers one after another while others write: read it again before you believe it. Otherwise the page size is another (--page-size), the text is cut, or the kernel has a fault or is a vendor's.",
      width,
      "  ",
    )
  }`;
}

/** Which releases it can be of, and which of them zspec has. */
function renderReleases(
  explanations: readonly Explanation[],
  releases: ReleaseSpan | null,
  profiles: readonly Profile[],
  width: number,
): string {
  if (releases === null) {
    const each = explanations.map(({ kind, releases }) =>
      `${kind} ${releases === null ? "none" : spanText(releases)}`
    );
    return wrap(
      `Can be of: no release up to 7.3 shows all of this (${each.join(", ")}).`,
      width,
    );
  }
  const among = profiles.map(({ release }) => release.name);
  const fitting = [...new Set(among)].filter((name) =>
    spanHas(releases, releaseNumber(name))
  );
  const known = fitting.length === 0
    ? "none that zspec models"
    : `of those that zspec models ${fitting.map(releaseNumber).join(", ")}`;
  return wrap(`Can be of: Linux ${spanText(releases)}; ${known}.`, width);
}

function renderUnread(
  unread: readonly UnreadLine[],
  width: number,
): string {
  if (unread.length === 0) return "";
  const shown = unread.slice(0, MOST_SHOWN).map(({ line, text, why }) => {
    const cut = text.length > MOST_CHARACTERS
      ? `${text.slice(0, MOST_CHARACTERS)}…`
      : text;
    return wrap(
      `  ${line}: ${cut}${why === undefined ? "" : ` (${why})`}`,
      width,
      "  ",
    );
  });
  const more = unread.length - shown.length;
  const rest = more === 0 ? "" : `  and ${more} more\n`;
  return `Not read: ${counted(unread.length, "line")}\n${
    shown.join("")
  }${rest}`;
}
