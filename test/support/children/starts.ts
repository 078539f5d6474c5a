/**
 * How many starts, or cases of a property, a test makes that wants many: `count`, or the percentage of it in
 * MEMCAGE_TEST_STARTS, which guests set. It may be more than 100, for a storm that lasts.
 */
export function starts(count: number): number {
  const percent = Number(process.env.MEMCAGE_TEST_STARTS ?? '100');
  if (!(percent > 0)) throw new Error('MEMCAGE_TEST_STARTS is a percentage above 0');
  return Math.ceil((count * percent) / 100);
}
