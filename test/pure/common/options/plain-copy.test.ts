import { plainCopy } from '../../../../lib/common/options/plain-copy';

test('copies plain objects and arrays, however deep', () => {
  const given = {
    stdio: ['ignore', 'ipc'],
    memory: { max: 5 },
    none: null,
    bare: Object.assign(Object.create(null), { a: 1 }) as object,
  };
  const copy = plainCopy(given);
  expect(copy).toEqual(given);
  given.stdio[0] = 'pipe';
  given.memory.max = 6;
  expect(copy).toMatchObject({ stdio: ['ignore', 'ipc'], memory: { max: 5 } });
});

test('leaves everything else as it is', () => {
  const given = { url: new URL('file:///'), act: () => 1, bytes: Buffer.from('a'), map: new Map() };
  const copy = plainCopy(given);
  for (const name of ['url', 'act', 'bytes', 'map'] as const) expect(copy[name]).toBe(given[name]);
});

test('ends with an object that is within itself', () => {
  const given: { name: string; self?: object } = { name: 'a' };
  given.self = given;
  const copy = plainCopy(given);
  expect(copy).not.toBe(given);
  expect(copy).toMatchObject({ name: 'a', self: { name: 'a' } });
});
