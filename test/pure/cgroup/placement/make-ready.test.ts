import type { Effect, EffectResult } from '../../../../lib/cgroup/placement/effects';
import { makeReady, undoAll, undoLasting } from '../../../../lib/cgroup/placement/make-ready';
import type * as FactsModule from '../../../../lib/cgroup/placement/parent-facts';
import { refusal } from '../../../support/cgroups/cgroups-in-memory';

const PATH = '/sys/fs/cgroup';

/** Pids by the path of their cgroup. */
let members: Map<string, number[]>;
/** What the cgroup's children have; somebody else may have enabled io. */
const enabled = ['cpu', 'io', 'memory', 'pids'];

jest.mock('../../../../lib/cgroup/placement/parent-facts', () => ({
  ...jest.requireActual<typeof FactsModule>('../../../../lib/cgroup/placement/parent-facts'),
  readPids: (path: string) => members.get(path) ?? [],
  hasChildren: () => false,
  readEnabled: () => enabled,
}));

type Answer = (effect: Effect) => void;

/** Carries out the steps as the kernel would: moves processes, and refuses a controller where some are. */
function drive(steps: Generator<Effect, void, EffectResult>, interfere: Answer = () => {}): Effect[] {
  const done: Effect[] = [];
  for (let step = steps.next(); step.done !== true; ) {
    const effect = step.value;
    done.push(effect);
    try {
      interfere(effect);
      carryOut(effect);
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next();
  }
  return done;
}

function carryOut(effect: Effect): void {
  if (effect.do === 'make-directory') members.set(effect.path, []);
  if (effect.do === 'remove-directory') members.delete(effect.path);
  if (effect.do !== 'write') return;
  const cgroup = effect.path.slice(0, effect.path.lastIndexOf('/'));
  if (effect.path.endsWith('/cgroup.procs')) move(Number(effect.value), cgroup);
  else if (effect.value === '+memory' && members.get(cgroup)?.length !== 0) throw refusal('EBUSY');
}

function move(pid: number, to: string): void {
  for (const [path, pids] of members)
    members.set(
      path,
      pids.filter((other) => other !== pid),
    );
  members.set(to, [...(members.get(to) ?? []), pid]);
}

const isOurs = (pid: number): boolean => pid === 42;
const everyone = { move: [1, 7, 42], moveOthers: true, enable: true } as const;
const kinds = (effects: readonly Effect[]): string[] => effects.map((effect) => effect.do);
const leaf = (): string | undefined => [...members.keys()].find((path) => path !== PATH);

beforeEach(() => {
  members = new Map([[PATH, [1, 7, 42]]]);
});

afterEach(() => {
  drive(undoAll());
  drive(undoLasting());
});

/** A process starts another one just before the controller is enabled, this often. */
function disturbed(times: number): Answer {
  let started = 0;
  return (effect) => {
    if (effect.do !== 'write' || effect.value !== '+memory' || started === times) return;
    started += 1;
    move(100 + started, PATH);
  };
}

test('all processes are moved, and no guardian hears of what lasts', () => {
  const effects = drive(makeReady(PATH, everyone, { isOurs, lasts: true }));
  expect(members.get(PATH)).toEqual([]);
  expect(members.get(leaf() ?? '')).toEqual([1, 7, 42]);
  expect(kinds(effects)).not.toContain('tell-guardian');
  // The end of this process undoes nothing of it.
  expect(drive(undoAll())).toEqual([]);
  expect(members.get(PATH)).toEqual([]);
});

test('what does not last is told to a guardian, and undone at the end', () => {
  members.set(PATH, [42]);
  const effects = drive(makeReady(PATH, { move: [42], enable: true }, { isOurs, lasts: false }));
  expect(kinds(effects)[0]).toBe('tell-guardian');
  expect(drive(undoLasting())).toEqual([]);
  drive(undoAll());
  expect([...members]).toEqual([[PATH, [42]]]);
});

test('processes that appear meanwhile are moved too', () => {
  drive(makeReady(PATH, everyone, { isOurs, lasts: true }), disturbed(10));
  expect(members.get(PATH)).toEqual([]);
  expect(members.get(leaf() ?? '')).toHaveLength(13);
});

test('one that is ending, and no longer listed, is waited for', () => {
  let refusals = 3;
  const effects = drive(makeReady(PATH, everyone, { isOurs, lasts: true }), (effect) => {
    if (effect.do !== 'write' || effect.value !== '+memory' || refusals === 0) return;
    refusals -= 1;
    throw refusal('EBUSY');
  });
  expect(effects.flatMap((effect) => (effect.do === 'pause' ? [effect.ms] : []))).toEqual([2, 4, 8]);
  expect(members.get(PATH)).toEqual([]);
});

/** Another memcage removes the leaf before anybody goes there, this often. */
function swept(times: number): Answer {
  let removed = 0;
  return (effect) => {
    if (effect.do !== 'write' || !effect.path.endsWith('/cgroup.procs') || effect.path.startsWith(`${PATH}/cgroup`))
      return;
    const path = effect.path.slice(0, effect.path.lastIndexOf('/'));
    if (removed < times) {
      removed += 1;
      members.delete(path);
    }
    if (!members.has(path)) throw refusal('ENOENT');
  };
}

test('a leaf that another memcage sweeps away, while nobody is in it, is made again', () => {
  const effects = drive(makeReady(PATH, everyone, { isOurs, lasts: true }), swept(3));
  expect(members.get(leaf() ?? '')).toEqual([1, 7, 42]);
  expect(kinds(effects).filter((kind) => kind === 'make-directory')).toHaveLength(4);
});

/** The name of the leaf that the guardian was told of is the one that it is to forget. */
function expectForgotten(effects: readonly Effect[]): void {
  const names = effects.flatMap((effect) => ('name' in effect ? [`${effect.do} ${effect.name}`] : []));
  const [told] = names;
  expect(told).toMatch(/^tell-guardian memcage-self-/);
  expect(names).toEqual([told, told?.replace('tell-guardian', 'forget-self')]);
}

test.each([
  ['is not made', 'make-directory', 'EAGAIN'],
  ['can not be entered', 'write', 'EACCES'],
  ['is swept away once more, and not made again', 'write', 'ENOENT'],
] as const)('the guardian forgets a leaf that %s', (_, kind, code) => {
  const effects: Effect[] = [];
  const refuse: Answer = (effect) => {
    effects.push(effect);
    if (effect.do === 'remove-directory' && code === 'ENOENT') throw refusal('ENOENT');
    if (effect.do === kind && !('path' in effect && effect.path.startsWith(`${PATH}/cgroup`))) throw refusal(code);
  };
  expect(() => drive(makeReady(PATH, { move: [42], enable: true }, { isOurs, lasts: false }), refuse)).toThrow(code);
  expectForgotten(effects);
});

test('the guardian forgets a leaf that was given back', () => {
  members.set(PATH, [42]);
  const made = drive(makeReady(PATH, { move: [42], enable: true }, { isOurs, lasts: false }));
  expectForgotten([...made, ...drive(undoAll())]);
});

test('what is missing is told where the leaf is there', () => {
  const steps = makeReady(PATH, everyone, { isOurs, lasts: true });
  const missing: Answer = (effect) => {
    if (effect.do === 'make-directory' && members.has(effect.path)) throw refusal('EEXIST');
    if (effect.do === 'write' && effect.value === '7' && effect.path !== `${PATH}/cgroup.procs`)
      throw refusal('ENOENT');
  };
  expect(() => drive(steps, missing)).toThrow('ENOENT');
  expect(leaf()).toBeUndefined();
});

test('nothing is left half done when it is swept away again and again', () => {
  expect(() => drive(makeReady(PATH, everyone, { isOurs, lasts: true }), swept(1000))).toThrow('ENOENT');
  expect(members.get(PATH)).toEqual([1, 7, 42]);
  expect(drive(undoLasting())).toEqual([]);
});

test('nothing is left half done when they never stop', () => {
  const steps = makeReady(PATH, everyone, { isOurs, lasts: true });
  expect(() => drive(steps, disturbed(1000))).toThrow('EBUSY');
  expect(leaf()).toBeUndefined();
  expect(members.get(PATH)).toEqual(expect.arrayContaining([1, 7, 42]));
  expect(drive(undoLasting())).toEqual([]);
});

test('nothing is left half done when one may not be moved', () => {
  const steps = makeReady(PATH, everyone, { isOurs, lasts: true });
  expect(() =>
    drive(steps, (effect) => {
      if (effect.do === 'write' && effect.value === '42' && effect.path !== `${PATH}/cgroup.procs`)
        throw refusal('EACCES');
    }),
  ).toThrow('EACCES');
  expect(leaf()).toBeUndefined();
  expect(members.get(PATH)?.sort()).toEqual([1, 42, 7]);
});

/** Refuses the controller for good, and what else a test says. */
function refusing(also: Answer): Answer {
  return (effect) => {
    if (effect.do === 'write' && effect.value === '+memory') throw refusal('ENOENT');
    also(effect);
  };
}

test('one that is ending keeps the leaf busy only for a moment', () => {
  let refusals = 3;
  const steps = makeReady(PATH, everyone, { isOurs, lasts: true });
  const busy = refusing((effect) => {
    if (effect.do !== 'remove-directory' || refusals === 0) return;
    refusals -= 1;
    throw refusal('EBUSY');
  });
  expect(() => drive(steps, busy)).toThrow('ENOENT');
  expect(leaf()).toBeUndefined();
});

test('what can not be undone does not hide the reason', () => {
  const steps = makeReady(PATH, everyone, { isOurs, lasts: true });
  const stuck = refusing((effect) => {
    if (effect.do === 'remove-directory') throw refusal('EBUSY');
  });
  expect(() => drive(steps, stuck)).toThrow('ENOENT');
});

test('what should have lasted is undone if the process does not become another', () => {
  drive(makeReady(PATH, everyone, { isOurs, lasts: true }));
  const effects = drive(undoLasting());
  expect(leaf()).toBeUndefined();
  expect(members.get(PATH)).toEqual([1, 7, 42]);
  expect(effects).toContainEqual({ do: 'write', path: `${PATH}/cgroup.subtree_control`, value: '-cpu -memory -pids' });
});

test('a process that has ended meanwhile does not matter', () => {
  drive(makeReady(PATH, everyone, { isOurs, lasts: true }), (effect) => {
    if (effect.do !== 'write' || effect.value !== '7') return;
    members.set(
      PATH,
      (members.get(PATH) ?? []).filter((pid) => pid !== 7),
    );
    throw refusal('ESRCH');
  });
  expect(members.get(leaf() ?? '')).toEqual([1, 42]);
});
