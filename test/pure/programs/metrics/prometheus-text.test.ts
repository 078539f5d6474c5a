import * as fc from 'fast-check';
import * as client from 'prom-client';
import { Metrics } from '../../../../lib/programs/metrics/prometheus-metrics';

/** The text format's label values: backslash, quote and newline are escaped, and nothing else ends one. */
function labelIn(line: string): string | undefined {
  const [, written] = /^x_bytes\{cgroup="((?:[^"\\\n]|\\[\\"n])*)"\} 1$/.exec(line) ?? [];
  return written?.replace(/\\([\\"n])/g, (_, char: string) => (char === 'n' ? '\n' : char));
}

test('any name of a cgroup is one label of one line', async () => {
  const piece = fc.oneof(fc.constantFrom('\\', '"', '\n', '\\n', '"} 1\nx 2', 'a', '{', '}', '#'), fc.string());
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 5 }), async (pieces) => {
      const name = pieces.join('');
      const registry = new client.Registry();
      new Metrics(client, registry, 'x_').gauge(['bytes', 'help'], ['cgroup'], (give) => give(1, { cgroup: name }));
      const lines = (await registry.metrics()).trimEnd().split('\n');
      expect(lines.slice(2).map(labelIn)).toEqual([name]);
    }),
  );
});
