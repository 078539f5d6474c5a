import { NODE_OPTIONS } from '../../../../lib/common/options/node-options';

/** Options that Node's own functions pass to each other. */
const INTERNAL = ['args', 'envPairs', 'file', 'keepOpen', 'swallowErrors'];

test('every option that this version of Node reads is known', () => {
  const sources = (process as unknown as { binding(name: 'natives'): Record<string, string> }).binding('natives');
  const read = ['child_process', 'internal/child_process'].flatMap((name) =>
    [...(sources[name] ?? '').matchAll(/\boptions\??\.(\w+)/g)].map(([, option]) => option ?? ''),
  );
  const known = new Set<string>([...Object.values(NODE_OPTIONS).flat(), ...INTERNAL]);
  expect(read.length).toBeGreaterThan(50);
  expect(read.filter((option) => !known.has(option))).toEqual([]);
  expect(
    Object.values(NODE_OPTIONS)
      .flat()
      .filter((option) => !read.includes(option)),
  ).toEqual([]);
});
