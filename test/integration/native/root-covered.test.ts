import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { native, type RootPlan } from 'memcage/native';
import { cloneOptions, temporaryDirectory } from '../../support/native/native-child';
import { describeIf } from '../../support/require';
import { bind, inRoot, SYSTEM, tmpfs } from '../../support/roots/root-plan';
import { testRows } from '../../support/rows';

const { EBUSY } = constants.errno;

const RAN = { ran: true };
const covered = (stage: string, path: string): object => ({ stage, errno: -EBUSY, path });

describeIf(['root', 'mount-ids', 'root-read-only'], 'what a root has mounted', () => {
  let directory: string;
  beforeEach(() => {
    directory = temporaryDirectory();
    for (const name of ['proc', 'dev', 'job/below', 'above/job', ...SYSTEM.map(({ to }) => to)]) {
      mkdirSync(join(directory, name), { recursive: true });
    }
    for (const name of ['job', 'proc', 'dev']) symlinkSync(`/${name}`, join(directory, `to-${name}`));
    symlinkSync('../../job', join(directory, 'above/job/link'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const start = (root: Partial<RootPlan>): object => {
    const plan = {
      path: directory,
      proc: 'new',
      dev: true,
      ...root,
      mounts: [...SYSTEM, ...(root.mounts ?? [])],
    } as const;
    const result = native.clone(cloneOptions(inRoot(plan)));
    if ('stage' in result) return result;
    native.reap({ pidfd: result.pidfd });
    native.closeFd({ fd: result.pidfd });
    return RAN;
  };

  testRows<[Partial<RootPlan>, object]>(
    'is covered by nothing that a link leads there',
    [
      [{ mounts: [tmpfs('/job'), tmpfs('/to-job')] }, covered('root-target', '/job')],
      [{ mounts: [tmpfs('/to-job'), tmpfs('/job')] }, covered('root-target', '/to-job')],
      [{ mounts: [tmpfs('/job/below'), bind('/etc', '/above/job/link')] }, covered('root-target', '/job/below')],
      [{ mounts: [tmpfs('/to-proc')] }, covered('root-proc', '/proc')],
      [{ mounts: [bind('/etc', '/to-dev')] }, covered('root-dev', '/dev')],
      [{ hide: ['/to-proc'] }, covered('root-proc', '/proc')],
      [{ hide: ['/to-dev'] }, covered('root-dev', '/dev')],
      [{ mounts: [tmpfs('/job')], hide: ['/to-job'] }, covered('root-target', '/job')],
      [{ mounts: [tmpfs('/job/below')], hide: ['/to-job'] }, covered('root-target', '/job/below')],
    ],
    ([root, failure]) => expect(start(root)).toEqual(failure),
    { name: ([root]) => text(root) },
  );

  testRows<Partial<RootPlan>>(
    'is covered where that is asked for',
    [
      { mounts: [tmpfs('/to-job')] },
      { mounts: [tmpfs('/to-job'), tmpfs('/job/below/more', { create: true })] },
      { mounts: [tmpfs('/job')], hide: ['/job'] },
      { mounts: [tmpfs('/job'), tmpfs('/job/more', { create: true })], hide: ['/job'] },
      { mounts: [tmpfs('/to-job')], hide: ['/to-job', '/job'] },
      { mounts: [tmpfs('/dev/shm'), bind('/etc', '/dev/pts'), bind('/dev/full', '/dev/null')] },
      { mounts: [tmpfs('/job'), bind('/etc', '/job/etc', { create: true }), bind('/etc', '/above')] },
    ],
    (root) => expect(start(root)).toEqual(RAN),
    { name: text },
  );
});

function text({ mounts = [], hide = [] }: Partial<RootPlan>): string {
  return [...mounts.map(({ to }) => to), ...hide.map((path) => `hide ${path}`)].join(', ');
}
