/** A thread that measures pages of files. */
import {
  type Measured,
  measurer,
  type Measuring,
  nothingMeasured,
} from "./measuring.ts";
import { type PageFile, readPages } from "./pages.ts";
import { nothingUnread, type Unread } from "./unread.ts";

/** What a thread is asked: to begin, to measure, to tell what came of it. */
export type MeasureRequest =
  | { readonly begin: Measuring }
  | { readonly files: readonly PageFile[] }
  | "tell";

/** What it answers: what it measured and passed over, or all it has. */
export type MeasureReply =
  | { readonly pages: number; readonly unread: Unread }
  | { readonly measured: Measured };

declare const self: Pick<Worker, "onmessage" | "postMessage">;

let measuring: Measuring | undefined;
let measured: Measured | undefined;

function reply(answer: MeasureReply): void {
  self.postMessage(answer);
}

/** Measures pages of files. */
function measure(files: readonly PageFile[]): MeasureReply {
  if (measuring === undefined || measured === undefined) {
    throw new Error("Cannot measure pages: it was not said by what");
  }
  const count = measurer(measuring, measured);
  const unread = nothingUnread();
  let pages = 0;
  for (const page of readPages(files, measuring.pageSize, unread)) {
    count(page);
    pages++;
  }
  return { pages, unread };
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
