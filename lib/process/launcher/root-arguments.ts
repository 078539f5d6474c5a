import type { RootMount, RootPlan, TmpfsOptions } from '../../../types/native';

/** The arguments for a root directory. Those of one mount come together, its target last; the mounts in their order. */
export function rootArguments({
  path,
  empty,
  emptyOptions,
  readOnly,
  mounts,
  hide,
  proc,
  dev,
  cwd,
}: RootPlan): string[] {
  const start = empty ? [...tmpfsArguments(emptyOptions), '--root-empty'] : ['--root-own'];
  return [
    ...(path === null ? start : [`--root=${path}`]),
    ...(readOnly ? ['--root-read-only'] : []),
    ...(proc === 'keep' ? [] : [`--root-proc=${proc}`]),
    ...(dev ? ['--root-dev'] : []),
    ...mounts.flatMap(mountArguments),
    ...hide.map((hidden) => `--hide=${hidden}`),
    `--cwd=${cwd}`,
  ];
}

function mountArguments(mount: RootMount): string[] {
  const create = mount.create ? ['--create'] : [];
  if (mount.kind === 'tmpfs') return [...create, ...tmpfsArguments(mount), `--tmpfs=${mount.to}`];
  return [...create, `--bind-from=${mount.from}`, `--${mount.readOnly ? 'bind-read-only' : 'bind'}=${mount.to}`];
}

function tmpfsArguments(options: TmpfsOptions | undefined): string[] {
  if (options === undefined) return [];
  const { size, mode } = options;
  return [...(size === undefined ? [] : [`--tmpfs-size=${size}`]), `--tmpfs-mode=${mode}`];
}
