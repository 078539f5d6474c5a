import { MemcageError } from '../../../../lib/common/errors/errors';
import { type NotedChild, notesOf } from '../../../../lib/start/child/note-end';
import type { OomVerdict, StallVerdict } from '../../../../types/outcome';
import { testRows } from '../../../support/rows';

const CHILD: NotedChild = {
  pid: 71,
  file: '/bin/node',
  signal: 'SIGKILL',
  wasKilled: false,
  isNamed: true,
  startNs: 1000,
  timeNs: 2000,
  cgroup: '/a',
};
const OUTCOME = { exitCode: null, oom: null, memory: null, stalled: null, error: null };
const NODE = { pid: 71, name: 'node' };
const DD = { pid: 72, name: 'dd' };
const oom = (kills: number, victims: OomVerdict['victims'], cause: OomVerdict['cause'] = 'limit'): OomVerdict => ({
  message: '',
  cause,
  kills,
  limitBytes: 1,
  path: '/a',
  victims,
});
const timeout = new MemcageError('ERR_MEMCAGE_TIMEOUT', '');
const stalled = {} as StallVerdict;

testRows<[string, Partial<NotedChild>, Partial<typeof OUTCOME> | object, [boolean | null, string | null]]>(
  'whether memory ended a child, and who did',
  [
    ['a victim', {}, { oom: oom(1, [NODE]) }, [true, 'kernel']],
    ['a victim that nobody has named', { isNamed: false }, { oom: oom(1, [NODE]) }, [true, null]],
    ['SIGKILL, and the kernel has killed nothing', {}, {}, [false, null]],
    ['its owner killed it', { wasKilled: true }, {}, [false, 'owner']],
    [
      'its owner killed it, and another was a victim before',
      { wasKilled: true },
      { oom: oom(1, [DD]) },
      [false, 'owner'],
    ],
    ['its owner killed it, and nobody knows the victim', { wasKilled: true }, { oom: oom(1, null) }, [null, 'owner']],
    ['SIGKILL, and all victims are others', {}, { oom: oom(1, [DD]) }, [false, null]],
    ['SIGKILL, and not all victims are known', {}, { oom: oom(2, [DD]) }, [null, null]],
    ['its timeout', { wasKilled: true }, { error: timeout }, [false, 'timeout']],
    ['a stall', { wasKilled: true }, { stalled }, [false, 'stall']],
    ['its report could not be read', {}, { error: new Error('EMFILE') }, [null, null]],
    ['a polled limit', { wasKilled: true }, { oom: oom(1, null, 'polled') }, [true, 'kernel']],
    ['it was perhaps refused memory', { signal: 'SIGABRT' }, { oom: oom(0, null, 'refused') }, [null, null]],
    ['another signal', { signal: 'SIGTERM' }, {}, [false, null]],
    ['it failed since another was killed', { signal: null }, { exitCode: 1, oom: oom(1, [DD]) }, [false, 'itself']],
  ],
  ([, child, outcome, expected]) => {
    const [note] = notesOf({ ...CHILD, ...child }, { ...OUTCOME, ...outcome });
    expect([note?.memory, note?.by]).toEqual(expected);
  },
);

test('those that were killed for memory with it have notes of their own', () => {
  const notes = notesOf(CHILD, { ...OUTCOME, oom: oom(2, [DD, NODE]) });
  expect(notes.map(({ pid, name, memory, limitPath }) => ({ pid, name, memory, limitPath }))).toEqual([
    { pid: 71, name: 'node', memory: true, limitPath: '/a' },
    { pid: 72, name: 'dd', memory: true, limitPath: '/a' },
  ]);
});
