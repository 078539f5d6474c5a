import { withPreload } from '../../../../../lib/cage/evidence/heap/environment';
import { testRows } from '../../../../support/rows';

let path = '/memcage/dist/evidence-preload.js';
jest.mock('../../../../../lib/common/addon/companion', () => ({ companion: () => path }));

const ADDRESS = { name: 'name', secret: 'secret' };

describe('the environment of a child that is to write heap snapshots', () => {
  beforeEach(() => {
    path = '/memcage/dist/evidence-preload.js';
  });

  testRows(
    'has the file that its Node programs load first behind the options that it had',
    [
      [[], '--require "/memcage/dist/evidence-preload.js"'],
      [['NODE_OPTIONS=--no-warnings'], '--no-warnings --require "/memcage/dist/evidence-preload.js"'],
    ] as const,
    ([env, options]) => {
      const made = withPreload(['A=1', ...env], ADDRESS);
      expect(made).toEqual(['A=1', `NODE_OPTIONS=${options}`, 'MEMCAGE_HEAP=name:secret']);
      // As a child of a child, in a cage within the cage.
      expect(withPreload(made, ADDRESS)).toEqual(made);
    },
  );

  test('quotes its path', () => {
    path = '/a "b"\\c/preload.js';
    expect(withPreload([], ADDRESS)[0]).toBe('NODE_OPTIONS=--require "/a \\"b\\"\\\\c/preload.js"');
  });
});
