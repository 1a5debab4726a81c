/** How mapped objects are judged. */
import { objectBytes } from "../../../programs/zsmalloc/object_bytes.ts";
import { Disagreement, resultOf } from "../../judge.ts";
import type { NaiveTable } from "./expect.ts";
import { ZSMALLOC_NAIVE as RULES } from "./rules.ts";

/** Judges mappings. */
export const MAPPINGS: NaiveTable = {
  map(state, { mapping, object, mode, cpu, length }, answer) {
    const found = resultOf(RULES.mapping, answer);
    const whyNot = state.mapped.whyNot(object, mode, cpu);
    if (whyNot !== undefined) {
      return state.expectMisuse(RULES.mapping, whyNot, found);
    }
    if ("misuse" in found) {
      throw new Disagreement(RULES.mapping, "a mapping", found);
    }
    state.mapped.map(mapping, object, mode, cpu, length);
    state.expectShown(mapping, found.data);
  },
  write_mapped(state, { mapping, data }, answer) {
    const found = resultOf(RULES.mapped, answer);
    const size = state.live.objects.get(state.mapped.objectOf(mapping))?.size ??
      0;
    const bytes = objectBytes(data, 0, new Uint8Array(size));
    if (!state.mapped.write(mapping, bytes)) {
      return state.expectMisuse(RULES.mapping, "to read", found);
    }
    if ("misuse" in found) {
      throw new Disagreement(RULES.mapping, "written", found);
    }
    state.expectShown(mapping, found.data);
  },
  unmap(state, { mapping }, answer) {
    state.expectShown(mapping, resultOf(RULES.mapped, answer).data);
    state.mapped.unmap(mapping);
  },
};
