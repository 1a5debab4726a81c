/** An object of the user's, or a process behind it, as a target of programs. */
import { numbered, objectBytes } from "../../programs/zsmalloc/object_bytes.ts";
import type {
  ZsmallocResults,
  ZsmallocSteps,
} from "../../programs/zsmalloc/steps.ts";
import { SKIPPED, type StepTarget, tableTarget } from "../step_target.ts";
import {
  type Answer,
  isRefusal,
  type Refusal,
  type ZsmallocTarget,
} from "../target.ts";

/** An object that is there. */
interface LiveObject {
  readonly handle: string;
  /** Bytes that it was asked for. */
  readonly size: number;
  /** Whether they were ever written: before that, nobody knows them. */
  isWritten: boolean;
}

/**
 * The steps of programs, as requests to `target`: it is told handles where
 * steps number objects, and one request after another where a step has a
 * `count`. Steps that the oracle protocol has no request for are passed over.
 */
export function objectZsmalloc(
  target: ZsmallocTarget,
): StepTarget<ZsmallocSteps, ZsmallocResults> {
  const objects = new Map<number, LiveObject>();
  let isCreated = false;

  const mallocOne = (size: number, object: number) =>
    whenAnswered(target.malloc(size), (answer) => {
      if (isRefusal(answer)) return answer;
      const { handle } = answer;
      objects.set(object, { handle, size, isWritten: false });
      return answer;
    });

  const writeOne = (live: LiveObject, data: Uint8Array) =>
    whenAnswered(target.write(live.handle, data), (answer) => {
      live.isWritten = true;
      return answer;
    });

  return tableTarget<ZsmallocSteps, ZsmallocResults>({
    create({ pageSize, wordBits, chainSize }) {
      objects.clear();
      isCreated = true;
      return target.create({ pageSize, wordBits, chainSize });
    },
    malloc({ size, object, count }) {
      if (!isCreated) return SKIPPED;
      if (count === undefined) {
        return objects.has(object) ? SKIPPED : mallocOne(size, object);
      }
      const names = numbered(object, count);
      if (names.some((name) => objects.has(name))) return SKIPPED;
      const asked = inTurn(names.values(), (name) => mallocOne(size, name));
      return whenAnswered(asked, (refusal) => ({
        handles: names.flatMap((name) => objects.get(name)?.handle ?? []),
        ...(isRefusal(refusal) ? { refused: refusal.error } : {}),
      }));
    },
    free({ object }) {
      const there = [object].flat().filter((name) => objects.has(name));
      if (there.length === 0) return SKIPPED;
      return inTurn(there.values(), (name) => {
        const live = objects.get(name);
        objects.delete(name);
        return live === undefined ? undefined : target.free(live.handle);
      });
    },
    write({ object, data, count = 1 }) {
      const there = numbered(object, count).filter((name) => objects.has(name));
      if (there.length === 0) return SKIPPED;
      return inTurn(there.values(), (name) => {
        const live = objects.get(name);
        if (live === undefined) return;
        const into = new Uint8Array(live.size);
        return writeOne(live, objectBytes(data, name - object, into));
      });
    },
    read({ object, length }) {
      const live = objects.get(object);
      if (live === undefined || !live.isWritten || length > live.size) {
        return SKIPPED;
      }
      return target.read(live.handle, length);
    },
    compact: () => isCreated ? target.compact() : SKIPPED,
    stats: () => isCreated ? target.stats() : SKIPPED,
  }, target);
}

/** What `use` makes of an answer, now or later. */
function whenAnswered<Result, Used>(
  answer: Answer<Result>,
  use: (answer: Result | Refusal) => Used | Promise<Used>,
): Used | Promise<Used> {
  return answer instanceof Promise ? answer.then(use) : use(answer);
}

/** Asks about one after another, until an answer is a refusal, and answers it. */
function inTurn(
  names: ArrayIterator<number>,
  ask: (name: number) => Answer<unknown>,
): Answer {
  for (const name of names) {
    const answer = ask(name);
    if (answer instanceof Promise) {
      return answer.then((one) => isRefusal(one) ? one : inTurn(names, ask));
    }
    if (isRefusal(answer)) return answer;
  }
}
