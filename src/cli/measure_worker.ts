/** A thread that measures pages of files. */
import {
  type Measured,
  measurer,
  type Measuring,
  nothingMeasured,
} from "./measuring.ts";
import { type PageFile, readPages } from "./pages.ts";
import { nothingUnread, type Unread } from "./unread.ts";

/** What a thread is asked: by what to measure the pages of files. */
export interface MeasureRequest {
  readonly measuring: Measuring;
  readonly files: readonly PageFile[];
}

/** What it answers: what it measured, and what it passed over. */
export interface MeasureReply {
  readonly measured: Measured;
  readonly unread: Unread;
}

declare const self: Pick<Worker, "onmessage" | "postMessage">;

function measure({ measuring, files }: MeasureRequest): MeasureReply {
  const measured = nothingMeasured(measuring);
  const unread = nothingUnread();
  const count = measurer(measuring, measured);
  for (const page of readPages(files, measuring.pageSize, unread)) count(page);
  return { measured, unread };
}

self.onmessage = ({ data }: MessageEvent<MeasureRequest>) =>
  self.postMessage(measure(data));
