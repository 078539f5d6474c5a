import { findKernel } from '../../../../lib/start/doctor/machine';
import { testRows } from '../../../support/rows';

describe('the kernel', () => {
  testRows(
    'is old, or new enough',
    [
      ['6.12.1-cloud', 'ok', 'Linux 6.12.1-cloud'],
      ['5.19.0', 'ok', 'Linux 5.19.0'],
      ['5.18.9', 'limited', 'no memory.peak'],
      ['5.10.0-30-amd64', 'limited', 'no cgroup.kill'],
      ['5.9.16', 'missing', 'needs 5.10'],
      ['4.19.0', 'missing', 'needs 5.10'],
    ],
    ([text, state, detail]) => {
      expect(findKernel({ text })).toMatchObject({ name: 'kernel', state, detail: expect.stringMatching(detail) });
    },
  );

  test('is good enough if it has what memcage needs, whatever its number', () => {
    const detail = expect.stringMatching(/no CLONE_INTO_CGROUP .*; memcage is not tested before 5\.10$/) as string;
    expect(findKernel({ text: '4.18.0-553.el8', works: true })).toMatchObject({ state: 'limited', detail });
  });

  test('another system is missing it', () => {
    expect(findKernel({ text: '24.0.0', platform: 'darwin' })).toMatchObject({
      state: 'missing',
      detail: 'darwin: cages need Linux',
    });
  });
});
