/**
 * What people paste, line by line: which file each line is from, as far as the
 * paste says it. Prompts, quotes of mails, colours and the texts of `grep` and
 * `cat` around the numbers are taken off.
 */

/** One line of a paste. */
export interface PasteLine {
  /** Its number, from 1. */
  readonly line: number;
  /** What the file has there, without what was put in front. */
  readonly text: string;
  /** The file's name, where the paste says it. */
  readonly name?: string;
  /** The folder that it is in, likewise. */
  readonly folder?: string;
  /** The device or pool: `zram0`. */
  readonly device?: string;
  /** The line of the command or heading that says so, if it is another one. */
  readonly printedBy?: number;
}

/** A file that lines are from. */
type From = Pick<PasteLine, "name" | "folder" | "device" | "printedBy">;

// deno-lint-ignore no-control-regex
const COLOURS = /\x1b\[[0-9;]*[A-Za-z]/g;
const QUOTE = /^(?:\s*>)+ ?(?=\s*\S)/;
/** A command behind a prompt, or alone: what follows it is what it printed. */
const COMMAND =
  /^(?:\S*[^\S\n]*[$#%>❯] ?|\[[^\]]*\][$#] ?)?(?:sudo )?(cat|grep|head|tail|more|zramctl|for|watch|while|echo|ls)(?: +(.*))?$/;
/** A prompt behind which nothing was typed. */
const PROMPT = /^(?:\S+|\[[^\]]*\])?[$#%>❯]$/;
/** What says that a file cannot be read. */
const COMPLAINT = /^(?:grep|cat|head|tail): .*: [A-Z][a-z ]+$/;
/** What stands around numbers and says nothing of them. */
const NOISE: readonly RegExp[] = [/^```/, PROMPT, COMPLAINT];
/** `==> /sys/block/zram0/mm_stat <==`, of `head` and `tail`. */
const HEADING = /^==> (.+) <==$/;

/** Splits a path into what is known of a file. */
export function fromPath(path: string): From {
  const parts = path.split("/");
  const name = parts.pop();
  const folder = parts.join("/");
  const device = /(?:^|\/)(zram[0-9]+|zswap[0-9]+)(?:\/|$)/.exec(folder)?.[1];
  return {
    ...(name === undefined || name === "" ? {} : { name }),
    ...(folder === "" ? {} : { folder }),
    ...(device === undefined ? {} : { device }),
  };
}

/** The only file that a command is asked to print, or nothing. */
function fileOf(command: string, rest: string): From {
  if (command !== "cat" && command !== "head" && command !== "tail") return {};
  const paths = rest.split(/\s+/).filter((word) => !/^[-+0-9]/.test(word));
  const isOne = paths.length === 1 && !/[*?[{]/.test(paths[0]);
  return isOne ? fromPath(paths[0]) : {};
}

/**
 * A line with its file's name in front: `mm_stat: …`, `/sys/…/mm_stat:…`,
 * `mm_stat …`. A name without a folder is one of those that `isKnown`.
 */
function withName(
  text: string,
  isKnown: (name: string) => boolean,
): [From, string] | undefined {
  const colon = /^\s*([^\s:=]+)\s*[:=](.*)$/.exec(text);
  const match = colon ?? /^\s*([a-z_0-9]+)\s+(\S.*)$/.exec(text);
  if (match === null) return undefined;
  const from = fromPath(match[1]);
  if (from.name === undefined) return undefined;
  const isPath = from.folder !== undefined && colon !== null;
  return isPath || isKnown(from.name) ? [from, match[2]] : undefined;
}

/** The lines of a paste that say something, each with the file it is from. */
export function pasteLines(
  paste: string,
  isKnown: (name: string) => boolean,
): PasteLine[] {
  const lines: PasteLine[] = [];
  let from: From = {};
  for (const [nth, raw] of paste.replace(/^\uFEFF/, "").split("\n").entries()) {
    const text = raw.replace(COLOURS, "").replace(QUOTE, "").trimEnd();
    if (text === "" || NOISE.some((noise) => noise.test(text))) continue;
    const heading = HEADING.exec(text);
    const command = COMMAND.exec(text);
    if (heading !== null) {
      from = { ...fromPath(heading[1]), printedBy: nth + 1 };
    } else if (command !== null) {
      from = { ...fileOf(command[1], command[2] ?? ""), printedBy: nth + 1 };
    } else {
      const named = withName(text, isKnown);
      lines.push({ line: nth + 1, text, ...ofLine(from, named) });
    }
  }
  return lines;
}

/** What a line with a name is: its own file's, whatever was printed before. */
function ofLine(
  from: From,
  named: [From, string] | undefined,
): Omit<PasteLine, "line" | "text"> & { text?: string } {
  if (named === undefined) return from;
  const { printedBy: _, ...around } = from;
  const [own, text] = named;
  return { ...around, ...own, text };
}
