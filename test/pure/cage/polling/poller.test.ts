import { refuseWhereNothingCanBeSampled } from '../../../../lib/cage/polling/poller';
import { thrown } from '../../../support/thrown';

/** A permission model that allows all but one thing. */
function forbid(forbidden: string): void {
  const permission = { has: (scope: string, reference = '') => `${scope} ${reference}`.trim() !== forbidden };
  Object.defineProperty(process, 'permission', { value: permission, configurable: true });
}

afterEach(() => Reflect.deleteProperty(process, 'permission'));

test.each([
  ['worker', 'linux', '--allow-worker'],
  ['fs.read /proc', 'linux', '--allow-fs-read=/proc'],
  ['worker', 'darwin', '--allow-worker'],
  ['child', 'darwin', '--allow-child-process'],
] as const)('without the permission %s on %s, the error names the cure', (scope, platform, cure) => {
  forbid(scope);
  const error = thrown(() => refuseWhereNothingCanBeSampled(platform));
  expect(error).toMatchObject({ code: 'ERR_MEMCAGE_UNSUPPORTED', message: expect.stringContaining(cure) });
});

test('what is not needed is not asked for', () => {
  forbid('child');
  expect(() => refuseWhereNothingCanBeSampled('linux')).not.toThrow();
  forbid('fs.read /proc');
  expect(() => refuseWhereNothingCanBeSampled('win32')).not.toThrow();
});
