/** Threads that are asked one thing at a time. */

/**
 * Asks a thread and waits for its answer; `what` it cannot do is said where it
 * ends by an error: `measure pages`.
 */
export async function askWorker<Request, Reply>(
  worker: Worker,
  request: Request,
  what: string,
): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  worker.onmessage = ({ data }: MessageEvent<Reply>) => resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(`Cannot ${what}: ${event.message}`));
  };
  worker.postMessage(request);
  return await promise;
}
