/** When a judge does what takes long. */

/**
 * Counts steps: true once there were so many that they outweigh what is then to
 * be done, which costs as much as `cost` steps; it begins anew then.
 */
export function nowAndThen(): (cost: number) => boolean {
  let steps = 0;
  return (cost) => {
    if (++steps < cost) return false;
    steps = 0;
    return true;
  };
}
