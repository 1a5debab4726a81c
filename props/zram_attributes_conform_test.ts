import { assert, assertEquals } from "@std/assert";
import { isRefusal, modelZram, type Profile, type ZramTarget } from "../mod.ts";
import { describedProfile } from "../src/linux/description.ts";
import { ATTR_RO } from "../src/linux/zram_profile.ts";
import { conform } from "../src/search/conform.ts";
import { backedZramSuite } from "../src/search/suites/zram.ts";

const BACKING_PAGES = 8;
const RECOMPRESSION = "recompression=yes,algorithms=lzo-rle:lzo:lz4";

/** Kernels of which each has attributes, or texts for them, that others have not. */
const KERNELS = [
  "linux-5.10",
  `linux-6.12,${RECOMPRESSION}`,
  `linux-6.18,${RECOMPRESSION}`,
  `linux-7.2,${RECOMPRESSION}`,
  `linux-7.3,${RECOMPRESSION}`,
].map(describedProfile);

type Change = (model: ZramTarget) => Partial<ZramTarget>;

/** Judges at level exact a device that is the model's but for what `change` makes. */
function judged(profile: Profile, change: Change, runs = 60) {
  const model = modelZram(profile, BACKING_PAGES);
  const target = { ...model, ...change(model) };
  const suite = backedZramSuite(BACKING_PAGES);
  return conform(suite, target, { level: "exact", profile, runs, seed: 1 });
}

for (const profile of KERNELS) {
  Deno.test(`programs for ${profile.name} set and read every attribute at level exact`, async () => {
    const done = { set: new Set<string>(), get: new Set<string>() };
    const { finding } = await judged(profile, (model) => ({
      async set(attr, value) {
        const answer = await model.set(attr, value);
        if (!isRefusal(answer)) done.set.add(attr);
        return answer;
      },
      async get(attr) {
        const answer = await model.get(attr);
        if (!isRefusal(answer)) done.get.add(attr);
        return answer;
      },
    }), 100);
    assertEquals(finding, undefined);
    const attributes = Object.entries(profile.zram.attributes);
    const namesOf = (isSuch: (mode: number) => boolean) =>
      attributes.filter(([, mode]) => isSuch(mode)).map(([name]) => name);
    const settable = namesOf((mode) => mode !== ATTR_RO);
    const readable = namesOf((mode) => (mode & 0o444) !== 0);
    assertEquals([...done.set].sort(), settable.sort());
    assertEquals([...done.get].sort(), readable.sort());
  });
}

Deno.test("a device that cannot tell how a page is stored that takes a recompressed one's place conforms", async () => {
  for (const profile of KERNELS.filter(({ zram }) => zram.multiComp)) {
    let [isRecompressed, untold] = [false, 0];
    const { finding } = await judged(profile, (model) => ({
      set(attr, value) {
        isRecompressed ||= attr === "recompress";
        if (attr === "reset") isRecompressed = false;
        return model.set(attr, value);
      },
      async write(page, data) {
        const answer = await model.write(page, data);
        if (!isRecompressed || isRefusal(answer)) return answer;
        untold++;
        return {};
      },
    }));
    assertEquals(finding, undefined, profile.name);
    assert(untold > 10, profile.name);
  }
});

Deno.test("attributes that a device has not got are looked for once, and left alone", async () => {
  const lacking = [
    "max_comp_streams",
    "algorithm_params",
    "recompress",
    "writeback_batch_size",
    "compressed_writeback",
  ];
  const refusal = { error: "ENOENT" };
  for (const profile of KERNELS) {
    const asked: string[] = [];
    const looked = (attr: string) => {
      if (lacking.includes(attr)) asked.push(attr);
      return lacking.includes(attr);
    };
    const { finding } = await judged(profile, (model) => ({
      set: (attr, value) => looked(attr) ? refusal : model.set(attr, value),
      get: (attr) => looked(attr) ? refusal : model.get(attr),
    }), 20);
    assertEquals(finding, undefined, profile.name);
    assertEquals(new Set(asked).size, asked.length, profile.name);
  }
});

Deno.test("a device that shows more processors than one is asked for them once", async () => {
  let asked = 0;
  const [profile] = KERNELS;
  const { finding } = await judged(profile, (model) => ({
    get(attr) {
      if (attr !== "max_comp_streams") return model.get(attr);
      asked++;
      return { value: "16\n" };
    },
  }), 20);
  assertEquals(finding, undefined);
  assertEquals(asked, 1);
});

/** Ways in which a device can be other than 7.3's, and the attribute that shows it. */
const DEFECTS: Readonly<Record<string, Change>> = {
  "nothing is recompressed": (model) => ({
    set: (attr, value) =>
      model.set(attr, attr === "recompress" ? `${value} max_pages=0` : value),
  }),
  "an algorithm for recompression is forgotten": (model) => ({
    set: (attr, value) =>
      attr === "recomp_algorithm" ? undefined : model.set(attr, value),
  }),
  "pages are written back as they read, whatever was asked for": (model) => ({
    set: (attr, value) =>
      attr === "compressed_writeback" && value === "1"
        ? undefined
        : model.set(attr, value),
  }),
  "a batch of no page is taken": (model) => ({
    set: (attr, value) =>
      attr === "writeback_batch_size" && value === "0"
        ? undefined
        : model.set(attr, value),
  }),
  "parameters are taken once there is a disk": (model) => ({
    async set(attr, value) {
      const answer = await model.set(attr, value);
      const isLate = attr === "algorithm_params" && isRefusal(answer) &&
        answer.error === "EBUSY";
      return isLate ? undefined : answer;
    },
  }),
  "levels are not looked at when the disk is made": (model) => ({
    async set(attr, value) {
      const answer = await model.set(attr, value);
      const isLevel = attr === "disksize" && isRefusal(answer) &&
        answer.error === "EOPNOTSUPP";
      return isLevel ? undefined : answer;
    },
  }),
};

for (const [defect, change] of Object.entries(DEFECTS)) {
  Deno.test(`programs at level exact find that ${defect}`, async () => {
    const profile = describedProfile(`linux-7.3,${RECOMPRESSION}`);
    const { finding } = await judged(profile, change, 300);
    assertEquals(finding?.rule.id, "exact/same-answer");
  });
}
