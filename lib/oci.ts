/// <reference types="node" preserve="true" />
/**
 * Limits of an OCI runtime configuration as memcage's.
 *
 * Stable: see docs/reference/stability.md.
 *
 * @module memcage/oci
 */
export { limitsFromOci, type OciOptions } from './common/oci/limits-from-oci';
export type { OciLimits } from './common/oci/translation';
