import { MEMORY_FILES, type MemoryFile, memoryFile, parseMemoryFile } from '../../../lib/cgroup/interface-files';
import { kernelText } from '../../support/kernel-text';
import { thrown } from '../../support/thrown';

const names = Object.keys(MEMORY_FILES) as MemoryFile[];

describe('the table', () => {
  it.each(names)('%s is there in one version at least', (name) => {
    expect(Object.keys(MEMORY_FILES[name]).length).toBeGreaterThan(0);
  });

  it('has no file of the wrong version', () => {
    const v1Only = /_in_bytes$|memsw|failcnt|swappiness|oom_control|force_empty/;
    for (const files of Object.values(MEMORY_FILES)) {
      if ('v2' in files) expect(files.v2.file).not.toMatch(v1Only);
      if ('v1' in files && files.v1.file !== 'memory.stat') expect(files.v1.file).toMatch(v1Only);
    }
  });
});

describe('memoryFile', () => {
  it('gives the file of the version', () => {
    expect(memoryFile('max', 1)).toMatchObject({ file: 'memory.limit_in_bytes', unit: 'bytes', access: 'read-write' });
    expect(memoryFile('max', 2)).toMatchObject({ file: 'memory.max' });
  });

  it('says which version has it', () => {
    expect(thrown(() => memoryFile('low', 1, 'memory.low'))).toMatchObject({
      code: 'ERR_MEMCAGE_NOT_IN_VERSION',
      message: 'memory.low needs cgroup v2 (memory.low), but memory is on cgroup v1 here',
    });
    expect(() => memoryFile('soft', 2)).toThrow(
      'soft needs cgroup v1 (memory.soft_limit_in_bytes), but memory is on cgroup v2 here',
    );
  });
});

describe('parseMemoryFile', () => {
  it('reads each format', () => {
    const limit: number = parseMemoryFile('max', 1, kernelText('v1/memory.limit_in_bytes'));
    const events: Record<string, number> = parseMemoryFile('events', 2, kernelText('v2/memory.events'));

    expect(limit).toBe(Number.POSITIVE_INFINITY);
    expect(events).toMatchObject({ oom_kill: 1 });
    expect(parseMemoryFile('oomKill', 1, kernelText('v1/memory.oom_control')).oomKills).toBe(0);
    expect(parseMemoryFile('pressure', 2, kernelText('v2/memory.pressure')).some.avg10).toBe(1.84);
  });

  it('names the file in its errors', () => {
    expect(() => parseMemoryFile('usage', 1, 'x\n')).toThrow(/memory\.usage_in_bytes/);
  });

  it('refuses to read what is only written', () => {
    expect(thrown(() => parseMemoryFile('reclaim', 2, ''))).toMatchObject({ code: 'ERR_MEMCAGE_UNSUPPORTED' });
  });
});
