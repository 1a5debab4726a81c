/** The algorithms that options name. */
import type { Codec } from "../codec/codec.ts";
import { ALL_CODECS } from "../codec/codecs.ts";
import { UsageError } from "./usage.ts";

/** Every algorithm's name, for helps and refusals. */
export const ALGORITHM_NAMES: string = ALL_CODECS
  .map(({ name }) => name).join(", ");

/** The algorithm that a device writes with where none is asked for. */
export const DEFAULT_ALGORITHM = "lz4";

/** The codec of an algorithm that an option names. */
export function algorithmNamed(name: string): Codec {
  const codec = ALL_CODECS.find((one) => one.name === name);
  if (codec === undefined) {
    throw new UsageError(
      `Unknown algorithm '${name}': the algorithms are ${ALGORITHM_NAMES}`,
    );
  }
  return codec;
}
