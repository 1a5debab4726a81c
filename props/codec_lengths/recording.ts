/**
 * Recordings of the lengths that kernels' compressors gave: a file of JSON lines
 * of each kernel. What is as it was in `linux-6.18` is not told again.
 */

/** What an algorithm was set to; nothing of what it was left to itself. */
export interface Setting {
  /** `level` of `algorithm_params`. */
  readonly level?: number;
  /** Its `deflate.winbits`. */
  readonly winbits?: number;
  /** Its `dict`: the name of one of `CODEC_DICTIONARIES`. */
  readonly dict?: string;
}

/** What came of a setting: lengths, a refusal, or the kernel's end. */
export interface Outcome {
  /**
   * By how much each page of `CODEC_PAGES` grew `compr_data_size`: its length
   * compressed, or 4,096 where that is too long for a size class of its own.
   */
  readonly lengths?: readonly number[];
  /** What was refused, an attribute or every `write`, and with what. */
  readonly refused?: readonly [what: string, errno: string];
  /** The attribute at which the kernel stopped. */
  readonly stopped?: string;
}

/** An algorithm and what a kernel did with it. */
export interface RecordedEntry extends Outcome {
  /** Its name, as `comp_algorithm` lists it. */
  readonly algorithm: string;
  /** What it was set to. */
  readonly setting: Setting;
}

/** All that was recorded of one kernel. */
export interface LengthsRecording {
  /** The release's profile. */
  readonly kernel: string;
  /** `/proc/version`: the point release, and who built it. */
  readonly version: string;
  /** What `codecPagesDigest` said when it was recorded. */
  readonly pages: string;
  /** In the order in which they were recorded. */
  readonly entries: readonly RecordedEntry[];
}

/** Settings of an algorithm of which the same came. */
interface Group extends Outcome {
  readonly algorithm: string;
  readonly settings: readonly Setting[];
  /** The kernel of which the same came, setting by setting. */
  readonly as?: string;
}

/** The kernel that is told in full, to which others refer. */
const BASE = "linux-6.18";

/** Where the recording of a kernel is. */
function urlOf(kernel: string): URL {
  return new URL(`./${kernel}.jsonl`, import.meta.url);
}

/** What tells an entry from others. */
function keyOf({ algorithm, setting }: RecordedEntry): string {
  const { level, winbits, dict } = setting;
  return JSON.stringify([algorithm, level, winbits, dict]);
}

/** What each setting came to in the kernel that others refer to. */
function baseEntries(): Map<string, RecordedEntry> {
  const { entries } = readRecording(BASE);
  return new Map(entries.map((entry) => [keyOf(entry), entry]));
}

/** What is told of an entry, beside its setting. */
function toldOf(
  entry: RecordedEntry,
  base: ReadonlyMap<string, RecordedEntry>,
): Omit<Group, "settings"> {
  const { setting: _, ...told } = entry;
  const before = base.get(keyOf(entry))?.lengths?.join();
  return before !== undefined && before === entry.lengths?.join()
    ? { algorithm: entry.algorithm, as: BASE }
    : told;
}

/** The same entries, those together of which the same is told. */
function grouped({ kernel, entries }: LengthsRecording): Group[] {
  const base = kernel === BASE ? new Map() : baseEntries();
  const groups = new Map<string, Group & { readonly settings: Setting[] }>();
  for (const entry of entries) {
    const { algorithm, ...outcome } = toldOf(entry, base);
    const key = JSON.stringify([algorithm, outcome]);
    const group = groups.get(key) ?? { algorithm, settings: [], ...outcome };
    group.settings.push(entry.setting);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** Writes a recording to its kernel's file, a line for each group. */
export function writeRecording(recording: LengthsRecording): void {
  const { entries: _, ...head } = recording;
  const lines = [head, ...grouped(recording)]
    .map((line) => JSON.stringify(line) + "\n");
  Deno.writeTextFileSync(urlOf(recording.kernel), lines.join(""));
}

/** Whether there is a recording of a kernel. */
export function isRecorded(kernel: string): boolean {
  return recordedKernels().includes(kernel);
}

/** The kernels of which there is a recording. */
export function recordedKernels(): string[] {
  return Array.from(Deno.readDirSync(new URL(".", import.meta.url)))
    .flatMap(({ name }) => /^(.*)\.jsonl$/.exec(name)?.[1] ?? [])
    .sort();
}

/** The recording of a kernel. */
export function readRecording(kernel: string): LengthsRecording {
  const [head, ...lines] = Deno.readTextFileSync(urlOf(kernel)).trim()
    .split("\n");
  const groups: Group[] = lines.map((line) => JSON.parse(line));
  const base = kernel === BASE ? new Map() : baseEntries();
  const entries = groups.flatMap(({ settings, as, ...told }) =>
    settings.map((setting): RecordedEntry => {
      const entry = { ...told, setting };
      return as === undefined ? entry : base.get(keyOf(entry));
    })
  );
  return { ...JSON.parse(head), entries };
}
