import { ROLES } from '../../../../lib/cgroup/files/memory-roles';
import { type MemoryRole, memoryFile, parseMemoryFile } from '../../../../lib/cgroup/files/roles';
import { kernelText } from '../../../support/cgroups/kernel-text';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

describe('memoryFile', () => {
  testRows('knows each role in one version at least', Object.keys(ROLES) as MemoryRole[], (role) => {
    expect(Object.keys(ROLES[role]).length).toBeGreaterThan(0);
  });

  it('gives the file of the version', () => {
    expect(memoryFile('max', 1)).toBe('memory.limit_in_bytes');
    expect(memoryFile('max', 2)).toBe('memory.max');
  });

  it('says which version has it', () => {
    expect(thrown(() => memoryFile('low', 1, 'memory.low'))).toMatchObject({
      code: 'ERR_MEMCAGE_NOT_IN_VERSION',
      message:
        'memory.low needs cgroup v2 (memory.low), but memory is on cgroup v1 here. Cure: leave it out, or use memory.soft',
    });
    expect(thrown(() => memoryFile('high', 1, 'memory.high')).message).toMatch(/v1 here\. Cure: leave it out$/);
    expect(thrown(() => memoryFile('low', 1))).not.toHaveProperty('cure');
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
    expect(parseMemoryFile('oomGroup', 2, '1\n')).toBe(true);
  });

  it('names the file in its errors', () => {
    expect(() => parseMemoryFile('usage', 1, 'x\n')).toThrow(/memory\.usage_in_bytes/);
    expect(() => parseMemoryFile('oomGroup', 2, '2\n')).toThrow(/Expected 0 or 1 in memory\.oom\.group/);
  });

  it('refuses to read what is only written', () => {
    expect(thrown(() => parseMemoryFile('reclaim', 2, ''))).toMatchObject({ code: 'ERR_MEMCAGE_WRITE_ONLY' });
  });
});
