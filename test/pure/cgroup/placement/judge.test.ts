import { type Caller, type Judgement, judge } from '../../../../lib/cgroup/placement/judge';
import type { ParentFacts } from '../../../../lib/cgroup/placement/parent-facts';
import { testRows } from '../../../support/rows';

const ROOT = '/sys/fs/cgroup';
const USER = `${ROOT}/user.slice/user-1000.slice/user@1000.service`;

function place(path: string, facts: Partial<ParentFacts> = {}): ParentFacts {
  return {
    path,
    uid: 1000,
    readOnly: false,
    unwritable: [],
    isMarked: false,
    type: 'domain',
    controllers: ['memory', 'pids'],
    enabled: [],
    pids: [],
    limits: [],
    errors: [],
    ...facts,
  };
}

function caller(facts: Partial<Caller> = {}): Caller {
  return {
    euid: 1000,
    systemd: true,
    namespaceRoot: undefined,
    hierarchyRoot: ROOT,
    isEntryPoint: false,
    isOurs: (pid) => pid === 42 || pid === 43,
    ...facts,
  };
}

const root: Partial<Caller> = { euid: 0 };
const ready: Judgement = { move: [], enable: false };

function refusal(judgement: Judgement): string {
  return 'refusal' in judgement ? judgement.refusal : JSON.stringify(judgement);
}

describe('a delegated cgroup', () => {
  testRows(
    'can be used',
    [
      ['a marked unit', place(`${ROOT}/system.slice/job.service`, { uid: 0, isMarked: true }), root],
      ['a scope that memcage got', place(`${USER}/app.slice/memcage-7-0badcafe.scope`), {}],
      ['one that belongs to the user', place(`${ROOT}/jobs/mine`), { systemd: false }],
      [
        'the root of a cgroup namespace',
        place(ROOT, { uid: 0 }),
        { ...root, namespaceRoot: ROOT, hierarchyRoot: undefined },
      ],
      [
        'the root of the hierarchy, without a manager',
        place(ROOT, { uid: 0, type: undefined }),
        { ...root, systemd: false },
      ],
      ["root's own, without a manager", place(`${ROOT}/openrc.job`, { uid: 0 }), { ...root, systemd: false }],
      ['a private cage', place(`${ROOT}/system.slice/job.service/memcage-7-0badcafe/3`, { uid: 0 }), root],
      ['a leaf of a shared cage', place(`${ROOT}/x/memcage-7-0badcafe/3/leaf-12`, { uid: 0 }), root],
      ['a leaf with a limit of its own', place(`${ROOT}/x/memcage-7-0badcafe/3/limited-1`, { uid: 0 }), root],
      ['a private cage in a shared one', place(`${ROOT}/x/memcage-7-0badcafe/3/12`, { uid: 0 }), root],
      ['a leaf of a cage in another', place(`${ROOT}/x/memcage-7-0badcafe/3/4/leaf-1`, { uid: 0 }), root],
      ['the cage of a detached child', place(`${ROOT}/x/memcage-detached-7-0badcafe`, { uid: 0 }), root],
    ],
    ([, own, facts]) => {
      expect(judge({ ...own, enabled: ['memory'] }, [], caller(facts))).toEqual(ready);
      expect(judge(own, [], caller(facts))).toEqual({ move: [], enable: true });
    },
  );

  test('what was made room in before is still ours', () => {
    const above = place(`${ROOT}/openrc.job`, { uid: 0, enabled: ['memory'] });
    const leaf = place(`${above.path}/memcage-self-42-0badcafe`, { uid: 0, pids: [42] });
    expect(judge(above, [leaf], caller({ ...root, systemd: false }))).toEqual(ready);
    const other = place(`${above.path}/other`, { uid: 0, pids: [42] });
    expect(refusal(judge(above, [other], caller({ ...root, systemd: false })))).toMatch('was not delegated');
  });

  testRows(
    'can not be used where something is amiss',
    [
      ["a unit of systemd's", place(`${ROOT}/system.slice/job.service`, { uid: 0 }), root, 'without Delegate=yes'],
      ["a user's unit", place(`${USER}/app.slice/run-1.scope`), {}, 'without Delegate=yes'],
      ["another's", place(`${ROOT}/jobs`, { uid: 0 }), { systemd: false }, 'belongs to user 0'],
      ['the root of the hierarchy, with systemd', place(ROOT, { uid: 0 }), root, 'belongs to systemd'],
      ["another's, to root", place(`${ROOT}/jobs`, { uid: 0 }), root, 'user.delegate is missing'],
      [
        'one like a cage by half its name',
        place(`${ROOT}/memcage-7-0badcafe`, { uid: 0 }),
        root,
        'user.delegate is missing',
      ],
    ],
    ([, own, facts, reason]) => {
      expect(refusal(judge(own, [], caller(facts)))).toMatch(reason);
    },
  );

  test('what was left to a user manager is not ours', () => {
    const manager = place(USER, { isMarked: true, enabled: ['memory'] });
    const between = [place(`${USER}/app.slice/run-1.scope`), place(`${USER}/app.slice`)];
    expect(refusal(judge(manager, between, caller()))).toMatch(`${USER}/app.slice/run-1.scope is between`);
    // A delegated unit gives us only what is below it, and nothing above it.
    const delegated = [place(`${USER}/app.slice/run-1.scope`, { isMarked: true }), place(`${USER}/app.slice`)];
    expect(refusal(judge(manager, delegated, caller()))).toMatch(`${USER}/app.slice is between`);
  });
});

describe('what else must be so', () => {
  const mine = { systemd: false };

  testRows(
    'is told where it is not so',
    [
      ['writable', { unwritable: ['', 'cgroup.procs'] }, "the directory, cgroup.procs can't be written"],
      ['not read-only', { readOnly: true }, 'mounted read-only'],
      ['not threaded', { type: 'threaded' }, 'its cgroup.type is "threaded"'],
      ['with the memory controller', { controllers: ['cpu'] }, 'cgroup.controllers: cpu'],
      ['with any controller', { controllers: [] }, 'cgroup.controllers: none'],
    ],
    ([, facts, reason]) => {
      expect(refusal(judge(place(`${ROOT}/jobs`, facts), [], caller(mine)))).toMatch(reason);
    },
  );

  test('with a cure, the command that gives what is missing', () => {
    const jobs = place(`${ROOT}/jobs`, { unwritable: ['', 'cgroup.procs'] });
    expect(judge(jobs, [], caller(mine))).toMatchObject({
      cure: `let root run "chown 1000 ${jobs.path} ${jobs.path}/cgroup.procs"`,
    });
    const limited = place(`${ROOT}/jobs/one`, { limits: ['memory.max'] });
    expect(judge(place(`${ROOT}/jobs`), [limited], caller(mine))).toMatchObject({
      cure: `have ${limited.path}, or a cgroup below it, delegated to this process`,
    });
  });

  test('a cage is not free of a limit of its maker', () => {
    const above = place(`${ROOT}/jobs`, { enabled: ['memory'] });
    const limited = place(`${ROOT}/jobs/one`, { limits: ['memory.max'] });
    expect(refusal(judge(above, [limited], caller(mine)))).toMatch(
      'would be free of memory.max of /sys/fs/cgroup/jobs/one',
    );
    expect(judge(above, [place(`${ROOT}/jobs/one`)], caller(mine))).toEqual(ready);
    // Its own limit applies to everything below it.
    expect(judge({ ...limited, enabled: ['memory'] }, [], caller(mine))).toEqual(ready);
  });
});

describe('processes in it', () => {
  const mine = { systemd: false };

  test('are moved when they are ours', () => {
    expect(judge(place(`${ROOT}/jobs`, { pids: [42, 43] }), [], caller(mine))).toEqual({
      move: [42, 43],
      enable: true,
    });
  });

  testRows(
    'are not when others are among them',
    [
      [[42, 7], 'pid 7'],
      [[42, 0], 'of another PID namespace'],
      [[1, 2, 3, 4, 5, 6, 7], 'pid 1, 2, 3, 4, 5 ...'],
    ],
    ([pids, named]) => {
      expect(refusal(judge(place(`${ROOT}/jobs`, { pids }), [], caller(mine)))).toMatch(`(${named})`);
    },
  );

  test('are not moved out of a cgroup above', () => {
    const between = [place(`${ROOT}/jobs/one`)];
    expect(refusal(judge(place(`${ROOT}/jobs`, { pids: [43] }), between, caller(mine)))).toMatch(
      'it has processes other',
    );
  });

  test('do not matter in the root, nor where memory is enabled already', () => {
    const top = place(ROOT, { uid: 0, pids: [1, 2], type: undefined });
    expect(judge(top, [], caller({ ...root, systemd: false }))).toEqual({ move: [], enable: true });
    expect(judge({ ...top, enabled: ['memory'] }, [], caller({ ...root, systemd: false }))).toEqual(ready);
  });
});

describe('processes that an entry point finds beside it', () => {
  const first: Partial<Caller> = { ...root, isEntryPoint: true };
  const inContainer: Partial<Caller> = { ...first, namespaceRoot: ROOT, hierarchyRoot: undefined, systemd: false };
  const pids = [1, 7, 42];
  const container = place(ROOT, { uid: 0, pids });
  const unit = place(`${ROOT}/system.slice/job.service`, { uid: 0, isMarked: true, pids });

  test('are moved with it in a container, and in a delegated unit', () => {
    const all = { move: pids, enable: true, moveOthers: true };
    expect(judge(container, [], caller(inContainer))).toEqual(all);
    expect(judge(unit, [], caller(first))).toEqual(all);
  });

  test('are not moved by any other program, which is told of memcage init', () => {
    const cure = expect.stringContaining('memcage init -- COMMAND') as string;
    expect(judge(container, [], caller({ ...inContainer, isEntryPoint: false }))).toMatchObject({ cure });
    expect(judge(unit, [], caller(root))).toMatchObject({ cure });
  });

  testRows(
    'are not moved where they may be anybody',
    [
      ["root's own cgroup", place(`${ROOT}/openrc.job`, { uid: 0, pids }), { ...first, systemd: false }],
      ["the user's own cgroup", place(`${ROOT}/jobs/mine`, { pids }), { isEntryPoint: true, systemd: false }],
      ['a unit that is not delegated', place(`${ROOT}/system.slice/a.scope`, { uid: 0, pids }), first],
      ['the root of the machine, with systemd', place(ROOT, { uid: 0, pids, type: undefined }), first],
    ],
    ([, own, facts]) => {
      expect(judge(own, [], caller(facts))).toHaveProperty('refusal');
    },
  );

  test('are not moved when they have no number here', () => {
    expect(judge({ ...container, pids: [0, 42] }, [], caller(inContainer))).toMatchObject({
      refusal: expect.stringContaining('of another PID namespace') as string,
      cure: expect.stringContaining('in the PID namespace of these processes') as string,
    });
  });

  test('are not moved out of a cgroup above', () => {
    expect(judge(container, [place(`${ROOT}/own`)], caller(inContainer))).toHaveProperty('refusal');
  });
});
