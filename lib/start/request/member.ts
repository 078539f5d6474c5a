import type { SharedPolledCage } from '../../cage/polled-cage';
import type { SharedCage } from '../../cage/shared-cage';

/** A cage of createCage(), whatever holds its limits. */
export type AnySharedCage = SharedCage | SharedPolledCage;
