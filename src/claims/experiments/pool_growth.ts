/** What making a pool takes, and what its growing does. */
import { LINUX_3_12, LINUX_7_3, type Profile } from "../../linux/profile.ts";
import { Memory } from "../../memory/memory.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import { holds } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { SOURCE_COMMENT } from "../runs/who.ts";

/** An object for which a zspage has several frames. */
const OBJECT_BYTES = 1500;

/** A pool where its flags give it frames, or none. */
interface Grown {
  /** Frames that were asked for until it was made. */
  readonly toMake: number;
  /** And then for its first object. */
  readonly toGrow: number;
  /** What asking for that object answered. */
  readonly answer: string;
}

interface Found {
  readonly granted: Grown;
  readonly refused: Grown;
}

function grow(profile: Profile, refuses: boolean): Grown {
  let asked = 0;
  const memory = new Memory({
    pageSize: profile.pageSize,
    failPageAlloc() {
      asked++;
      return refuses;
    },
  });
  const pool = new ZsPool(profile, { memory });
  const toMake = asked;
  const handle = pool.malloc(OBJECT_BYTES);
  return {
    toMake,
    toGrow: asked - toMake,
    answer: typeof handle === "number" ? "an object" : handle,
  };
}

const run = ({ profile }: Given<never>): Found => ({
  granted: grow(profile, false),
  refused: grow(profile, true),
});

const row = (name: string, one: Grown) => [
  name,
  one.toMake,
  one.toGrow,
  one.answer,
];

/** The experiment. */
export const POOL_GROWTH = experiment<never, Found>({
  name: "pool-growth",
  theme: "classes and zspages",
  method:
    "A pool is made and asked for an object, once where every frame that its flags ask for is granted, and once where none is.",
  sizes: {},
  kernels: [LINUX_3_12, LINUX_7_3],
  run,
  figures: ({ granted, refused }): readonly Figures[] => [{
    title: "Frames that are asked for",
    columns: ["", "to make a pool", "to grow", "the first object"],
    rows: [row("all are granted", granted), row("none is", refused)],
  }],
  claims: [{
    name: "pool-flags-for-metadata",
    says:
      "The flags that a pool is created with are those for allocating its metadata.",
    who: SOURCE_COMMENT,
    passages: [
      { thread: "002", at: "line 2271" },
      { thread: "002", at: "line 1661" },
    ],
    disputed:
      "The same file says at its struct zs_pool that they are used when growing the pool.",
    decide: ({ granted, refused }) =>
      holds(
        granted.toMake > 0,
        `making a pool asks for ${granted.toMake} frames; its first object for ${granted.toGrow}, and it is ${refused.answer} where none is granted`,
      ),
  }],
});
