/**
 * The one place where pictures are drawn, by Observable Plot. It wants a
 * document and gets linkedom's, so that no browser is needed.
 */
import * as Plot from "npm:@observablehq/plot@0.6.17";
import { DOMParser } from "npm:linkedom@0.18.15";
import {
  type BarPicture,
  colouredOf,
  type LinePicture,
  type Picture,
} from "./picture.ts";

/** A plot as text: an `svg` element of its own. */
export interface Plotted {
  /** The element. */
  readonly svg: string;
  /** Its height. */
  readonly height: number;
}

/** Pixels of a bar with the room around it. */
const BAR_HEIGHT = 26;
/** Pixels of a letter, about. */
const LETTER = 7;
/** Pixels of a picture of lines. */
const LINES_HEIGHT = 320;

/** Draws a picture so wide, its kinds in these colours. */
export function plotOf(
  picture: Picture,
  width: number,
  colours: readonly string[],
): Plotted {
  const document = new DOMParser().parseFromString("<html/>", "text/html");
  const common = {
    document,
    width,
    className: "plot",
    style: { fontSize: "12px" },
    color: { domain: [...colouredOf(picture)], range: [...colours] },
  };
  const options = picture.type === "bars"
    ? barOptions(picture)
    : lineOptions(picture);
  const plot = Plot.plot({ ...common, ...options });
  return { svg: plot.outerHTML, height: options.height };
}

/** The rows of a picture's bars, and the columns if it has any. */
function barOptions({ bars, kinds, unit }: BarPicture) {
  const names = [...new Set(bars.map(({ name }) => name))];
  const columns = [...new Set(bars.flatMap(({ column }) => column ?? []))];
  const parts = bars.flatMap(({ name, column, parts }) =>
    parts.map((length, nth) => ({ name, column, length, kind: kinds[nth] }))
  );
  const notes = bars.map((bar) => ({
    ...bar,
    end: bar.parts.reduce((sum, part) => sum + part, 0),
  }));
  const longest = Math.max(...names.map(({ length }) => length));
  const notesWide = Math.max(...bars.map(({ note = "" }) => note.length));
  const column = columns.length > 0 ? { fx: "column" } : {};
  return {
    height: BAR_HEIGHT * names.length + 70,
    marginBottom: 44,
    marginLeft: LETTER * longest + 16,
    marginRight: LETTER * notesWide + 16,
    x: {
      label: unit,
      labelOffset: 38,
      grid: true,
      ticks: columns.length > 0 ? 2 : undefined,
    },
    y: { domain: names, label: null },
    fx: { domain: columns, label: null, padding: 0.06 },
    marks: [
      Plot.barX(parts, { x: "length", y: "name", fill: "kind", ...column }),
      Plot.text(notes, {
        x: "end",
        y: "name",
        text: "note",
        textAnchor: "start",
        dx: 6,
        ...column,
      }),
    ],
  };
}

function lineOptions({ lines, across, up }: LinePicture) {
  const points = lines.flatMap(({ name, points }) =>
    points.map(([x, y]) => ({ name, x, y }))
  );
  return {
    height: LINES_HEIGHT,
    marginBottom: 44,
    marginLeft: 60,
    marginRight: 16,
    x: { label: across, labelOffset: 38 },
    y: { label: up, grid: true },
    marks: [
      Plot.ruleY([0]),
      Plot.lineY(points, { x: "x", y: "y", stroke: "name" }),
    ],
  };
}
