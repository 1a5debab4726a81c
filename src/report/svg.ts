/**
 * Pictures as plain SVG: with their title and description, a legend, and
 * colours for light and for dark surroundings. What is in the frame is drawn by
 * a library, which loads with this module.
 */
import { colouredOf, type Picture } from "./picture.ts";
import { plotOf } from "./svg_plot.ts";
import { wrap } from "./wrap.ts";
import { escapeXml } from "./xml.ts";

const WIDTH = 760;
const MARGIN = 16;
const LINE = 18;
/** Letters of a line of the title. */
const TITLE_LETTERS = 90;
/** Pixels of a letter of the legend, about. */
const LETTER = 7;
const SWATCH = 12;

/** A colour on a light ground, and on a dark one. */
type Colour = readonly [light: string, dark: string];

/** What things are drawn in, in their order. */
const COLOURS: readonly Colour[] = [
  ["#2f6db3", "#7fb2ee"],
  ["#e0a030", "#f0c465"],
  ["#5a9e6f", "#8fd0a0"],
];
/** What is drawn in grey: whatever nobody compressed, or need not hold. */
const GREY: Colour = ["#a8a8a8", "#6d6d6d"];
const IN_GREY = ["saved", "memory"];

/** The colours of what a picture has, on a light ground. */
function coloursOf(picture: Picture): string[] {
  const names = colouredOf(picture).filter((name) => !IN_GREY.includes(name));
  if (names.length > COLOURS.length) {
    throw new Error(`Cannot draw '${picture.title}': it needs more colours`);
  }
  return colouredOf(picture).map((name) => {
    const nth = names.indexOf(name);
    return (nth < 0 ? GREY : COLOURS[nth])[0];
  });
}

const DARK = [...COLOURS, GREY].flatMap(([light, dark]) => [
  `[fill="${light}"] { fill: ${dark}; }`,
  `[stroke="${light}"] { stroke: ${dark}; }`,
]).join("\n    ");

// An attribute gives way to any style.
const STYLE = `
  svg { color: #1c1c1c; fill: currentColor; }
  .ground { fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    svg { color: #e8e8e8; }
    .ground { fill: #16181d; }
    ${DARK}
  }
`;

/** The whole file. */
export function svgOf(picture: Picture): string {
  const title = wrap(picture.title, TITLE_LETTERS).trimEnd().split("\n");
  const titleEnd = MARGIN + LINE * title.length;
  const legendAt = titleEnd + 8;
  const plotAt = legendAt + LINE + 8;
  const colours = coloursOf(picture);
  const { svg, height } = plotOf(picture, WIDTH - 2 * MARGIN, colours);
  const total = plotAt + height + MARGIN;
  const lines = title.map((line, nth) =>
    `<text x="${MARGIN}" y="${
      MARGIN + LINE * nth + 12
    }" font-size="15" font-weight="600">${escapeXml(line)}</text>\n`
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${total}" width="${WIDTH}" height="${total}" role="img" aria-labelledby="title desc" font-family="system-ui, sans-serif" font-size="12">
<title id="title">${escapeXml(picture.title)}</title>
<desc id="desc">${escapeXml(picture.description)}</desc>
<style>${STYLE}</style>
<rect class="ground" width="${WIDTH}" height="${total}" fill="#ffffff"/>
${lines.join("")}${
    legendOf(picture, colours, legendAt)
  }<g transform="translate(${MARGIN},${plotAt})">
${svg}
</g>
</svg>
`;
}

/** What each colour is. */
function legendOf(
  picture: Picture,
  colours: readonly string[],
  y: number,
): string {
  let x = MARGIN;
  return colouredOf(picture).map((name, nth) => {
    const text =
      `<rect x="${x}" y="${y}" width="${SWATCH}" height="${SWATCH}" fill="${
        colours[nth]
      }"/><text x="${x + SWATCH + 5}" y="${y + 10}">${
        escapeXml(name)
      }</text>\n`;
    x += SWATCH + 24 + LETTER * name.length;
    return text;
  }).join("");
}
