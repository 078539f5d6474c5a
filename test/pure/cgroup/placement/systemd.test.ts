import type { ParentFacts } from '../../../../lib/cgroup/placement/parent-facts';
import {
  busAddress,
  busFailureCure,
  explainBusFailure,
  isNameTaken,
  isUnitName,
  refuseMove,
  scopeRequest,
  unitQuestion,
} from '../../../../lib/cgroup/placement/systemd';
import { testRows } from '../../../support/rows';

const SYSTEM = 'unix:path=/run/dbus/system_bus_socket';
const USER = 'unix:path=/run/user/1000/bus';

describe('the bus', () => {
  testRows<[number, NodeJS.ProcessEnv, string]>(
    'is found by user and environment',
    [
      [0, {}, SYSTEM],
      [0, { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/other', XDG_RUNTIME_DIR: '/run/user/0' }, SYSTEM],
      [0, { DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/mine' }, 'unix:path=/mine'],
      [1000, {}, USER],
      [1000, { DBUS_SESSION_BUS_ADDRESS: '', XDG_RUNTIME_DIR: '' }, USER],
      [1000, { XDG_RUNTIME_DIR: '/tmp/run' }, 'unix:path=/tmp/run/bus'],
      [1000, { XDG_RUNTIME_DIR: '/tmp/run', DBUS_SESSION_BUS_ADDRESS: 'unix:abstract=x' }, 'unix:abstract=x'],
    ],
    ([euid, environment, address]) => {
      expect(busAddress(euid, environment)).toBe(address);
    },
  );
});

describe('the slice of the scope', () => {
  const paths = (path: string): string[] => {
    const names = path.split('/').filter((name) => name !== '');
    return names.map((_, index) => `/sys/fs/cgroup/${names.slice(0, names.length - index).join('/')}`);
  };

  testRows(
    'is found by path and version',
    [
      ['/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope', USER, 'app.slice'],
      ['/user.slice/user-1000.slice/user@1000.service/a.slice/a-b.slice/x.service/sub', USER, 'a-b.slice'],
      // Those belong to the system's manager.
      ['/user.slice/user-1000.slice/session-3.scope', USER, undefined],
      ['/user.slice/user-1000.slice/user@1000.service/init.scope', USER, undefined],
      ['/system.slice/job.service', USER, undefined],
      ['/system.slice/job.service', SYSTEM, 'system.slice'],
      ['/user.slice/user-0.slice/session-2.scope', SYSTEM, 'user-0.slice'],
      ['/init.scope', SYSTEM, undefined],
      ['/', SYSTEM, undefined],
    ],
    ([own, address, slice]) => {
      expect(scopeRequest(address, paths(own)).slice).toBe(slice);
    },
  );

  test('the name says who asked, and is another one each time', () => {
    const names = new Set([1, 2, 3].map(() => scopeRequest(SYSTEM, []).name));
    expect(names.size).toBe(3);
    for (const name of names) expect(name).toMatch(new RegExp(`^memcage-${process.pid}-[0-9a-f]{8}\\.scope$`));
  });
});

describe('a move', () => {
  const place = (path: string, limits: string[] = []): ParentFacts => ({ path, limits }) as unknown as ParentFacts;

  test('is refused out of a unit with a limit', () => {
    const unit = place('/c/app.slice/x.scope', ['memory.max']);
    expect(refuseMove([place('/c/app.slice/x.scope/sub'), unit, place('/c/app.slice')])).toBe(
      'in a scope this process would be free of memory.max of /c/app.slice/x.scope',
    );
  });

  test('is not for what holds in the slice as well, which the scope is put into', () => {
    expect(refuseMove([place('/c/app.slice/x.scope'), place('/c/app.slice', ['memory.max'])])).toBeUndefined();
    expect(refuseMove([])).toBeUndefined();
  });
});

test('failures are told with the step and the error', () => {
  const failure = { step: 'connect', error: 'ENOENT', message: 'No such file or directory' } as const;
  expect(explainBusFailure(failure)).toBe('its bus does not answer: No such file or directory (ENOENT)');
  expect(busFailureCure(failure, 1000)).toMatch(/loginctl enable-linger 1000.*systemd-run --uid=1000 -p Delegate=yes/);
  expect(busFailureCure({ ...failure, step: 'request' }, 1000)).not.toMatch('loginctl');
  expect(busFailureCure(failure, 0)).toBeUndefined();
  expect(isNameTaken(failure)).toBe(false);
  expect(isNameTaken({ ...failure, error: 'org.freedesktop.systemd1.UnitExists' })).toBe(true);
  expect(isNameTaken({ controlGroup: '/x' })).toBe(false);
});

test('units are told by their names', () => {
  expect(['/a/b.service', '/a/b.scope', '/user.slice', '/x/b.mount'].every(isUnitName)).toBe(true);
  expect(['/a/b', '/a/b.scope/c', '/a.service/'].some(isUnitName)).toBe(false);
  expect(unitQuestion(USER, '/c/app.slice/x.scope')).toMatchObject({ address: USER, unit: 'x.scope' });
});
