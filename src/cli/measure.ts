/** Measures the pages of files on every core. */
import { askWorkers } from "./ask_worker.ts";
import type { MeasureReply, MeasureRequest } from "./measure_worker.ts";
import {
  addMeasured,
  type Measured,
  measurer,
  type Measuring,
  nothingMeasured,
} from "./measuring.ts";
import { type Input, type PageFile, readPages } from "./pages.ts";
import { progress } from "./progress.ts";
import { addUnread } from "./unread.ts";

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
      const count = measurer(measuring, measured);
      for (const page of readPages(files, measuring.pageSize, unread)) {
        count(page);
        shown.step(measured.pages);
      }
    } else {
      await askWorkers<MeasureRequest, MeasureReply>(
        new URL("./measure_worker.ts", import.meta.url),
        threads,
        partsOf(files, measuring),
        {
          what: () => "measure pages",
          heard(reply) {
            addMeasured(measured, reply.measured);
            addUnread(unread, reply.unread);
            shown.step(measured.pages);
          },
        },
      );
    }
  } finally {
    shown.end();
  }
  return measured;
}

/** The files in parts of about as many pages, large ones cut. */
function* partsOf(
  all: Iterable<PageFile>,
  measuring: Measuring,
): Generator<MeasureRequest, void> {
  const { pageSize } = measuring;
  let part: PageFile[] = [];
  let room = PAGES_AT_A_TIME;
  for (const { path, at, bytes, pages } of all) {
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
      yield { measuring, files: part };
      [part, room] = [[], PAGES_AT_A_TIME];
    }
  }
  if (part.length > 0) yield { measuring, files: part };
}
