/** tmpfs: files whose pages are those of a process, and can be swapped out. */
import { assertWhole } from "../../rules/argument.ts";
import type { SmallMachine } from "./small_machine.ts";

/** The number of the process that stands for tmpfs. */
const TMPFS = 0;

/**
 * A tmpfs with its size limit: half of the memory where nobody says it. Its
 * pages are anonymous ones of nobody, on the list of those to go. Specifies
 * `shmem_default_max_blocks` and `shmem_get_page`, `mm/shmem.c`, 3.12, without
 * inodes, of which there are as many as pages.
 */
export class Tmpfs {
  /** The most pages that its files may have (`max_blocks`). */
  readonly mostPages: number;
  /** Pages that they have. */
  pages = 0;
  readonly #machine: SmallMachine;

  /** Mounts it. `mostPages` is `-o size=`, in pages. */
  constructor(
    machine: SmallMachine,
    mostPages: number = Math.floor(machine.frames / 2),
  ) {
    assertWhole("mount tmpfs", "mostPages", mostPages);
    this.#machine = machine;
    this.mostPages = mostPages;
  }

  /** Adds pages to its files: ENOSPC beyond the limit, "OOM" without memory. */
  append(pages: readonly Uint8Array[]): "ENOSPC" | "OOM" | undefined {
    for (const page of pages) {
      if (this.pages >= this.mostPages) return "ENOSPC";
      const isWritten = this.#machine.write(
        TMPFS,
        this.pages,
        page,
        "inactive",
      );
      if (!isWritten) return "OOM";
      this.pages++;
    }
  }
}
