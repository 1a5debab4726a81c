/** Planted defects: small edits of the models that a search must find. */

/** What is wrong in a file, as a developer could have written it. */
export interface Defect {
  /** What the edit does, in a few words. */
  readonly what: string;
  /** What stands in the file, once. */
  readonly from: string;
  /** What is planted in its place. */
  readonly to: string;
  /** The machines that must find it, where they are not those of the file. */
  readonly machines?: readonly string[];
  /** Why no search finds it, where none can. */
  readonly reason?: string;
}

/** Threads that find a defect of locks, and the kernel that they run in. */
export interface Race {
  /** The kernel, as `--profile` takes it. */
  readonly profile: string;
  /** The threads, as `zspec races --threads` takes them. */
  readonly threads: string;
}

/** A test of `props` that finds a defect of a room that no machine is of. */
export interface Test {
  /** Its file, from the checkout's folder. */
  readonly file: string;
  /** Its name. */
  readonly name: string;
}

/** A defect and where it is. */
export interface Mutant {
  /** `room/file: what is wrong`. */
  readonly name: string;
  /** The room whose defect it is. */
  readonly room: string;
  /** The file's path from the checkout's folder. */
  readonly file: string;
  /** What stands in the file, once. */
  readonly from: string;
  /** What is planted in its place. */
  readonly to: string;
  /** The machines that must find it; of a race, the room. */
  readonly machines: readonly string[];
  /** The threads that find it where they overlap, if it is one of locks. */
  readonly race?: Race;
  /** The test that finds it, if no machine does. */
  readonly test?: Test;
  /** Why no search finds it, where none can. */
  readonly reason?: string;
}

/** The mutants of a file, `zswap/load` for `src/zswap/load.ts`. */
export function mutantsOf(
  file: string,
  machines: readonly string[],
  defects: readonly Defect[],
): Mutant[] {
  const [room] = file.split("/");
  return defects.map(({ what, ...defect }) => ({
    name: `${file}: ${what}`,
    room,
    file: `src/${file}.ts`,
    machines,
    ...defect,
  }));
}

/** Mutants of a file that threads find where they overlap. */
export function raceMutantsOf(
  file: string,
  defects: readonly (Omit<Defect, "machines"> & Race)[],
): Mutant[] {
  const [room] = file.split("/");
  return defects.flatMap(({ profile, threads, ...defect }) =>
    mutantsOf(file, [room], [defect])
      .map((mutant) => ({ ...mutant, race: { profile, threads } }))
  );
}

/** Mutants of a file that a test finds. */
export function testedMutantsOf(
  file: string,
  test: Test,
  defects: readonly Omit<Defect, "machines">[],
): Mutant[] {
  return mutantsOf(file, [], defects).map((mutant) => ({ ...mutant, test }));
}

/** A file's text with a mutant in it. Throws where its place is not one. */
export function planted(
  text: string,
  { name, file, from, to }: Mutant,
): string {
  const places = text.split(from).length - 1;
  if (places !== 1) {
    throw new RangeError(
      `Cannot plant '${name}': what it replaces is ${places} times in ${file}, not once`,
    );
  }
  return text.replace(from, () => to);
}
