/** How what cannot be done is refused. */

/**
 * What was asked cannot be done: one line that says what, where and what
 * would be right; exit status 2.
 */
export class UsageError extends Error {
  /** The error's class. */
  override readonly name = "UsageError";
}

/** What a system error says, in the words of the rest: who and why. */
export function pathError(
  path: string,
  error: unknown,
  verb: "read" | "write" = "read",
): UsageError {
  const reason = error instanceof Deno.errors.NotFound
    ? "there is no such file or folder"
    : error instanceof Deno.errors.PermissionDenied ||
        error instanceof Deno.errors.NotCapable
    ? "permission is denied"
    : error instanceof Deno.errors.IsADirectory
    ? "it is a folder, and a file is needed"
    : error instanceof Deno.errors.NotADirectory ||
        error instanceof Deno.errors.AlreadyExists
    ? "it is a file, and a folder is needed"
    : error instanceof Error
    ? error.message
    : String(error);
  return new UsageError(`Cannot ${verb} '${path}': ${reason}`);
}

/** Letters of a refusal at most. */
const MOST_LETTERS = 300;

/** Says on standard error what cannot be done, in one line. */
export function refuse(message: string): void {
  const line = `zspec: ${message.replaceAll(/\s*\n\s*/g, " ")}`;
  const half = (MOST_LETTERS - 1) >> 1;
  console.error(
    line.length <= MOST_LETTERS
      ? line
      : `${line.slice(0, half)}…${line.slice(-half)}`,
  );
}
