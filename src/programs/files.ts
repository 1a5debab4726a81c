/** Files that programs have beside their steps, by their paths. */
import { type Bytes, bytes, expandBytes } from "./bytes.ts";
import { object } from "./fields.ts";

/** Files by their paths, each in parts that are a page long. */
export type Files = Readonly<Record<string, readonly Bytes[]>>;

/** Files of a JSON value. */
export function files(value: unknown): Files | undefined {
  const entries = Object.entries(object(value) ?? { none: undefined });
  const isRight = entries.every(([, parts]) =>
    Array.isArray(parts) && parts.every((part) => bytes(part) !== undefined)
  );
  // Each part was seen to be bytes.
  return isRight ? Object.fromEntries(entries) as Files : undefined;
}

/** The bytes of files, their parts one after another. */
export function filesOf(
  files: Files = {},
  pageSize: number,
): ReadonlyMap<string, Uint8Array> {
  return new Map(
    Object.entries(files).map(([path, parts]) => {
      const whole = new Uint8Array(parts.length * pageSize);
      parts.forEach((part, nth) =>
        whole.set(expandBytes(part, pageSize), nth * pageSize)
      );
      return [path, whole];
    }),
  );
}
