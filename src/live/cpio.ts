/** Archives as the kernel unpacks them for its first file system: cpio, newc. */

/** One entry of an archive. */
export interface CpioEntry {
  /** Its path, without a slash in front. */
  readonly path: string;
  /** Type and permissions, as `stat` has them: 0o40755 for a folder. */
  readonly mode: number;
  /** What is in it; nothing in a folder. */
  readonly data?: Uint8Array;
}

/** Entries and their parts start at multiples of it. */
const ALIGNMENT = 4;

/**
 * The bytes of an archive.
 *
 * Source: `Documentation/driver-api/early-userspace/buffer-format.rst`.
 */
export function cpioArchive(entries: readonly CpioEntry[]): Uint8Array {
  const trailer: CpioEntry = { path: "TRAILER!!!", mode: 0 };
  const parts = [...entries, trailer].flatMap((entry, nth) => {
    const data = entry.data ?? new Uint8Array(0);
    const fields = [
      nth + 1, // inode
      entry.mode,
      0, // uid
      0, // gid
      1, // links
      0, // mtime
      data.length,
      0, // device
      0,
      0, // device that it stands for
      0,
      entry.path.length + 1,
      0, // checksum, which newc has not
    ].map((field) => field.toString(16).padStart(8, "0"));
    const header = new TextEncoder()
      .encode(`070701${fields.join("")}${entry.path}\0`);
    return [padded(header), padded(data)];
  });
  return concatenated(parts);
}

function padded(bytes: Uint8Array): Uint8Array {
  const room = Math.ceil(bytes.length / ALIGNMENT) * ALIGNMENT;
  const whole = new Uint8Array(room);
  whole.set(bytes);
  return whole;
}

/** Parts one after another. */
export function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(
    parts.reduce((bytes, part) => bytes + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
