import type * as Memcage from 'memcage';
import { version } from './cgroup-tree';

/** Loads memcage as on a host that has only some of the hierarchies. */
export function memcageWithout(missing: Record<string, null>): typeof Memcage {
  let library: typeof Memcage | undefined;
  jest.isolateModules(() => {
    jest.doMock('../../../lib/cgroup/hierarchy/host', () => {
      const actual = jest.requireActual<Record<string, unknown> & { host(): object }>(
        '../../../lib/cgroup/hierarchy/host',
      );
      return { ...actual, host: () => ({ ...actual.host(), ...missing }) };
    });
    library = jest.requireActual<typeof Memcage>('../../../lib');
  });
  jest.dontMock('../../../lib/cgroup/hierarchy/host');
  return library as typeof Memcage;
}

/** How the kernel can stop the processes of a cage all at once: a name, what the host lacks, the kill cgroup's hierarchy. */
export const KILL_MEANS =
  version === 2
    ? ([['cgroup.kill', {}, undefined]] as const)
    : ([
        ['the unified hierarchy as kill cgroup', {}, 'unified'],
        ['the freezer of v1 as kill cgroup', { unified: null }, 'freezer'],
        ['neither', { unified: null, freezer: null }, undefined],
      ] as const);
