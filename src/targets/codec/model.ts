/** A compression algorithm of a kernel as a target of programs. */
import { type Codec, codecWith, CorruptDataError } from "../../codec/codec.ts";
import { codecsOf } from "../../codec/codecs.ts";
import type { Profile } from "../../linux/profile.ts";
import { refuseLevelWindowOrDict } from "../../linux/zcomp_params.ts";
import type {
  CodecCreate,
  CodecResults,
  CodecSteps,
  Coded,
} from "../../programs/codec/steps.ts";
import { type Bytes, expandBytes } from "../../programs/bytes.ts";
import {
  type Outcome,
  SKIPPED,
  type StepTarget,
  tableTarget,
} from "../step_target.ts";

/** A codec that is set up, and room for what it makes. */
interface SetUp {
  readonly codec: Codec;
  readonly pageSize: number;
  readonly room: Uint8Array;
}

function setUp(profile: Profile, create: CodecCreate): SetUp {
  const { user, algorithm, pageSize, level, winbits, dict } = create;
  const codec = codecsOf(profile[user]).find(({ name }) => name === algorithm);
  if (codec === undefined) throw new Error(`there is no codec '${algorithm}'`);
  const params = {
    level,
    winbits,
    dict: dict && expandBytes(dict.data, dict.bytes),
  };
  return {
    codec: codecWith(codec, params),
    pageSize,
    room: new Uint8Array(2 * pageSize),
  };
}

/** The page that compressed bytes make, where they are not refused. */
function decompressed(
  { codec, pageSize }: SetUp,
  compressed: Uint8Array,
): Coded {
  const back = new Uint8Array(pageSize);
  try {
    codec.decompress(compressed, back);
    return { compressed, back };
  } catch (error) {
    if (error instanceof CorruptDataError) {
      return { compressed, back: undefined };
    }
    throw error;
  }
}

/** Compresses a page, has the bytes changed, and decompresses them; EINVAL where it fails. */
function code(
  isSetUp: SetUp | undefined,
  data: Bytes,
  change: (compressed: Uint8Array) => void,
): Outcome<Coded> {
  if (isSetUp === undefined) return SKIPPED;
  const { codec, pageSize, room } = isSetUp;
  const length = codec.compress(expandBytes(data, pageSize), room);
  if (length === 0) return { error: "EINVAL" };
  const compressed = room.slice(0, length);
  change(compressed);
  return decompressed(isSetUp, compressed);
}

/** The algorithms of a kernel as a target. */
export function modelCodec(
  profile: Profile,
): StepTarget<CodecSteps, CodecResults> {
  let now: SetUp | undefined;
  return tableTarget<CodecSteps, CodecResults>({
    create(step) {
      const { algorithm, level, winbits } = step;
      const error = refuseLevelWindowOrDict(algorithm, { level, winbits });
      now = error === undefined ? setUp(profile, step) : undefined;
      return error === undefined ? null : { error };
    },
    compress: ({ data }) => code(now, data, () => {}),
    damage: ({ data, at, xor }) =>
      code(now, data, (compressed) => {
        compressed[at % compressed.length] ^= xor;
      }),
  });
}
