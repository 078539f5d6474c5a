import type { ChildSettings } from '../child-settings/child-settings';
import type { NodeHeapSetting } from '../process/node-heap';

/** What the children of a shared cage get unless they have an option of their own. */
export interface ChildDefaults {
  nodeHeap: NodeHeapSetting;
  settings: ChildSettings;
}
