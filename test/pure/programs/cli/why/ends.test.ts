import type { KilledProcess } from '../../../../../lib/cage/oom/kill-log';
import { allEnds, type Evidence, endsOf, killedWith } from '../../../../../lib/programs/cli/commands/why/ends';
import { noteWith } from '../../../../support/noted';
import { testRows } from '../../../../support/rows';

const S = 1_000_000;
const NOW = 1000 * S;

function kill(timeS: number, known: Partial<KilledProcess> = {}): KilledProcess {
  const report = { victimCgroup: '/a', limitCgroup: '/a', limitBytes: 1 };
  return { pid: 71, name: 'node', timeUs: timeS * S, anonBytes: 1, report, ...known };
}

function evidence(known: Partial<Evidence>): Evidence {
  return { notes: [], log: undefined, trouble: undefined, nowUs: NOW, ...known };
}

const noted = (timeS: number, memory: boolean | null) =>
  noteWith({ endedUs: timeS * S, memory, by: memory === true ? 'kernel' : null });
const log = (sinceS: number, ...kills: KilledProcess[]) => ({ kills, sinceUs: sinceS * S, lastUs: 0 });
/** As a sweep or the command itself finds an owner that is dead. */
const left = (timeS: number) => noteWith({ what: 'owner', by: 'sweep', startedUs: timeS * S, endedUs: NOW });

testRows<[string, Partial<Evidence>, (boolean | null)[]]>(
  'whether memory ended the process, the newest of its pid first',
  [
    ['nothing is known', {}, []],
    ['the note knows', { notes: [noted(900, true)] }, [true]],
    ['the note knows that it was not', { notes: [noted(900, false)] }, [false]],
    ['the note does not know, nor does a log that can not be read', { notes: [noted(900, null)] }, [null]],
    ['the log has its kill', { notes: [noted(900, null)], log: log(0, kill(899.9)) }, [true]],
    ['the log has all, and no kill', { notes: [noted(900, null)], log: log(0) }, [false]],
    ['the log has all since long before', { notes: [noted(900, null)], log: log(800) }, [false]],
    [
      'the log begins just before it may have been dying, and was just written to',
      { notes: [noted(900, null)], log: { ...log(889.9), lastUs: NOW } },
      [false],
    ],
    ['the log begins after it', { notes: [noted(900, null)], log: log(950) }, [null]],
    ['the log begins while it may have been dying', { notes: [noted(900, null)], log: log(899) }, [null]],
    [
      'it was alive to the last, and the log begins just before that',
      { notes: [noteWith({ startedUs: 900 * S, endedUs: 900 * S })], log: log(899) },
      [false],
    ],
    [
      'a kill of the same pid, long before: of another process',
      { notes: [noted(900, null)], log: log(0, kill(500)) },
      [false, true],
    ],
    [
      'a kill before it started',
      { notes: [noteWith({ startedUs: 899 * S, endedUs: 900 * S })], log: log(0, kill(895)) },
      [false, true],
    ],
    ['a kill after it: of another process', { notes: [noted(900, false)], log: log(0, kill(950)) }, [true, false]],
    [
      'a note that it was not, and a kill of the same pid long before',
      { notes: [noted(900, false)], log: log(0, kill(400)) },
      [false, true],
    ],
    ['a guess, and no log', { notes: [noteWith({ endedUs: 900 * S, memory: true })] }, [true]],
    [
      'a guess, and a log without such a kill',
      { notes: [noteWith({ endedUs: 900 * S, memory: true })], log: log(0) },
      [false],
    ],
    ['the log is believed before a note', { notes: [noted(900, false)], log: log(0, kill(899.9)) }, [true]],
    ['only the log knows it', { log: log(0, kill(900)) }, [true]],
    ['a kill of another pid', { log: log(0, kill(900, { pid: 72 })) }, []],
    ['it has left its cages, and the log has no kill', { notes: [left(900)], log: log(0) }, [false]],
    ['it has left its cages, and the log begins later', { notes: [left(900)], log: log(950) }, [null]],
    ['it has left its cages, and was killed for memory then', { notes: [left(900)], log: log(0, kill(901)) }, [true]],
    [
      'it has left its cages, and another was killed for memory before',
      { notes: [left(900)], log: log(0, kill(700)) },
      [false, true],
    ],
    ['it has left its cages, and had told of its end', { notes: [left(900), noted(950, true)] }, [true]],
    [
      'memory was perhaps refused, which kills nobody',
      { notes: [noteWith({ cause: 'refused' })], log: log(0) },
      [null],
    ],
    ['two notes of one end', { notes: [noted(900.5, null), noted(900, false)] }, [false]],
    ['a note and a kill that is in no log any more', { notes: [noted(900, true)], log: log(950) }, [true]],
  ],
  ([, known, expected]) => expect(endsOf(allEnds(evidence(known)), '71').map(({ memory }) => memory)).toEqual(expected),
);

test('a process is found by its name, the name of its cage, and its path', () => {
  const notes = [noteWith({ name: 'a', cgroup: '/x/memcage-70-ab/1', endedUs: NOW })];
  const ends = allEnds(evidence({ notes, log: log(0, kill(1, { name: 'b', report: undefined })) }));
  const found = (what: string) => endsOf(ends, what).map(({ name }) => name);
  expect(['a', 'memcage-70-ab', '/x/memcage-70-ab/1', 'b', 'c'].map(found)).toEqual([['a'], ['a'], ['a'], ['b'], []]);
});

test('kills in a cage are told once, beside what is known of the processes in it', () => {
  const cage = noteWith({ what: 'cage', pid: null, memory: true, cgroup: '/a', kills: 2, endedUs: NOW });
  const member = noteWith({ what: 'member', memory: false, cgroup: '/a', endedUs: NOW });
  const ends = endsOf(allEnds(evidence({ notes: [cage, member, cage] })), '/a');
  expect(ends.map(({ pid, memory }) => [pid, memory])).toEqual([
    [null, true],
    [71, false],
  ]);
});

test('what was killed with it is what was killed for the same limit at the same time', () => {
  const kills = [
    kill(900),
    kill(900.1, { pid: 72, name: 'with' }),
    kill(900.1, { pid: 73, report: { victimCgroup: '/b', limitCgroup: '/b', limitBytes: 1 } }),
    kill(800, { pid: 74 }),
  ];
  const [end] = endsOf(allEnds(evidence({ log: log(0, ...kills) })), '71');
  expect(end && killedWith(end, log(0, ...kills)).map(({ name }) => name)).toEqual(['with']);
});

test('nothing is told of what was killed with it, if the kernel has left out its reports', () => {
  const kills = [kill(900, { report: undefined }), kill(900, { pid: 72, report: undefined })];
  const [end] = endsOf(allEnds(evidence({ log: log(0, ...kills) })), '71');
  expect(end && killedWith(end, log(0, ...kills))).toEqual([]);
});
