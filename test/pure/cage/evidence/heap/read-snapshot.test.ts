import { Readable } from 'node:stream';
import { readSnapshot } from '../../../../../lib/cage/evidence/heap/read-snapshot';
import { heapSnapshot } from '../../../../support/evidence/heap-snapshots';
import { testRows } from '../../../../support/rows';

const SNAPSHOT = heapSnapshot([
  ['synthetic', '', 0, 1, 2],
  ['object', 'Leaked', 100, 3],
  ['object', 'Leaked', 100, [4, 'weak'], [4, 'internal'], [5, 'weak']],
  ['object', 'ä"\\', 60, 3, [6, 'shortcut']],
  ['string', 'a "text", [with] {all}', 48],
  ['native', 'system / JSArrayBufferData', 1000],
  ['array', '', 16, [4, 'internal']],
  ['closure', 'Leaked', 32],
  ['closure', '', 8],
]).replace('ä', '\\u00e4');

function read(text: string, chunkBytes: number, mayTake: (bytes: number) => boolean = () => true) {
  const bytes = Buffer.from(text);
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, index) =>
    bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes),
  );
  return readSnapshot(Readable.from(chunks), mayTake);
}

describe('the reader of heap snapshots', () => {
  testRows(
    'adds up sizes by type, and keeps what refers to what, wherever its chunks end',
    [1, 2, 7, 64, 100_000],
    async (chunkBytes) => {
      const { types, graph } = await read(SNAPSHOT, chunkBytes);
      expect(types.map(({ name, count, ownBytes }) => [name, count, ownBytes])).toEqual([
        ['(system)', 1, 0],
        ['Leaked', 2, 200],
        ['ä"\\', 1, 60],
        ['(string)', 1, 48],
        ['system / JSArrayBufferData', 1, 1000],
        ['(array)', 1, 16],
        ['Leaked()', 1, 32],
        ['anonymous()', 1, 8],
      ]);
      expect(Object.values(graph ?? {}).map((each) => [...each])).toEqual([
        [0, 100, 100, 60, 48, 1000, 16, 32, 8],
        [0, 1, 1, 2, 3, 4, 5, 6, 7],
        [0, 2, 3, 3, 3, 3, 3, 4, 4, 4],
        [1, 2, 3, 4, ...Array(5).fill(0)],
      ]);
    },
  );

  test('keeps only types where the graph would take too much memory', async () => {
    let asked = 0;
    const { types, graph } = await read(SNAPSHOT, 64, (bytes) => {
      asked = bytes;
      return false;
    });
    expect([types.length, graph, asked]).toEqual([8, undefined, 9 * 68 + 9 * 8]);
  });

  test('leaves out edges that lead nowhere', async () => {
    const { graph } = await read(
      heapSnapshot([
        ['synthetic', '', 0, 1, 7, 2 ** 31],
        ['object', 'A', 8],
      ]),
      64,
    );
    expect([...(graph?.firstEdges ?? [])]).toEqual([0, 1, 1]);
  });

  test('reads one without lines too, as Node 24 writes it', async () => {
    expect(await read(SNAPSHOT.replaceAll('\n', ''), 64)).toEqual(await read(SNAPSHOT, 64));
  });

  testRows(
    'refuses what is no whole snapshot',
    [
      ['', 'not whole'],
      [SNAPSHOT.slice(0, -2), 'not whole'],
      [SNAPSHOT.replace('"edges":[', '"edges":[2,0,0,2,0,0,'), 'not whole'],
      ['x'.repeat(70_000), 'not whole'],
      [SNAPSHOT.replace('"self_size"', '"size"'), 'another format'],
      [SNAPSHOT.replace('"to_node"', '"to"'), 'another format'],
    ],
    async ([text, why]) => await expect(read(text, 1000)).rejects.toThrow(why),
  );
});
