import { HeapSummary } from '../../../../../lib/cage/evidence/heap/summary';
import { testRows } from '../../../../support/rows';

/** As V8 writes them. */
const SNAPSHOT = [
  '{"snapshot":{"meta":{"node_fields":["type","name","id","self_size","edge_count","detachedness"],',
  '"node_types":[["hidden","array","string","object","closure","native"],"string","number","number","number","number"]},',
  '"node_count":6,"edge_count":1},\n',
  '"nodes":[3,1,1,100,0,0\n,3,1,3,100,1,0\n,3,3,5,60,0,0\n,2,2,7,48,0,0\n,5,4,9,1000,0,0\n,1,0,11,16,0,0\n],\n',
  '"edges":[0,1,0\n],\n"trace_function_infos":[],"locations":[1,2,3\n],\n',
  '"strings":["<dummy>",\n"Leaked",\n"a \\"text\\", [with] {all}",\n"\\u00e4\\"\\\\",\n"system / JSArrayBufferData"]}\n',
].join('');

function summaryOf(text: string, chunkBytes: number) {
  const summary = new HeapSummary();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += chunkBytes) summary.add(bytes.subarray(at, at + chunkBytes));
  return summary.end();
}

describe('the summary of a heap snapshot', () => {
  testRows('adds up sizes by type, wherever its chunks end', [1, 2, 7, 64, 100_000], (chunkBytes) => {
    expect(summaryOf(SNAPSHOT, chunkBytes)).toEqual([
      { name: 'system / JSArrayBufferData', bytes: 1000, count: 1 },
      { name: 'Leaked', bytes: 200, count: 2 },
      { name: 'ä"\\', bytes: 60, count: 1 },
      { name: '(string)', bytes: 48, count: 1 },
      { name: '(array)', bytes: 16, count: 1 },
    ]);
  });

  testRows(
    'is refused of what is no whole snapshot',
    [
      ['', 'not whole'],
      [SNAPSHOT.slice(0, -4), 'not whole'],
      ['x'.repeat(70_000), 'no heap snapshot'],
      [SNAPSHOT.replace('"self_size"', '"size"'), 'another format'],
    ],
    ([text, why]) => expect(() => summaryOf(text, 1000)).toThrow(why),
  );
});
