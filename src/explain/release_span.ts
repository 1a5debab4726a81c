/** From which release of Linux to which: what a number or a file is found in. */

/** Releases from one to another; where one is not named, that side is open. */
export interface ReleaseSpan {
  /** The first, such as `5.11`. */
  readonly since?: string;
  /** The last. */
  readonly until?: string;
}

/** Every release. */
export const ANY_RELEASE: ReleaseSpan = {};

/** Releases from `since` to `until`, an empty text leaving a side open. */
export function span(since: string, until = ""): ReleaseSpan {
  return {
    ...(since === "" ? {} : { since }),
    ...(until === "" ? {} : { until }),
  };
}

/** Below 0 where release `a` is before `b`, 0 where they are one, else above. */
export function compareReleases(a: string, b: string): number {
  const [majorA, minorA] = a.split(".").map(Number);
  const [majorB, minorB] = b.split(".").map(Number);
  return majorA - majorB || minorA - minorB;
}

/** The release of a profile's name: `6.18` of `linux-6.18`. */
export function releaseNumber(name: string): string {
  return name.replace(/^linux-/, "");
}

/** Whether a release such as `6.18` is among them. */
export function spanHas(
  { since, until }: ReleaseSpan,
  release: string,
): boolean {
  return (since === undefined || compareReleases(since, release) <= 0) &&
    (until === undefined || compareReleases(release, until) <= 0);
}

/** Those that are in both, or `undefined` where none is. */
export function narrowed(
  a: ReleaseSpan,
  b: ReleaseSpan,
): ReleaseSpan | undefined {
  const since = pick(a.since, b.since, 1);
  const until = pick(a.until, b.until, -1);
  const isEmpty = since !== undefined && until !== undefined &&
    compareReleases(since, until) > 0;
  return isEmpty ? undefined : span(since ?? "", until ?? "");
}

/** The later of two (`sign` 1) or the earlier (-1); one that is open is neither. */
function pick(
  a: string | undefined,
  b: string | undefined,
  sign: 1 | -1,
): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return sign * compareReleases(a, b) >= 0 ? a : b;
}

/** Them in a column: `4.18`, `4.1–4.10`, `–6.12`. */
export function spanColumn({ since, until }: ReleaseSpan): string {
  if (until === undefined) return since ?? "";
  return since === until ? until : `${since ?? ""}–${until}`;
}

/** Them in words: `since 5.11`, `4.18 to 5.10`, `up to 6.12`, `any`. */
export function spanText({ since, until }: ReleaseSpan): string {
  if (since === undefined) {
    return until === undefined ? "any" : `up to ${until}`;
  }
  if (until === undefined) return `since ${since}`;
  return since === until ? since : `${since} to ${until}`;
}
