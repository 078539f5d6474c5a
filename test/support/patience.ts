/** How many times slower than a machine's own processor the tests run: about 10 under emulation (`test/guest`). */
const slowness = Number(process.env['MEMCAGE_TEST_SLOWNESS'] || 1);

/** How long to wait here for what takes at most so many milliseconds on an ordinary machine. */
export const patience = (ms: number): number => ms * slowness;
