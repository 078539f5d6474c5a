import { type CageOptions, createCage, run, spawn, whyUnsupported } from 'memcage';
import { expectNothingLeft } from '../../support/nothing-left';
import { openFdCount } from '../../support/processes/fds';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { thrown } from '../../support/thrown';

describeIf('cgroup', 'whyUnsupported() with wrong options', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  testRows<object | string>(
    'throws what spawn() would throw',
    [
      { memory: '12Q' },
      { memory: { max: '100' } },
      { memory: { maximum: '1M' } },
      { memory: { swappiness: 201 } },
      { memroy: '10M' },
      { namespaces: { uts: { hostname: '' } } },
      { namespaces: { network: true } },
      { nodeHeap: '100K' },
      { memory: '100M', nodeHeap: '1G' },
      { memory: { max: '100M', swap: '100M' }, nodeHeap: '200M' },
      { parent: '/a' },
      { memory: '8M', parent: '../a' },
      { memory: '8M', keepDescendants: 1 },
      { memory: '8M', keepDescendants: true, namespaces: { pid: true } },
      { memory: '8M', keepDescendants: true, namespaces: { pid: { init: true } } },
      { memory: '8M', keepDescendants: true, root: {} },
      { cage: {} },
    ],
    (options) => {
      const expected = thrown(() => spawn('true', options as CageOptions)) as Error & { code: string };
      const actual = thrown(() => whyUnsupported(options as CageOptions));
      expect(actual).toMatchObject({ name: expected.name, code: expected.code });
      expect(actual.message.replaceAll('whyUnsupported', 'spawn')).toBe(expected.message);
    },
  );

  test('a heap that its memory has no room for is refused by the functions of cages too', async () => {
    const refused = expect.objectContaining({
      message: expect.stringContaining("'auto', which is half of it") as string,
    }) as Error;
    expect(() => createCage({ memory: '100M', nodeHeap: '100M' })).toThrow(refused);
    expect(() => createCage({ memory: '100M', perChild: { memory: '50M' }, nodeHeap: '60M' })).toThrow(refused);
    await using cage = createCage({ memory: '100M' });
    expect(() => cage.spawn('true', [], { memory: '50M', nodeHeap: '60M' })).toThrow(refused);
  });

  test('takes what is right, and makes nothing', async () => {
    await using cage = createCage({ memory: '64M' });
    const fds = openFdCount();
    whyUnsupported({});
    whyUnsupported({ memory: { max: '10M', swap: 0 }, namespaces: { pid: true }, nodeHeap: false });
    whyUnsupported({ cage, memoryDetails: true });
    whyUnsupported({ memory: '8M', keepDescendants: true, root: {}, namespaces: { pid: false } });
    whyUnsupported({ memory: '8M', keepDescendants: false, root: {} });
    whyUnsupported({ memory: { max: '100M', swap: '100M' }, nodeHeap: '150M' });
    whyUnsupported({ memory: { max: '100M', swap: 'max' }, nodeHeap: '1G' });
    whyUnsupported({ cpu: 1, nodeHeap: '1G' });
    expect(openFdCount()).toBe(fds);
    for (const none of [null, 'memory']) {
      expect(thrown(() => whyUnsupported(none as never))).toMatchObject({ code: 'ERR_MEMCAGE_INVALID_ARGUMENT' });
    }
  });
});
