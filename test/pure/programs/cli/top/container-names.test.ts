import { containerName } from '../../../../../lib/programs/cli/commands/top/reader';

describe('the name of a container', () => {
  const LATER = 10_000;
  const lookedUp = (name: string | null) => ({ containerName: jest.fn(() => name) });

  test('is looked up once', () => {
    const cgroup = lookedUp('web');
    const first = containerName(cgroup, undefined, 0);
    expect(containerName(cgroup, first, LATER)).toBe(first);
    expect(first.name).toBe('web');
    expect(cgroup.containerName).toHaveBeenCalledTimes(1);
  });

  test('that is not known yet is looked up again, but not for each sample', () => {
    const unknown = containerName(lookedUp(null), undefined, 0);
    const cgroup = lookedUp('web');
    expect(containerName(cgroup, unknown, LATER - 1)).toBe(unknown);
    expect(cgroup.containerName).not.toHaveBeenCalled();
    expect(containerName(cgroup, unknown, LATER)).toEqual({ name: 'web', atMs: LATER });
  });
});
