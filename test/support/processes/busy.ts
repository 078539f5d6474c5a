/**
 * Shell work that takes several ticks of the clock. Many kernels account processor time to the process that a tick
 * finds running, so shorter work may seem to use none.
 */
export const BUSY = 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done';
