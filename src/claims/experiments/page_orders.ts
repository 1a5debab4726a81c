/** Single frames in chains, and slabs of frames in a row, when memory is short. */
import { LINUX_3_12, LINUX_7_3 } from "../../linux/profile.ts";
import { percent } from "../../report/table.ts";
import { holds, holdsIf, type Verdict } from "../claim.ts";
import { experiment, type Figures } from "../experiment.ts";
import {
  type Orders,
  runOrders,
  SLAB_ORDERS,
  type Successes,
} from "../runs/slab_orders.ts";
import { SOURCE_COMMENT } from "../runs/who.ts";

const slabColumns = SLAB_ORDERS.map((order) => `slabs of order ${order}`);

const rowOf = ({ where, free, tried, zsmalloc, slabs }: Successes) => [
  `${free} free, ${where}`,
  tried,
  percent(zsmalloc, tried),
  ...slabs.map((count) => percent(count, tried)),
];

function figures({ pressure, few, asked }: Orders): readonly Figures[] {
  return [
    {
      title: "Objects that are had, for half of what is free",
      columns: ["frames", "tried", "zsmalloc", ...slabColumns],
      rows: pressure.map(rowOf),
    },
    {
      title: "First objects, each tried alone",
      columns: ["frames", "tried", "zsmalloc", ...slabColumns],
      rows: few.map(rowOf),
    },
    {
      title:
        "Asked of the buddy allocator, a sixteenth of the frames free, scattered",
      columns: ["", "order", "had"],
      rows: asked.map(({ what, order, isHad }) => [
        what,
        order,
        isHad ? "yes" : "no",
      ]),
    },
  ];
}

/** Objects that slabs of frames in a row have at most. */
const mostInSlabs = ({ slabs }: Successes) =>
  Math.max(...slabs.filter((_, nth) => SLAB_ORDERS[nth] > 0));

function decideSuccess({ pressure, few }: Orders): Verdict {
  const scattered = pressure.filter(({ where }) => where === "scattered");
  const together = pressure.filter(({ where }) => where === "together");
  const isBetter = (one: Successes) => one.zsmalloc > mostInSlabs(one);
  const [first] = scattered;
  const fewest = few.reduce((one, other) =>
    other.slabs[0] - other.zsmalloc > one.slabs[0] - one.zsmalloc ? other : one
  );
  const evidence = `${first.free} frames free: ${
    percent(first.zsmalloc, first.tried)
  } had, by slabs of order 1 to 3 up to ${
    percent(mostInSlabs(first), first.tried)
  }; with ${fewest.free} free ${
    percent(fewest.zsmalloc, fewest.tried)
  }, order 0 ${percent(fewest.slabs[0], fewest.tried)}`;
  if (together.every(isBetter) && scattered.every(isBetter)) {
    return holds(true, evidence);
  }
  return holdsIf(
    scattered.every(isBetter),
    "what is free is scattered",
    evidence,
  );
}

function decideOrder({ asked }: Orders): Verdict {
  const [zspages, ...others] = asked;
  const larger = others.find(({ order }) => order > 0);
  const evidence = `where free frames are scattered, ${
    asked.map(({ what, order, isHad }) =>
      `${what}, of order ${order}, ${isHad ? "can" : "cannot"} be had`
    ).join("; ")
  }`;
  if (larger === undefined) return holds(zspages.order === 0, evidence);
  return holdsIf(
    zspages.order === 0,
    `${larger.what} is there already`,
    evidence,
  );
}

/** The experiment. */
export const PAGE_ORDERS = experiment<"pages" | "frames", Orders>({
  name: "page-orders",
  theme: "page frames",
  method:
    "In a zone that is full but for some frames, scattered or together, objects as long as real pages compressed by lzo are allocated, half as many as fill what is free: in zsmalloc, and in slabs of each order, with a cache for each of zsmalloc's classes. Then each object is the first with a few frames free. The orders are noted that zspages are asked for with, and that of the largest piece of the pool itself.",
  sizes: {
    pages: { usual: 256, least: 16, most: 8192, means: "real pages" },
    frames: {
      usual: 2048,
      least: 256,
      most: 65536,
      means: "frames of the zone",
    },
  },
  kernels: [LINUX_3_12, LINUX_7_3],
  run: runOrders,
  figures,
  claims: [
    {
      name: "never-higher-order-allocations",
      says: "zsmalloc never asks for more than single pages.",
      who: SOURCE_COMMENT,
      passages: [
        { thread: "002", at: "lines 1454-1457" },
        { thread: "002", at: "lines 5093-5096" },
      ],
      decide: decideOrder,
    },
    {
      name: "higher-success-rate-under-pressure",
      says:
        "Chains of single pages are had under memory pressure where slabs of a higher order are not.",
      who: "Seth Jennings, 2013",
      passages: [
        { thread: "002", at: "lines 5093-5097" },
        { thread: "002", at: "lines 5087-5088" },
      ],
      decide: decideSuccess,
    },
  ],
});
