/** Transcripts in files that a caller names. */
import { TranscriptError } from "../programs/transcript_fields.ts";
import { readText } from "./text_file.ts";
import { UsageError } from "./usage_error.ts";

/** Reads a file's transcript. */
export function readTranscript<Result>(
  path: string,
  parse: (text: string) => Result,
): Result {
  const text = readText(path);
  return inTranscript(path, () => parse(text));
}

/** Does what a transcript says; what is wrong with a line is told with its file. */
export function inTranscript<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof TranscriptError)) throw error;
    throw new UsageError(`${path}:${error.line}: ${error.message}`);
  }
}
