/** `zspec guest get`: a kernel of Debian, fetched by this machine's apt. */
import { fetchImage, GUEST_RELEASES } from "../live/guest_apt.ts";
import { quoted } from "./conform_report.ts";
import { heedingSignals } from "./interrupt.ts";
import { print } from "./print.ts";
import { parseOptions, UsageError } from "./usage.ts";

/** How it is told of. */
export const GET_USAGE =
  `get fetches Debian's newest kernel of a release into a folder that --image then
names, by this machine's apt, of which nothing is changed: the mirror is its
own, signatures are checked. The releases are
${GUEST_RELEASES.join(", ")}.
`;

/** Runs it and returns the exit status. */
export async function guestGet(args: readonly string[]): Promise<number> {
  const { paths } = parseOptions(args, { string: [], boolean: [] });
  const [release, folder] = paths;
  if (paths.length !== 2) {
    throw new UsageError(
      `Cannot get a kernel: a RELEASE and a FOLDER are needed; the releases are ${
        GUEST_RELEASES.join(", ")
      }`,
    );
  }
  return await heedingSignals(async (stop) => {
    const got = await fetchImage(release, folder, stop);
    print(
      `Linux ${got.release}: ${
        got.packages.join(", ")
      } ${got.version} of ${got.suite}, in ${quoted(folder)}`,
    );
    return 0;
  });
}
