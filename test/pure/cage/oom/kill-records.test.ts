import * as fc from 'fast-check';
import { KillParser, parseDeath } from '../../../../lib/cage/oom/kill-records';
import { isWithin } from '../../../../lib/common/text/names';
import { testRows } from '../../../support/rows';

/** A record of /dev/kmsg as the kernel writes it, at level "info". */
function record(text: string, priority = 6): string {
  return `${priority},2114,22183770473,-;${text}\n`;
}

function report(limit: string, cgroup: string, name = 'dd', pid = 29902): string {
  return record(
    `oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=${limit},task_memcg=${cgroup},task=${name},pid=${pid},uid=0`,
  );
}

/** What the kernel says in a record. */
function textOf(of: string): string {
  return of.slice(of.indexOf(';') + 1).trimEnd();
}

function killed(pid: number, name = 'sh'): string {
  return record(
    `Memory cgroup out of memory: Killed process ${pid} (${name}) total-vm:33780kB, anon-rss:8832kB, file-rss:1932kB, shmem-rss:0kB, UID:0 pgtables:76kB oom_score_adj:0`,
    3,
  );
}

const REPORTED = [report('/a', '/a', 'sh', 1), killed(1)];
const GROUP = record('Tasks in /a are going to be killed due to memory.oom.group set');

testRows<[string, string[], number]>(
  'how many of the last kills are known by their cgroup',
  [
    ['none that there is no report of', [...REPORTED, killed(2)], 0],
    ['those since', [killed(2), ...REPORTED, ...REPORTED], 2],
    ['none before its own line', [report('/a', '/a', 'sh', 1)], 0],
    ['none that comes after it with the same pid', [...REPORTED, killed(1)], 0],
    ['none whose report is another', [report('/a', '/a', 'sh', 1), killed(2)], 0],
    ['none whose report can be read in two ways', [report('/a/x,task_memcg=/b', '/a', 'sh', 1), killed(1)], 0],
    ['the first of a group, twice', [...REPORTED, GROUP, killed(1)], 2],
    ['no other of a group, since nothing tells of its end', [...REPORTED, GROUP, killed(1), killed(2)], 0],
    ['no group whose report is missing', [...REPORTED, killed(2), GROUP, killed(2)], 0],
    [
      "the machine's",
      [
        record(
          'oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/a,task=x,pid=7,uid=0',
        ),
        record('Out of memory: Killed process 7 (x) total-vm:4kB, anon-rss:0kB'),
        record('Out of memory (oom_kill_allocating_task): Killed process 8 (x) total-vm:4kB, anon-rss:0kB'),
        ...REPORTED,
      ],
      1,
    ],
    ['not what a program says', [...REPORTED, killed(2).replace('3,', '11,')], 1],
  ],
  ([, records, expected]) => {
    const parser = new KillParser();
    for (const each of records) parser.parse(each);
    expect(parser.reported).toBe(expected);
    parser.startAnew();
    expect(parser.reported).toBe(0);
  },
);

function parse(records: readonly string[]): unknown[] {
  const parser = new KillParser();
  const kills = records.flatMap((each) => parser.parse(each) ?? []);
  return kills.map(({ anonBytes: _, timeUs: __, limitBytes: ___, ...kill }) => kill);
}

test('the limit of a cgroup comes in front of the report', () => {
  const parser = new KillParser();
  const usage = (limit: string) => record(`memory: usage 10240kB, limit ${limit}kB, failcnt 37`);
  const limits = [
    usage('10240'),
    usage('9007199254740988'),
    usage(String(2 ** 52)),
    '',
    record(`x ${textOf(usage('1'))}`),
  ].map((before) => {
    parser.parse(before);
    return parser.parse(report('/a', '/a'))?.limitBytes;
  });
  expect(limits).toEqual([10 * 1024 * 1024, null, null, null, null]);
});

test('when a victim was killed is in the head of its record', () => {
  expect(parseDeath(killed(1))).toMatchObject({ timeUs: 22_183_770_473, victim: { pid: 1, name: 'sh' } });
});

test('how large a victim was comes after who it was', () => {
  const parser = new KillParser();
  const first = parser.parse(report('/a', '/a', 'sh', 1));
  expect(first).not.toHaveProperty('anonBytes');
  parser.parse(killed(1));
  expect(first).toMatchObject({ victim: { pid: 1 }, anonBytes: 8832 * 1024 });
  parser.parse(GROUP);
  const misleading = killed(2, ') total-vm:1kB,').replace('anon-rss:8832kB', 'anon-rss:12kB');
  expect(parser.parse(misleading)).toMatchObject({ victim: { pid: 2, name: ') total-vm:1kB,' }, anonBytes: 12 * 1024 });
});

const kill = (limitCgroup: string | null, victimCgroup: string, name = 'dd', pid = 29902) => ({
  victim: { pid, name },
  victimCgroup,
  limitCgroup,
});

testRows<[string, string[], unknown[]]>(
  'the kills in the log',
  [
    ['a limit', [report('/a', '/a/b'), killed(29902, 'dd')], [kill('/a', '/a/b')]],
    [
      'the machine',
      [
        record(
          'oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/a,task=x y,pid=7,uid=1000',
        ),
      ],
      [kill(null, '/a', 'x y', 7)],
    ],
    ['lines of details', [`${report('/a', '/a').trimEnd()}\n SUBSYSTEM=none\n DEVICE=x\n`], [kill('/a', '/a')]],
    ['a name with commas and signs', [report('/a', '/a', ',pid=1,uid=0')], [kill('/a', '/a', ',pid=1,uid=0')]],
    ['bytes that are no ASCII', [report('/a\\xc3\\xa9', '/a\\xc3\\xa9', 'x\\x5cy')], [kill('/aé', '/aé', 'x\\y')]],
    ['another record', [record('oom_kill_process: 59 callbacks suppressed'), record('')], []],
    ['a kill without a report, of whom it is not known where he was', [killed(3)], []],
    ['what a program has written to the log', [report('/a', '/a').replace('6,', '14,')], []],
    ['a cgroup whose name is a forgery', [report('/a/x,task_memcg=/b', '/a/x,task_memcg=/b')], []],
    ['a process whose name is one', [report('/a', '/a', ',task_memcg=/b')], []],
    ['a record without a line end', [report('/a', '/a').trimEnd()], [kill('/a', '/a')]],
    ['a record that has no head', [report('/a', '/a').slice('6,2114,22183770473,-;'.length)], []],
    ['a cgroup whose name has the field of the limit', [report('/b,oom_memcg=/a', '/a/b')], []],
    ['what only contains a report', [record(`x ${textOf(report('/a', '/a'))}`)], []],
    ['a report that goes on', [record(`${textOf(report('/a', '/a'))} and more`)], []],
    ['a process whose name may begin earlier', [report('/a', '/a', ',task=x')], []],
    ['a cgroup whose name may end later', [report('/a', '/a,task=x')], []],
    ['a limit that may be none', [report('/a,global_oom', '/a')], []],
    ['names of several lines', [report('/a\\x0ab', '/a\\x0ab', 'x\\x0ay')], [kill('/a\nb', '/a\nb', 'x\ny')]],
    ['garbage', ['', ';', '6', '6,;', 'x;oom-kill:constraint=', record('oom-kill:constraint=CONSTRAINT_MEMCG,')], []],
    [
      'a whole group',
      [
        report('/a', '/a/b', 'sh', 1),
        killed(1),
        record('Tasks in /a are going to be killed due to memory.oom.group set'),
        killed(1),
        killed(2),
        killed(3, 'x (y)'),
        report('/c', '/c', 'z', 4),
        killed(4, 'z'),
      ],
      [kill('/a', '/a/b', 'sh', 1), kill('/a', '/a', 'sh', 2), kill('/a', '/a', 'x (y)', 3), kill('/c', '/c', 'z', 4)],
    ],
    [
      'a group, its first victim among the others',
      [report('/a', '/a/b', 'sh', 1), killed(1), GROUP, killed(29_902), killed(1)],
      [kill('/a', '/a/b', 'sh', 1), kill('/a', '/a', 'sh')],
    ],
    [
      'a group after a kill without a report',
      [report('/a', '/a', 'sh', 1), killed(1), killed(2), GROUP, killed(2), killed(3)],
      [kill('/a', '/a', 'sh', 1)],
    ],
    [
      'what only begins like the line of a group',
      [report('/a', '/a', 'sh', 1), killed(1), record(`${textOf(GROUP)} aside`), killed(2)],
      [kill('/a', '/a', 'sh', 1)],
    ],
    [
      'a group after another, whose line is cut',
      [report('/a', '/a', 'sh', 1), killed(1), GROUP, killed(2), record('Tasks in /b are going'), killed(3)],
      [kill('/a', '/a', 'sh', 1), kill('/a', '/a', 'sh', 2)],
    ],
    [
      'what only contains the line of a victim',
      [report('/a', '/a', 'sh', 1), killed(1), GROUP, record(`x ${textOf(killed(2))}`)],
      [kill('/a', '/a', 'sh', 1)],
    ],
    [
      'a group whose report is missing',
      [report('/c', '/c', 'z', 4), record('Tasks in /a are going to be killed due to memory.oom.group set'), killed(2)],
      [kill('/c', '/c', 'z', 4)],
    ],
  ],
  ([, records, expected]) => expect(parse(records)).toEqual(expected),
);

test('which cgroups are within another', () => {
  expect(isWithin('/a', '/a')).toBe(true);
  expect(isWithin('/a/b', '/a')).toBe(true);
  expect(isWithin('/ab', '/a')).toBe(false);
  expect(isWithin('/a', '/a/b')).toBe(false);
  expect(isWithin('/a', '/')).toBe(true);
  expect(isWithin('/', '/')).toBe(true);
});

/** As the kernel writes text to its log: bytes that are not printable ASCII, and backslashes, as \xNN. */
function escaped(text: string): string {
  return Array.from(Buffer.from(text), (byte) =>
    byte < 32 || byte > 126 || byte === 0x5c ? `\\x${byte.toString(16).padStart(2, '0')}` : String.fromCharCode(byte),
  ).join('');
}

describe('names that anyone may choose', () => {
  const PIECES = [
    ...['a', '/', ' ', ',', '=', ')', '(', '\n', '\\', '\\x2c', 'é', ',task=', ',task_memcg=/b', ',oom_memcg=/b'],
    ...[
      ',global_oom',
      ',pid=1',
      ',uid=0',
      'oom-kill:constraint=X,',
      'Memory cgroup out of memory: Killed process 9 (x)',
    ],
    ...[' total-vm:', ' are going to be killed due to memory.oom.group set', 'Tasks in /b', ';', '\x1b'],
  ];
  const pieces = (maxLength: number) =>
    fc.array(fc.constantFrom(...PIECES), { maxLength }).map((chosen) => chosen.join(''));
  const cgroup = pieces(5).map((path) => `/${path}`);
  /** The kernel keeps 15 bytes of a program's name, cut anywhere. */
  const comm = fc.oneof(pieces(4), fc.string()).map((name) => Buffer.from(name).subarray(0, 15).toString('latin1'));
  const pid = fc.integer({ min: 2, max: 4_194_304 });
  const told = fc.record({ limit: fc.option(cgroup), victim: cgroup, name: comm, pid, group: fc.boolean() });

  test('make no record say what is not so', () => {
    fc.assert(
      fc.property(fc.array(told, { maxLength: 4 }), (kills) => {
        const records = kills.flatMap(({ limit, victim, name, pid: id, group }) => {
          const of = limit === null ? 'global_oom' : `oom_memcg=${escaped(limit)}`;
          const place = 'oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0';
          return [
            record(`${place},${of},task_memcg=${escaped(victim)},task=${escaped(name)},pid=${id},uid=0`),
            killed(id, escaped(name)),
            ...(group
              ? [record(`Tasks in ${escaped(victim)} are going to be killed due to memory.oom.group set`)]
              : []),
            ...(group ? [killed(id, escaped(name)), killed(1, escaped(name))] : []),
          ];
        });
        const truth = kills.flatMap(({ limit, victim, name, pid: id, group }) => [
          kill(limit, victim, name, id),
          ...(group ? [kill(limit, victim, name, 1)] : []),
        ]);
        // What can be read in two ways is left out.
        for (const found of parse(records)) expect(truth).toContainEqual(found);
      }),
    );
  });

  test('that have none of the words of a record hide nothing', () => {
    const plain = fc.stringMatching(/^[a-z0-9 .:()\\-]{0,12}$/);
    fc.assert(
      fc.property(plain, plain, plain, pid, (limit, victim, name, id) => {
        const found = parse([report(escaped(`/${limit}`), escaped(`/${victim}`), escaped(name), id), killed(id)]);
        expect(found).toEqual([kill(`/${limit}`, `/${victim}`, name, id)]);
      }),
    );
  });
});
