import type { NodeHeapSetting } from '../../process/node-heap';
import type { ChildSettings } from '../../process/settings/child-settings';
import type { ChildDefaults } from '../child-defaults';
import { PolledCage, type PolledCageOptions } from './polled-cage';

/** A polled cage for many children. Each has a group of its own too, which measures it and finds what it leaves. */
export abstract class SharedPolledCage extends PolledCage {
  /** @internal */
  readonly nodeHeap: NodeHeapSetting;
  /** @internal */
  readonly settings: ChildSettings;

  /** @internal Use `createCage()`. */
  constructor(options: Omit<PolledCageOptions, 'outlivesOwner'>, { nodeHeap, settings }: ChildDefaults) {
    super({ ...options, outlivesOwner: false });
    this.nodeHeap = nodeHeap;
    this.settings = settings;
  }
}
