/**
 * A shell's work that takes several ticks of the clock: many kernels count processor time by which process a tick finds
 * running, so that a shorter one may have used none.
 */
export const BUSY = 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done';
