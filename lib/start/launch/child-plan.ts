import type { NativeBinding, RootPlan } from '../../../types/native';
import { hasInit, hasPidNamespace, type NamespacePlan, planNamespaces } from '../../process/namespaces/namespaces';
import { planRoot } from '../../process/root/root';
import { planSettings, type SettingsPlan } from '../../process/settings/child-settings';
import { refuseSettings } from '../refusals/foreseen-refusal';
import type { StartRequest } from '../request/start-request';

/**
 * What a child does to itself before it becomes its program, as data. The addon's clone takes it (`types/native.d.ts`), and the
 * launcher as arguments (`lib/process/launcher/arguments.ts`).
 */
export interface ChildPlan {
  namespaces: NamespacePlan;
  root: RootPlan | undefined;
  /** The settings of the program, not of an init. */
  settings: SettingsPlan;
  /** Whether an init runs between the PID namespace and the program. */
  init: boolean;
}

/**
 * @param cwd of a child with a root of its own: inside
 * @throws as `spawn` for settings and directories that this machine can't have; nothing has been made
 */
export function planChild(
  native: NativeBinding,
  { namespaces, root, settings }: StartRequest,
  cwd: string | undefined,
): ChildPlan {
  refuseSettings(settings, namespaces);
  return {
    namespaces: planNamespaces(namespaces, native, { hasRoot: root !== undefined }),
    root: planRoot(root, { cwd, hasPidNamespace: hasPidNamespace(namespaces) }),
    settings: planSettings(settings),
    init: hasInit(namespaces),
  };
}
