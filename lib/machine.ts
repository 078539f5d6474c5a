/// <reference types="node" preserve="true" />
/**
 * What this machine has for cages, and which cages there are: of this thread, of other processes, and of dead ones.
 *
 * Stable, but for what is marked as experimental: see docs/reference/stability.md.
 *
 * @module memcage/machine
 */
export type * from '../types/diagnosis';
export { openCages } from './cage/open-cages';
export { type CageName, cageOf } from './cage/root/cage-of';
export { type CollectedCage, type CollectGarbageOptions, collectGarbage } from './cage/root/collect-garbage';
export { findCage } from './cage/root/find-cage';
export { type CageOwner, type ListedCage, listCages } from './cage/root/list-cages';
export { type BecomeInitOptions, becomeInit } from './start/api/become-init';
export { type DiagnoseOptions, diagnose } from './start/doctor/diagnose';
