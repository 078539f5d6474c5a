import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { ALIASES, lenient, strict, strictMember } from '../../../../lib/common/options/accepted-options';
import { CAGE_OPTIONS, RUN_OPTIONS } from '../../../../lib/common/options/names';
import { NODE_OPTIONS } from '../../../../lib/common/options/node-options';
import { checkOptions, ownOptions, refuseUnknown } from '../../../../lib/common/options/option-names';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

const run = strict('run', 'spawn', RUN_OPTIONS);
const spawn = lenient('spawn');

const unknown = (message: unknown): object => ({
  name: 'TypeError',
  code: 'ERR_MEMCAGE_UNKNOWN_OPTION',
  message,
});

/** Names that people write instead of one of memcage's or Node's options. */
const SLIPS: [string, string][] = [
  ['memoryLimit', 'memory'],
  ['memory_limit', 'memory'],
  ['maxMemory', 'memory'],
  ['memLimit', 'memory'],
  ['mem', 'memory'],
  ['memoryMax', 'memory'],
  ['memoryMB', 'memory'],
  ['memoryMiB', 'memory'],
  ['memory_bytes', 'memory'],
  ['memoryLimitMB', 'memory'],
  ['memory_limit_in_mb', 'memory'],
  ['memoryLimitBytes', 'memory'],
  ['memory_limit_in_bytes', 'memory'],
  ['limitsMem', 'memory'],
  ['memroy', 'memory'],
  ['memery', 'memory'],
  ['Memory', 'memory'],
  ['memorys', 'memory'],
  ['cages', 'cage'],
  ['namespace', 'namespaces'],
  ['nodeheap', 'nodeHeap'],
  ['node_heap', 'nodeHeap'],
  ['keepDescendents', 'keepDescendants'],
  ['parnet', 'parent'],
  ['rlimit', 'rlimits'],
  ['ulimits', 'rlimits'],
  ['oom_score_adj', 'oomScoreAdj'],
  ['niceness', 'nice'],
  ['noNewPrivs', 'privileges'],
  ['ns', 'namespaces'],
  ['memMB', 'memory'],
  ['maxProcesses', 'pids'],
  ['cpuQuota', 'cpu'],
  ['cpuMs', 'cpuTimeMs'],
  ['livelock', 'stall'],
  ['usageThreshold', 'thresholds'],
  ['keepChildren', 'keepDescendants'],
  ['ulimit', 'rlimits'],
  ['oomAdj', 'oomScoreAdj'],
  ['evidenceDir', 'evidence'],
  ['coreDump', 'evidence'],
];

describe('a function that knows all its options', () => {
  testRows(
    'refuses a slip, and says what was likely meant',
    [...SLIPS, ['timeOut', 'timeout'], ['enviroment', undefined]],
    ([name, meant]) => {
      const question = meant === undefined ? 'run has memory, ' : `did you mean '${meant}'?`;
      const refused = thrown(() => run.read({ [name]: 1 }));
      expect(refused).toMatchObject(unknown(expect.stringContaining(`Unknown option '${name}' of run: ${question}`)));
    },
  );

  test('takes its own names and those of Node', () => {
    const options = { memory: 1, cage: 1, input: 1, reject: 1, argv0: 1, stdio: 1, signal: 1, serialization: 1 };
    expect(() => run.read(options)).not.toThrow();
  });

  test('refuses what is inherited, and not what somebody has added to all objects', () => {
    expect(thrown(() => run.read(Object.create({ memroy: 1 })))).toMatchObject({
      code: 'ERR_MEMCAGE_UNKNOWN_OPTION',
    });
    expect(() => run.read(Object.create(null))).not.toThrow();
    expect(() => run.read(Object.assign(Object.create(null), { memroy: 1 }))).toThrow();
    expect(() => run.read({ hasOwnProperty: 1 })).toThrow();
    class Options {
      memory = 1;
      method(): void {}
    }
    expect(() => run.read(new Options())).not.toThrow();
    Object.defineProperty(Object.prototype, 'polluted', { value: 1, enumerable: true, configurable: true });
    try {
      expect(() => run.read({})).not.toThrow();
    } finally {
      Reflect.deleteProperty(Object.prototype, 'polluted');
    }
  });

  test('refuses a slip also where it is not listed, as accessors and methods of a class are', () => {
    class Slip {
      get memroy(): number {
        return 1;
      }
    }
    expect(thrown(() => run.read(new Slip()))).toMatchObject({ code: 'ERR_MEMCAGE_UNKNOWN_OPTION' });
  });

  test('has the options of memcage and of Node, and no others', () => {
    const { message } = thrown(() => strict('f', 'spawn').read({ unheardOf: 1 }));
    const all = `${CAGE_OPTIONS.join(', ')}, and those of Node's spawn`;
    expect(message).toBe(`Unknown option 'unheardOf' of f: f has ${all}`);
  });

  testRows('refuses an environment of which Node would make variables all the same', ['A=1', ['A=1'], 1], (env) => {
    expect(thrown(() => run.read({ env })).message).toContain(
      "an object such as { ...process.env, NAME: 'value' } for env",
    );
  });

  testRows('takes an environment, and what Node takes for none', [{ A: '1' }, undefined, null, ''], (env) => {
    expect(run.read({ env })).toEqual({ env });
  });

  test('refuses a name that is there without a value', () => {
    expect(thrown(() => run.read({ memroy: undefined }))).toMatchObject({ name: 'TypeError' });
  });
});

describe('a function that takes the place of Node’s', () => {
  testRows('refuses a slip for one of memcage’s options', SLIPS, ([name, meant]) => {
    const message = `Unknown option '${name}' of spawn: did you mean '${meant}'?`;
    expect(thrown(() => spawn.read({ [name]: 1 }))).toMatchObject(unknown(message));
  });

  const others = [
    'cache',
    'name',
    'code',
    'timeOut',
    'preferLocal',
    'cleanup',
    'buffer',
    'windowsHide',
    'shell',
    'x',
    '',
    'toString',
    'limit',
    'max',
    'boot',
    'room',
    'roots',
    'limits',
    'priority',
    'privileged',
    'capabilities',
    // What tinypool gives to fork().
    'resourceLimits',
  ];
  testRows('lets other names through', others, (name) => {
    expect(() => spawn.read({ [name]: 1 })).not.toThrow();
  });
});

describe('a method of a cage', () => {
  const start = strictMember('cage.spawn', 'spawn', ['more']);

  testRows('refuses what says in which cage', ['cage', 'parent', 'enforce'], (name) => {
    expect(thrown(() => start.read({ [name]: 1 }))).toMatchObject({ code: 'ERR_MEMCAGE_UNKNOWN_OPTION' });
  });

  test('takes all else, inherited too', () => {
    expect(start.read({ memory: 1, more: 2, cwd: '/' })).toEqual({ memory: 1, more: 2, cwd: '/' });
    expect(start.read(Object.create({ memory: 1, more: 2 }) as object)).toEqual({ memory: 1, more: 2 });
  });

  test('has no others', () => {
    const ours = CAGE_OPTIONS.filter((name) => !['cage', 'parent', 'enforce'].includes(name));
    const all = `${ours.join(', ')}, and those of Node's fork`;
    const { message } = thrown(() => strictMember('f', 'fork').read({ unheardOf: 1 }));
    expect(message).toBe(`Unknown option 'unheardOf' of f: f has ${all}`);
  });
});

testRows<[of: string, name: string, cure: string | undefined]>(
  'who gives an option to another function than its own is told where it belongs',
  [
    ['createCage', 'timeout', 'give it to cage.run()'],
    ['createCage', 'concurrency', 'give it to createBudget()'],
    ['createCage', 'silent', 'give it to cage.fork()'],
    ['createCage', 'cage', 'parent: cage.cgroup, or call createCage() within cage.contain()'],
    ['cage.run', 'cage', 'leave it out: the child is in it already'],
    ['cage.spawn', 'enforce', 'give it to createCage()'],
    ['cage.spawn', 'input', 'give it to cage.run()'],
    ['createBudget', 'key', 'give it to budget.run()'],
    ['createBudget', 'perChild', 'give it to createCage()'],
    ['budget.spawn', 'parent', 'give it to createBudget()'],
    ['exec', 'reject', 'give it to run()'],
    ['exec', 'stdio', 'give it to spawn()'],
    ['run', 'spare', 'give it to createWarmPool()'],
    ['cgroup.watch', 'timeout', undefined],
    ['cage.setLimits', 'nodeHeap', undefined],
  ],
  ([of, name, cure]) => {
    const refused = thrown(() => checkOptions({ [name]: 1 }, { of, known: [] }));
    expect(refused).toMatchObject({ code: 'ERR_MEMCAGE_UNKNOWN_OPTION', option: name });
    expect((refused as { cure?: string }).cure).toBe(cure);
  },
);

testRows<[given: object, cure: string]>(
  'a size that was given another name is told with the right one',
  [
    [{ limit: '100M' }, " 'limit' of run: did you mean 'memory'? Cure: memory: '100M'"],
    [{ max: '1.5 GiB' }, " 'max' of run: did you mean 'memory'? Cure: memory: '1.5 GiB'"],
    // What another option would not take as it is.
    [{ limit: 100 }, " 'limit' of run: did you mean 'memory'?"],
    [{ limits: { memory: '100M' } }, " 'limits' of run: did you mean 'memory'?"],
    [{ rootfs: '/srv' }, " 'rootfs' of run: did you mean 'root'?"],
  ],
  ([given, message]) => {
    expect(thrown(() => run.read(given))).toMatchObject(unknown(`Unknown option${message}`));
  },
);

test('another name of what is no option here leads nowhere', () => {
  const names = { of: 'f', known: ['memory'], aliases: ALIASES };
  expect(thrown(() => refuseUnknown({ rootfs: '/srv' }, names)).message).toBe(
    "Unknown option 'rootfs' of f: f has memory",
  );
});

testRows(
  'who gives no object is told of one',
  [
    ['100M', "{ memory: '100M' }"],
    [undefined, "{ memory: '100M' }"],
    ['8 GiB', "{ memory: '8 GiB' }"],
    ['/srv', "{ memory: '100M' }"],
  ],
  ([given, object]) => {
    const { message } = thrown(() => checkOptions(given, { of: 'f', known: ['memory'] }));
    expect(message).toContain(`Expected an object such as ${object} for options but received `);
  },
);

test('every other name leads to an option that there is', () => {
  const known: readonly string[] = CAGE_OPTIONS;
  expect(Object.entries(ALIASES).filter(([, option]) => !known.includes(option))).toEqual([]);
});

test('an option that nobody gives is not there', () => {
  const names = { of: 'f', known: ['a', 'b'] };
  expect({ ...ownOptions({ a: 1 }, names) }).toStrictEqual({ a: 1 });
  const inherited = ownOptions(Object.create({ b: 2, c: 3 }) as object, names);
  expect({ ...inherited }).toStrictEqual({ b: 2 });
});

describe('an option that is there, but undefined', () => {
  const cure = (name: string): string => `leave it out if it has none: ...(value !== undefined && { ${name}: value })`;
  class OfClass {
    get memory(): undefined {
      return undefined;
    }
  }

  testRows<[string, object]>(
    "is refused if it is one of memcage's, own or inherited",
    [
      ['own', { memory: undefined }],
      ['own, of an object without a prototype', Object.assign(Object.create(null), { memory: undefined }) as object],
      ['own, over one that is inherited', Object.assign(Object.create({ memory: 1 }) as object, { memory: undefined })],
      ['inherited', Object.create({ memory: undefined }) as object],
      ['of a class', new OfClass()],
      ['of a proxy', new Proxy({ memory: undefined }, {})],
    ],
    ([, options]) => {
      const message = `Expected a value for memory but received undefined, as from a setting that is missing. Cure: ${cure('memory')}`;
      const refused = { name: 'TypeError', code: 'ERR_MEMCAGE_INVALID_ARGUMENT', message };
      for (const each of [run, spawn, strictMember('cage.spawn', 'spawn')]) {
        expect(thrown(() => each.read(options))).toMatchObject(refused);
      }
      expect(thrown(() => checkOptions(options, { of: 'x', known: ['memory'] }))).toMatchObject(refused);
    },
  );

  test('is named with the option that it is in', () => {
    const names = { of: 'run', within: 'namespaces.user', known: ['uid'] };
    const { message } = thrown(() => ownOptions({ uid: undefined }, names));
    expect(message).toMatch(`Expected a value for namespaces.user.uid but received undefined`);
    expect(message).toMatch(cure('uid'));
  });

  testRows(
    "is as if left out if Node's functions have it",
    [...NODE_OPTIONS.fork, ...NODE_OPTIONS.spawnSync],
    (name) => {
      expect(() => run.read({ [name]: undefined })).not.toThrow(
        expect.objectContaining({ code: 'ERR_MEMCAGE_INVALID_ARGUMENT' }),
      );
      expect(checkOptions({ [name]: undefined }, { of: 'x', known: [name] })).toEqual({ [name]: undefined });
    },
  );
});

test('what is in an option is named with it', () => {
  const names = { of: 'run', within: 'namespaces', known: ['net', 'pid'], aliases: { network: 'net' } };
  expect(thrown(() => refuseUnknown({ network: true }, names))).toMatchObject(
    unknown("Unknown option 'namespaces.network' of run: did you mean 'namespaces.net'?"),
  );
  expect(thrown(() => refuseUnknown({ pid: true, other: 1 }, names))).toMatchObject(
    unknown("Unknown option 'namespaces.other' of run: namespaces has net, pid"),
  );
});

test('an option within others is named, with an example', () => {
  const names = { of: 'f', within: 'learn', known: ['file'], example: "{ file: 'x' }" };
  expect(thrown(() => checkOptions(true, names))).toMatchObject({
    option: 'learn',
    message: "Expected an object such as { file: 'x' } for learn but received true of type boolean",
  });
});

test('what is no object is no option', () => {
  for (const options of [null, undefined, 5, 'x']) {
    expect(thrown(() => checkOptions(options, { of: 'f', known: ['a', 'b'] }))).toMatchObject({
      code: 'ERR_MEMCAGE_INVALID_ARGUMENT',
      message: expect.stringMatching(/^Expected an object of a, b for options but received /) as string,
    });
  }
});

test('of what takes no options, none is named', () => {
  expect(thrown(() => checkOptions(5, { of: 'f', known: [] }))).toMatchObject({
    message: 'Expected an object for options but received 5 of type number',
  });
});

describe('a name that is not an option', () => {
  const known = new Set<string>([...CAGE_OPTIONS, ...RUN_OPTIONS]);
  const name = fc.oneof(
    fc.string({ minLength: 1 }),
    fc.constantFrom('memroy', 'hasOwnProperty', 'constructor', 'toString', 'valueOf', '__proto__', 'length', '0'),
  );
  /** Objects that have a property, as many ways as there are. */
  const WAYS: ((own: Record<string, unknown>) => object)[] = [
    (own) => own,
    (own) => Object.assign(Object.create(null), own) as object,
    (own) => Object.assign(Object.create(null), own, { hasOwnProperty: 1 }) as object,
    (own) => Object.assign(Object.create(null), own, { hasOwnProperty: () => true, constructor: Object }) as object,
    (own) => Object.freeze(own),
    (own) => new Proxy(own, {}),
    (own) => Object.defineProperties({}, Object.fromEntries(Object.keys(own).map((key) => [key, getter(own[key])]))),
    (own) => Object.create(own) as object,
    (own) => Object.create(Object.assign(Object.create(null), own, { hasOwnProperty: 1 }) as object) as object,
  ];
  const getter = (value: unknown) => ({ get: () => value, enumerable: true });

  test('is refused, whatever the object is', () => {
    fc.assert(
      fc.property(name, fc.constantFrom(...WAYS), (unknownName, way) => {
        fc.pre(!known.has(unknownName));
        const own = Object.defineProperty({ memory: 1 }, unknownName, {
          value: 1,
          enumerable: true,
          writable: true,
          configurable: true,
        });
        const refused = thrown(() => checkOptions(way(own), { of: 'x', known: ['memory'] }));
        expect(refused).toMatchObject({ code: 'ERR_MEMCAGE_UNKNOWN_OPTION' });
      }),
    );
  });

  test('is not one that somebody has added to all objects, and neither is one that is', () => {
    Object.defineProperty(Object.prototype, 'memory', { value: '5M', enumerable: true, configurable: true });
    try {
      const read = checkOptions({ pids: 1 }, { of: 'x', known: ['memory', 'pids'] });
      expect([read.memory, read.pids]).toEqual([undefined, 1]);
      expect(run.read<{ memory?: unknown }>({}).memory).toBeUndefined();
      expect(run.read<{ memory?: unknown }>(Object.create({ memory: 3 }) as object).memory).toBe(3);
    } finally {
      Reflect.deleteProperty(Object.prototype, 'memory');
    }
  });

  test('is not one that somebody has added to all objects of another realm', () => {
    const { plain, derived } = runInNewContext(`
      Object.defineProperty(Object.prototype, 'memory', { value: '5M', enumerable: true });
      Object.defineProperty(Object.prototype, 'memroy', { value: 1, enumerable: true });
      ({ plain: { pids: 1 }, derived: Object.create({ pids: 1 }) })
    `) as { plain: object; derived: object };
    for (const options of [plain, derived]) {
      expect({ ...checkOptions(options, { of: 'x', known: ['memory', 'pids'] }) }).toStrictEqual({ pids: 1 });
    }
  });

  test('is not one that somebody has added to all objects whose constructor is another', () => {
    const own = Object.prototype.constructor;
    Object.defineProperty(Object.prototype, 'memroy', { value: 1, enumerable: true, configurable: true });
    Object.defineProperty(Object.prototype, 'constructor', { value: undefined });
    try {
      expect({ ...checkOptions({ memory: 1 }, { of: 'x', known: ['memory'] }) }).toStrictEqual({ memory: 1 });
    } finally {
      Object.defineProperty(Object.prototype, 'constructor', { value: own });
      Reflect.deleteProperty(Object.prototype, 'memroy');
    }
  });

  test('is refused where a class has it for all its objects', () => {
    function Defaults(): void {}
    Defaults.prototype = Object.assign(Object.create(null), { constructor: Defaults, memroy: 1 }) as object;
    const options = Object.create(Defaults.prototype as object) as object;
    expect(thrown(() => checkOptions(options, { of: 'x', known: ['memory', 'constructor'] }))).toMatchObject({
      code: 'ERR_MEMCAGE_UNKNOWN_OPTION',
    });
  });
});
