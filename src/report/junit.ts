/** JUnit's XML, which programs for continuous integration read. */
import type { TestCase } from "./test_case.ts";
import { escapeXml } from "./xml.ts";

/** A test case: why it failed, and all there is to say of that. */
export type JunitCase = TestCase<
  { readonly message: string; readonly text: string }
>;

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
    const open = `    <testcase classname="${escapeXml(suite)}" name="${
      escapeXml(name)
    }"`;
    if (skipped !== undefined) {
      const reason = `<skipped message="${escapeXml(skipped)}"/>`;
      return `${open}>\n      ${reason}\n    </testcase>\n`;
    }
    if (failure === undefined) return `${open}/>\n`;
    return `${open}>\n      <failure message="${escapeXml(failure.message)}">${
      escapeXml(failure.text)
    }</failure>\n    </testcase>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="${escapeXml(suite)}" ${counts} ${time}>
${rows.join("")}  </testsuite>
</testsuites>
`;
}
