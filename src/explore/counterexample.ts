/** A program that fails, as a test that whoever reads it can run. */
import type { FuzzFailure } from "./fuzz.ts";

/** Columns that a line of code may have. */
const COLUMNS = 80;

/** The command that runs just this program again. */
export function repeatCommand({ machine, seed, path }: FuzzFailure): string {
  return `zspec fuzz ${machine} --seed ${seed} --path ${path}`;
}

/** A whole test file that runs just this program. */
export function counterexampleTest(failure: FuzzFailure): string {
  const { machine, seed, program } = failure;
  const run = `${machine}Machine.run`;
  return `// ${repeatCommand(failure)}
import { ${machine}Machine } from "zspec";

Deno.test("${machine}: a counterexample of seed ${seed}", () => {
  ${run}(${literal(program, "  ", `  ${run}();`.length)});
});
`;
}

/** A JSON value as TypeScript, in lines where one of them is too long. */
function literal(value: unknown, indent: string, columns: number): string {
  const flat = flatLiteral(value);
  if (columns + flat.length <= COLUMNS) return flat;
  if (typeof value !== "object" || value === null) return flat;
  const inner = `${indent}  `;
  const line = (key: string, one: unknown) =>
    `${inner}${key}${literal(one, inner, inner.length + key.length + 1)},\n`;
  const [open, close, lines] = Array.isArray(value)
    ? ["[", "]", value.map((one) => line("", one))]
    : ["{", "}", entries(value).map(([key, one]) => line(`${key}: `, one))];
  return `${open}\n${lines.join("")}${indent}${close}`;
}

function flatLiteral(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flatLiteral).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = entries(value)
    .map(([key, one]) => `${key}: ${flatLiteral(one)}`);
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}

/** An object's entries, keys as they are written in TypeScript. */
function entries(value: object): [string, unknown][] {
  const written = (key: string) =>
    /^[A-Za-z_]\w*$/.test(key) ? key : JSON.stringify(key);
  return Object.entries(value).map(([key, one]) => [written(key), one]);
}
