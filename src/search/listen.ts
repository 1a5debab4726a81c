/** What another thread tells. */

/**
 * A promise of what a worker's messages come to: `heard` is told each, and what
 * ends it. `what` it cannot do is said where it ends by an error: `fuzz zram`.
 */
export function listen<Message, Result>(
  worker: Worker,
  what: string,
  heard: (message: Message, end: (result: Result) => void) => void,
): { readonly promise: Promise<Result>; readonly end: (one: Result) => void } {
  const { promise, resolve: end, reject } = Promise.withResolvers<Result>();
  worker.onmessage = ({ data }: MessageEvent<Message>) => heard(data, end);
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(`Cannot ${what}: ${event.message}`));
  };
  return { promise, end };
}
