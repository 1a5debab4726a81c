/** The threads whose claims are told of, as far as they say of themselves. */
import type { Thread } from "./claim.ts";

/** A thread, or the one mail of it that is known. */
export interface ThreadText {
  /** What it is called here. */
  readonly name: Thread;
  /** Its subject, or where it has none what it is about. */
  readonly subject: string;
  /** Who writes. */
  readonly who: string;
  /** When: where the mail is without a date, by what it answers. */
  readonly date: string;
  /** The list that it was sent to. */
  readonly list: string;
  /** How its passages are named. */
  readonly cited: "by lines" | "by words";
}

/** The threads, in the order of their names. */
export const THREADS: readonly ThreadText[] = [
  {
    name: "000",
    subject:
      "Re: [PATCH] staging: zsmalloc: Ensure handle is never 0 on success",
    who: "Luigi Semenzato, quoting Minchan Kim",
    date: "7 November 2013",
    list: "linux-kernel",
    cited: "by lines",
  },
  {
    name: "001",
    subject: "zram/zsmalloc promotion, the 7th trial",
    who: "Bob Liu, answering Minchan Kim",
    date: "August 2013, after the 21st",
    list: "linux-mm",
    cited: "by words",
  },
  {
    name: "002",
    subject: "[PATCH v6 0/5] zram/zsmalloc promotion",
    who: "Minchan Kim, and who answers him",
    date: "14 to 20 August 2013",
    list: "linux-mm",
    cited: "by lines",
  },
  {
    name: "003",
    subject:
      "zsmalloc: support compaction, 7 patches, the second version or later",
    who: "Minchan Kim",
    date: "2015, without a date",
    list: "linux-mm",
    cited: "by words",
  },
  {
    name: "004",
    subject: "Re: [PATCH 7/8] zswap: add to mm/",
    who: "Dan Magenheimer, answering Seth Jennings",
    date: "2013, without a date",
    list: "devel of driverdev.linuxdriverproject.org",
    cited: "by words",
  },
];
