/** Measures the pages of files on every core. */
import { askWorker } from "./ask_worker.ts";
import type { MeasureReply, MeasureRequest } from "./measure_worker.ts";
import {
  addMeasured,
  type Measured,
  measurer,
  type Measuring,
  nothingMeasured,
} from "./measuring.ts";
import { type Input, type PageFile, readPages } from "./pages.ts";
import { type Progress, progress } from "./progress.ts";
import { addUnread, type Unread } from "./unread.ts";

/** Pages that a thread measured. */
type MeasuredPart = Extract<MeasureReply, { readonly pages: number }>;

/** Fewer pages are measured by the time that threads have started. */
const PAGES_WORTH_THREADS = 4096;
/** Pages that a thread is given at a time. */
const PAGES_AT_A_TIME = 1024;

/** What each page of the files becomes. */
export async function measurePages(
  measuring: Measuring,
  { files, pages, unread }: Input,
  threads: number = navigator.hardwareConcurrency,
): Promise<Measured> {
  const measured = nothingMeasured(measuring);
  const shown = progress("measuring", pages, "pages");
  try {
    if (threads === 1 || pages < PAGES_WORTH_THREADS) {
      measureHere(measuring, files, measured, { shown, unread });
    } else {
      const parts = partsOf(files, measuring.pageSize);
      let done = 0;
      const step = ({ pages, unread: more }: MeasuredPart) => {
        addUnread(unread, more);
        shown.step(done += pages);
      };
      const crew = Array.from({ length: threads }, async () => {
        const found = await measureThere(measuring, parts, step);
        addMeasured(measured, found);
      });
      await Promise.all(crew);
    }
  } finally {
    shown.end();
  }
  return measured;
}

function measureHere(
  measuring: Measuring,
  files: Iterable<PageFile>,
  measured: Measured,
  { shown, unread }: { readonly shown: Progress; readonly unread: Unread },
): void {
  const count = measurer(measuring, measured);
  for (const page of readPages(files, measuring.pageSize, unread)) {
    count(page);
    shown.step(measured.pages);
  }
}

/** The files in parts of about as many pages, large ones cut. */
function* partsOf(
  files: Iterable<PageFile>,
  pageSize: number,
): Generator<readonly PageFile[], void> {
  let part: PageFile[] = [];
  let room = PAGES_AT_A_TIME;
  for (const { path, at, bytes, pages } of files) {
    for (let done = 0; done < pages;) {
      const taken = Math.min(room, pages - done);
      const before = done * pageSize;
      part.push({
        path,
        at: at + before,
        bytes: Math.min(taken * pageSize, bytes - before),
        pages: taken,
      });
      done += taken;
      room -= taken;
      if (room > 0) continue;
      yield part;
      [part, room] = [[], PAGES_AT_A_TIME];
    }
  }
  if (part.length > 0) yield part;
}

/** One thread's life: parts until there are none, then all that it found. */
async function measureThere(
  measuring: Measuring,
  parts: Generator<readonly PageFile[], void>,
  step: (part: MeasuredPart) => void,
): Promise<Measured> {
  const url = new URL("./measure_worker.ts", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  const ask = asker(worker);
  try {
    worker.postMessage({ begin: measuring } satisfies MeasureRequest);
    for (const files of parts) {
      const answer = await ask({ files });
      if ("pages" in answer) step(answer);
    }
    const answer = await ask("tell");
    if (!("measured" in answer)) {
      throw new Error(
        "Cannot measure pages: a thread did not say what it found",
      );
    }
    return answer.measured;
  } finally {
    worker.terminate();
  }
}

/** Asks a thread. */
function asker(worker: Worker) {
  return (request: MeasureRequest): Promise<MeasureReply> =>
    askWorker(worker, request, "measure pages");
}
