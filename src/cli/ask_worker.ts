/** Threads that are asked one thing at a time. */
import { listen } from "../search/listen.ts";

/**
 * Asks a thread and waits for its answer; `what` it cannot do is said where it
 * ends by an error: `measure pages`.
 */
export async function askWorker<Request, Reply>(
  worker: Worker,
  request: Request,
  what: string,
): Promise<Reply> {
  const { promise } = listen<Reply, Reply>(
    worker,
    what,
    (reply, end) => end(reply),
  );
  worker.postMessage(request);
  return await promise;
}

/**
 * Has several threads, each of which runs a module, answer requests; `heard` is
 * told each answer as it comes.
 */
export async function askWorkers<Request, Reply>(
  module: URL,
  threads: number,
  requests: Iterable<Request>,
  { what, heard }: {
    what(request: Request): string;
    heard(reply: Reply, request: Request): void;
  },
): Promise<void> {
  const queue = requests[Symbol.iterator]();
  const crew = Array.from({ length: threads }, async () => {
    const worker = new Worker(module, { type: "module" });
    try {
      for (let one = queue.next(); !one.done; one = queue.next()) {
        const request = one.value;
        heard(await askWorker(worker, request, what(request)), request);
      }
    } finally {
      worker.terminate();
    }
  });
  await Promise.all(crew);
}
