/** JUnit's XML, which programs for continuous integration read. */

/** One test case. */
export interface JunitCase {
  /** Its name. */
  readonly name: string;
  /** Why it failed, and all there is to say of that; absent where it passed. */
  readonly failure?: { readonly message: string; readonly text: string };
  /** Why nothing is known of it; absent where it passed or failed. */
  readonly skipped?: string;
}

/** A file with one suite. */
export function junitXml(
  suite: string,
  cases: readonly JunitCase[],
  seconds: number,
): string {
  const failures = cases.filter(({ failure }) => failure !== undefined).length;
  const silent = cases.filter(({ skipped }) => skipped !== undefined).length;
  const counts =
    `tests="${cases.length}" failures="${failures}" skipped="${silent}"`;
  const time = `time="${seconds.toFixed(3)}"`;
  const rows = cases.map(({ name, failure, skipped }) => {
    const open = `    <testcase classname="${escape(suite)}" name="${
      escape(name)
    }"`;
    if (skipped !== undefined) {
      const reason = `<skipped message="${escape(skipped)}"/>`;
      return `${open}>\n      ${reason}\n    </testcase>\n`;
    }
    if (failure === undefined) return `${open}/>\n`;
    return `${open}>\n      <failure message="${escape(failure.message)}">${
      escape(failure.text)
    }</failure>\n    </testcase>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="${escape(suite)}" ${counts} ${time}>
${rows.join("")}  </testsuite>
</testsuites>
`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** Text as XML can have it: what it has no way to write is left out. */
function escape(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replaceAll(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "")
    .replaceAll(/[&<>"]/g, (one) => ENTITIES[one]);
}
