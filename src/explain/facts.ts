/** What a paste says, sorted by device: the lines of each of its files. */
import type { UnreadLine } from "./explanation.ts";
import { goesOn, PRIORITY, VERSION } from "./forms.ts";
import { guessedFile, unwrapped, whyUnread } from "./nameless.ts";
import { numeralsOf, outOfRange } from "./numeral.ts";
import type { PasteLine } from "./paste.ts";
import { ATTRIBUTE_MEANINGS, STAT_FILES } from "./zram_meanings.ts";
import { ZSWAP_MEANINGS } from "./zswap_meanings.ts";

/** A text of a file. */
export interface FileText {
  /** Where it begins, from 1. */
  readonly line: number;
  /** The text; of several lines, with newlines between them. */
  readonly text: string;
  /** Why it is taken for what it is, where it has no name. */
  readonly guess?: string;
}

/** The files of one device. */
export interface DeviceFacts {
  /** Its name, where the paste says it. */
  readonly device?: string;
  /** Its files by their names. */
  readonly files: Map<string, FileText>;
}

/** A table: its heading and its rows. */
export interface TableFacts {
  /** The pool or device, where the paste says it. */
  readonly device?: string;
  /** The heading and the lines under it. */
  readonly lines: readonly PasteLine[];
}

/** Everything that a paste says. */
export interface PasteFacts {
  /** zram devices in the paste's order. */
  readonly devices: readonly DeviceFacts[];
  /** What there is of zswap, by name. */
  readonly zswap: ReadonlyMap<string, FileText>;
  /** Tables of `zramctl`. */
  readonly zramctl: readonly TableFacts[];
  /** Tables of zsmalloc's size classes. */
  readonly classes: readonly TableFacts[];
  /** Lines that are none of these. */
  readonly unread: readonly UnreadLine[];
}

/** Names by which a line without a folder is known. */
export function isKnownName(name: string): boolean {
  return STAT_FILES.includes(name) || Object.hasOwn(ATTRIBUTE_MEANINGS, name) ||
    Object.hasOwn(ZSWAP_MEANINGS, name);
}

const CLASSES_HEADING = /^\s*class\s+size\s/;
const ZRAMCTL_HEADING = /^\s*NAME\s.*\b(?:DISKSIZE|DATA|COMPR|TOTAL)\b/;
const ZRAMCTL_ROW = /^\s*(?:\/dev\/)?zram[0-9]+\s+\S/;
/** A row without a heading has the columns that zramctl shows by default. */
const HEADLESS_ROW =
  /^\s*(?:\/dev\/)?zram[0-9]+\s+\S+(?:\s+[0-9.,]+[BKMGTPE]?){4}/;
const CLASSES_ROW = /^\s*(?:[0-9]+\s+[0-9]+\s.*|Total\s.*)$/;
/** Other lines of meminfo and vmstat: nobody asked of them. */
const OTHER_COUNTERS =
  /^(?:[A-Z]\w*(?:\(\w+\))?:\s+[0-9]+(?: kB)?|[a-z]\w+ [0-9]+)$/;

/** Sorts the lines of a paste. */
export function factsOf(lines: readonly PasteLine[]): PasteFacts {
  const collected = new Collector();
  for (const line of unwrapped(lines)) collected.take(line);
  return collected;
}

/** Takes lines one after another; what came before says what one is. */
class Collector implements PasteFacts {
  readonly devices: DeviceFacts[] = [];
  readonly zswap = new Map<string, FileText>();
  readonly zramctl: { device?: string; lines: PasteLine[] }[] = [];
  readonly classes: { device?: string; lines: PasteLine[] }[] = [];
  readonly unread: UnreadLine[] = [];
  /** The table whose rows follow. */
  #table: { rows: PasteLine[]; row: RegExp } | undefined;
  /** The device of the line before, which has those without a name. */
  #last: DeviceFacts | undefined;
  /** What the last command that prints one file has printed of it. */
  #printed: { readonly by: number; readonly text: string } | undefined;

  take(given: PasteLine): void {
    const line = this.#withoutUsedName(given);
    if (this.#takeTable(line)) return;
    this.#table = undefined;
    if (this.#takeNamed(line) || this.#takeNameless(line)) return;
    if (isOther(line)) return;
    const { line: at, text } = line;
    this.unread.push({ line: at, text: text.trim(), ...whyUnread(text) });
  }

  /**
   * A line behind `cat …` without that name, once the file is whole: what
   * follows it is the next answer, or what somebody wrote.
   */
  #withoutUsedName(given: PasteLine): PasteLine {
    const { line, text, name, printedBy } = given;
    if (printedBy === undefined || name === undefined) return given;
    if (!isKnownName(name)) return given;
    const before = this.#printed?.by === printedBy
      ? this.#printed.text
      : undefined;
    if (before !== undefined && !goesOn(name, before, text)) {
      return { line, text };
    }
    const whole = before === undefined ? text : `${before}\n${text}`;
    this.#printed = { by: printedBy, text: whole };
    return given;
  }

  /** A heading begins a table, a row goes on with it. */
  #takeTable(line: PasteLine): boolean {
    const { text, device } = line;
    const isClasses = CLASSES_HEADING.test(text);
    const isHeadless = this.#table?.row !== ZRAMCTL_ROW &&
      line.name === undefined && HEADLESS_ROW.test(text);
    if (isClasses || isHeadless || ZRAMCTL_HEADING.test(text)) {
      const rows = [line];
      const tables = isClasses ? this.classes : this.zramctl;
      tables.push({ ...(device === undefined ? {} : { device }), lines: rows });
      this.#table = { rows, row: isClasses ? CLASSES_ROW : ZRAMCTL_ROW };
      return true;
    }
    if (this.#table === undefined || !this.#table.row.test(text)) return false;
    this.#table.rows.push(line);
    return true;
  }

  #takeNamed({ line, text, name, device }: PasteLine): boolean {
    if (name === undefined) return false;
    const why = outOfRange(`${name}'s number`, text);
    if (why !== undefined && isKnownName(name)) {
      this.unread.push({ line, text: text.trim(), why });
      return true;
    }
    if (STAT_FILES.includes(name) || Object.hasOwn(ATTRIBUTE_MEANINGS, name)) {
      this.#add(this.#deviceOf(device, name, text), name, { line, text });
      return true;
    }
    if (!Object.hasOwn(ZSWAP_MEANINGS, name)) return false;
    this.zswap.set(name, { line, text: text.trim() });
    return true;
  }

  #takeNameless({ line, text, name }: PasteLine): boolean {
    if (name !== undefined) return false;
    const before = this.#last?.files.get("debug_stat");
    if (VERSION.test(text)) {
      this.#add(this.#withRoomFor("debug_stat"), "debug_stat", { line, text });
      return true;
    }
    if (PRIORITY.test(text)) {
      const file = { line, text };
      this.#add(
        this.#deviceOf(undefined, "recomp_algorithm", text),
        "recomp_algorithm",
        file,
      );
      return true;
    }
    const count = numeralsOf(text)?.length ?? 0;
    if (
      count <= 2 && count > 0 && before !== undefined &&
      VERSION.test(before.text)
    ) {
      this.#add(this.#last ?? this.#made(), "debug_stat", { line, text });
      return true;
    }
    const guessed = guessedFile(text);
    if (guessed === undefined) return false;
    const { name: file, guess } = guessed;
    this.#add(this.#withRoomFor(file), file, { line, text, guess });
    return true;
  }

  /** Adds a file's line: files of several lines are put together. */
  #add(to: DeviceFacts, name: string, file: FileText): void {
    const before = to.files.get(name);
    const text = before === undefined
      ? file.text
      : `${before.text}\n${file.text}`;
    to.files.set(name, { ...file, ...before, text });
    this.#last = to;
  }

  /**
   * The device of a name, or the last one. Another one where it has that file
   * already and this does not go on with it: another time, or another machine.
   */
  #deviceOf(
    device: string | undefined,
    name: string,
    text: string,
  ): DeviceFacts {
    const there = device === undefined
      ? this.#last
      : this.devices.findLast((one) => one.device === device);
    const before = there?.files.get(name);
    const isIts = before === undefined || goesOn(name, before.text, text);
    return there !== undefined && isIts ? there : this.#made(device);
  }

  #withRoomFor(name: string): DeviceFacts {
    const last = this.#last;
    return last === undefined || last.files.has(name) ? this.#made() : last;
  }

  #made(device?: string): DeviceFacts {
    const made = {
      ...(device === undefined ? {} : { device }),
      files: new Map<string, FileText>(),
    };
    this.devices.push(made);
    return made;
  }
}

/** The block layer's files of a device, and counters that nobody asked of. */
function isOther({ text, name, folder }: PasteLine): boolean {
  if (name === undefined) return OTHER_COUNTERS.test(text);
  return folder !== undefined && !Object.hasOwn(ATTRIBUTE_MEANINGS, name);
}
