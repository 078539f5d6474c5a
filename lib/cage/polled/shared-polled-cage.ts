import type { NodeHeapSetting } from '../../process/node-heap';
import { PolledCage, type PolledCageOptions } from './polled-cage';

/** A polled cage for many children. Each has a group of its own too, which measures it and finds what it leaves. */
export abstract class SharedPolledCage extends PolledCage {
  /** @internal For children that have no setting of their own. */
  readonly nodeHeap: NodeHeapSetting;

  /** @internal Use `createCage()`. */
  constructor(options: Omit<PolledCageOptions, 'outlivesOwner'>, nodeHeap: NodeHeapSetting) {
    super({ ...options, outlivesOwner: false });
    this.nodeHeap = nodeHeap;
  }
}
