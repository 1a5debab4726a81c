/** The machine of compression algorithms. */
import { codecJudge } from "../../judges/codec/judge.ts";
import { CODEC_RULES } from "../../judges/codec/rules.ts";
import { PROFILES } from "../../linux/profile.ts";
import { CODEC_LANGUAGE } from "../../programs/codec/language.ts";
import type { CodecStep } from "../../programs/codec/steps.ts";
import { modelCodec } from "../../targets/codec/model.ts";
import type { Machine } from "../machine.ts";
import { trialOf } from "../trial.ts";

/** Each algorithm of each kernel, at every level, window and dictionary. */
export const codecMachine: Machine<CodecStep> = {
  name: "codec",
  sentence:
    "Each algorithm, whatever it is told, makes of a page what it and a second decoder make that page of, the same bytes each time, and refuses what was damaged.",
  language: CODEC_LANGUAGE,
  scope: {
    profiles: PROFILES,
    anyGeometry: true,
    ops: new Set(CODEC_LANGUAGE.ops),
    maxSteps: 200,
  },
  rules: Object.values(CODEC_RULES),
  trial: (profile, reach) => trialOf(modelCodec(profile), [codecJudge(reach)]),
};
