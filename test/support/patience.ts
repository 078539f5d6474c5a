/** How many times slower than on the machine itself the tests run: about 10 under emulation (`test/guest`). */
const slowness = Number(process.env['MEMCAGE_TEST_SLOWNESS'] || 1);

/** How long to wait for something that takes at most that many milliseconds on an ordinary machine. */
export const patience = (ms: number): number => ms * slowness;
