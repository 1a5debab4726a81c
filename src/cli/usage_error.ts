/** How what cannot be done is refused. */

/**
 * What was asked cannot be done: one line that says what, where and what
 * would be right; exit status 2.
 */
export class UsageError extends Error {
  /** The error's class. */
  override readonly name = "UsageError";
}

/** What Deno puts behind an error's text: the call and its path once more. */
const DENO_CONTEXT = /: [a-z]+ '[^]*'$/;

/** Why a path cannot be read or written, in the words of the rest. */
export function pathReason(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) {
    return "there is no such file or folder";
  }
  if (
    error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotCapable
  ) return "permission is denied";
  if (error instanceof Deno.errors.IsADirectory) {
    return "it is a folder, and a file is needed";
  }
  if (
    error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.AlreadyExists
  ) return "it is a file, and a folder is needed";
  return error instanceof Error
    ? error.message.replace(DENO_CONTEXT, "")
    : String(error);
}

/** Does something with a path; why it cannot be done is refused in one line. */
export function onPath<Result>(
  path: string,
  work: () => Result,
  verb: "read" | "write" = "read",
): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`Cannot ${verb} '${path}': ${pathReason(error)}`);
  }
}

/** Letters of a line at most. */
const MOST_LETTERS = 300;

/** Says on standard error, in one line, what cannot be done or was not. */
export function tell(message: string): void {
  const line = `zspec: ${message.replaceAll(/\s*\n\s*/g, " ")}`;
  const half = (MOST_LETTERS - 1) >> 1;
  console.error(
    line.length <= MOST_LETTERS
      ? line
      : `${line.slice(0, half)}…${line.slice(-half)}`,
  );
}
