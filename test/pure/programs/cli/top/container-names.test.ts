import { ContainerNames } from '../../../../../lib/programs/cli/commands/top/container-names';

const ID = '3b9f1c64d7a258e0c1f4a6b8d2e97053c8a1f6e4b7d09325ae4c8f1b6d3e7a90';
const container = { kind: 'docker', shortId: ID.slice(0, 12) } as const;

describe('names of containers', () => {
  let now = 0;
  let name: string | undefined;
  const containerName = jest.fn(() => name);
  const cgroup = { path: `/cg/docker/${ID}`, containerName };
  let names: ContainerNames;
  const sample = (): string => {
    const found = names.of(cgroup, container);
    names.endSample();
    return found;
  };
  beforeEach(() => {
    now = 0;
    containerName.mockClear();
    names = new ContainerNames(() => now);
  });

  test('are looked up once', () => {
    name = 'web';
    expect([sample(), sample(), sample()]).toEqual(['docker:web', 'docker:web', 'docker:web']);
    expect(containerName).toHaveBeenCalledTimes(1);
  });

  test('that are not known yet are looked up again, but not for each sample', () => {
    name = undefined;
    expect([sample(), sample()]).toEqual(['docker:3b9f1c64d7a2', 'docker:3b9f1c64d7a2']);
    name = 'web';
    expect(sample()).toBe('docker:3b9f1c64d7a2');
    now = 10_000;
    expect(sample()).toBe('docker:web');
    expect(containerName).toHaveBeenCalledTimes(2);
  });

  test('are forgotten with the container', () => {
    name = 'web';
    sample();
    names.endSample();
    sample();
    expect(containerName).toHaveBeenCalledTimes(2);
  });
});
