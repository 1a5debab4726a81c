/** A thread that measures pages of files. */
import {
  addMeasured,
  type Measured,
  measurer,
  type Measuring,
  nothingMeasured,
} from "./measuring.ts";
import { type PageFile, readPages } from "./pages.ts";
import { UsageError } from "./usage.ts";

/** What a thread is asked: to begin, to measure, to tell what came of it. */
export type MeasureRequest =
  | { readonly begin: Measuring }
  | { readonly files: readonly PageFile[] }
  | "tell";

/** What it answers: how many pages it measured, all it has, or why it cannot. */
export type MeasureReply =
  | { readonly pages: number }
  | { readonly measured: Measured }
  | { readonly refused: string };

declare const self: Pick<Worker, "onmessage" | "postMessage">;

let measuring: Measuring | undefined;
let measured: Measured | undefined;

function reply(answer: MeasureReply): void {
  self.postMessage(answer);
}

/** Measures pages of files; those of a file that cannot be read count for none. */
function measure(files: readonly PageFile[]): MeasureReply {
  if (measuring === undefined || measured === undefined) {
    throw new Error("Cannot measure pages: it was not said by what");
  }
  const found = nothingMeasured(measuring);
  const count = measurer(measuring, found);
  try {
    for (const page of readPages(files, measuring.pageSize)) count(page);
  } catch (error) {
    if (error instanceof UsageError) return { refused: error.message };
    throw error;
  }
  addMeasured(measured, found);
  return { pages: found.pages };
}

self.onmessage = ({ data }: MessageEvent<MeasureRequest>) => {
  if (data === "tell") {
    if (measured === undefined) {
      throw new Error("Cannot tell what pages become: none was measured");
    }
    reply({ measured });
  } else if ("begin" in data) {
    measuring = data.begin;
    measured = nothingMeasured(measuring);
  } else {
    reply(measure(data.files));
  }
};
