/** The kernel takes no quota below 1 ms, and memcage's period is its default of 100 ms. */
export const LEAST_PROCESSORS = 0.01;
/** As many processors as no kernel has. */
export const MOST_PROCESSORS = 100_000;
/** The kernel's, of cgroup v2. */
export const MOST_WEIGHT = 10_000;
/** The kernel's PID_MAX_LIMIT on 64 bits: no more processes and threads can be there at all. */
export const MOST_PIDS = 2 ** 22;
