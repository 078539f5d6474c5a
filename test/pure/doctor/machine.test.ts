import { findKernel } from '../../../lib/doctor/machine';
import { testRows } from '../../support/rows';

describe('the kernel', () => {
  testRows(
    'is old, or new enough',
    [
      ['6.12.1-cloud', 'ok', 'Linux 6.12.1-cloud'],
      ['5.19.0', 'ok', 'Linux 5.19.0'],
      ['5.18.9', 'limited', 'no memory.peak'],
      ['5.10.0-30-amd64', 'limited', 'no cgroup.kill'],
      ['5.4.0', 'limited', 'no CLONE_INTO_CGROUP'],
      ['5.3.18', 'missing', 'needs 5.4'],
      ['4.19.0', 'missing', 'needs 5.4'],
    ],
    ([text, state, detail]) => {
      expect(findKernel({ text })).toMatchObject({ name: 'kernel', state, detail: expect.stringMatching(detail) });
    },
  );

  test('is good enough if it has what memcage needs, whatever its number', () => {
    expect(findKernel({ text: '4.18.0-553.el8', works: true })).toMatchObject({ state: 'limited' });
  });

  test('another system is missing it', () => {
    expect(findKernel({ text: '24.0.0', platform: 'darwin' })).toMatchObject({
      state: 'missing',
      detail: 'darwin: cages need Linux',
    });
  });
});
