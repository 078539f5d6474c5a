import type { NodeHeapSetting } from '../process/node-heap';
import type { ChildSettings } from '../process/settings/child-settings';

/** What the children of a shared cage get unless they have an option of their own. */
export interface ChildDefaults {
  nodeHeap: NodeHeapSetting;
  settings: ChildSettings;
}
