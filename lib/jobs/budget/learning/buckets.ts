/**
 * Each bucket ends this much above the one before. Kubernetes' Vertical Pod Autoscaler takes 5 %; a limit, which is the upper edge of
 * a bucket, would be 2.5 % too high on average. With 2 % that is 1 %, and less than what needs differ by from run to run.
 */
const GROWTH = 1.02;
/** No program runs in less. */
const FIRST_EDGE_BYTES = 2 ** 20;
/** It takes whatever is larger, too. No machine has 2^50 bytes. */
export const LAST_BUCKET = Math.ceil(Math.log(2 ** 30) / Math.log(GROWTH));

/** The number of the bucket for this many bytes: the first whose upper edge is not below them. */
export function bucketOf(bytes: number): number {
  if (bytes <= FIRST_EDGE_BYTES) return 0;
  const exact = Math.log(bytes / FIRST_EDGE_BYTES) / Math.log(GROWTH);
  // At an edge a rounding of the logarithm may choose the wrong side.
  let bucket = Math.max(0, Math.floor(exact) - 1);
  while (bucket < LAST_BUCKET && upperEdge(bucket) < bytes) bucket += 1;
  return Math.min(bucket, LAST_BUCKET);
}

/** The most that a bucket holds, in whole bytes. */
export function upperEdge(bucket: number): number {
  return Math.floor(FIRST_EDGE_BYTES * GROWTH ** bucket);
}
