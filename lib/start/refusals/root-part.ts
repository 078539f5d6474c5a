import type { Root } from '../../process/root/root';

/** The part of the option `root` that a step of the child was about. */
export interface RootPart {
  /** With the name of the option: `root.binds[1]: /data on /job`. */
  name: string;
  /** A path of this process's. */
  source: string | undefined;
  /** A path inside the root. */
  target: string;
  /** Where this process would find a path inside. */
  inRoot(path: string): string;
}

/** @param subject what the child was working on: a source, a target, or the root itself */
export function foundInRoot(root: Root | undefined, stage: string, subject: string): RootPart {
  const inRoot = (path: string): string => `${root?.path ?? ''}${path}`.replace(/^\/\//, '/');
  const whole = root?.path === undefined ? 'root' : `root.path: ${root.path}`;
  const part = (name: string, source: string | undefined, target: string): RootPart => ({
    name,
    source,
    target,
    inRoot,
  });
  if (stage === 'root' || stage === 'root-pivot') return part(whole, root?.path, '/');
  if (stage === 'root-dev' || stage === 'root-proc') return part(`${subject} of ${whole}`, undefined, subject);
  const hidden = stage === 'root-hide' ? root?.hide.find(({ path }) => path === subject) : undefined;
  if (hidden !== undefined) return part(`${hidden.option}: ${hidden.path}`, undefined, hidden.path);
  const found = root?.mounts.find(({ mount }) =>
    stage === 'root-source' ? mount.kind === 'bind' && mount.from === subject : mount.to === subject,
  );
  if (found === undefined) return part(whole, root?.path, '/');
  const { option, mount } = found;
  if (mount.kind === 'tmpfs') return part(`${option}: ${mount.to}`, undefined, mount.to);
  return part(`${option}: ${mount.from} on ${mount.to}`, mount.from, mount.to);
}
