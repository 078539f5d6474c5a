import * as memcage from 'memcage';

/** Loads memcage where it can't get Node's binding, as under the permission model. */
export function withoutBinding(): typeof memcage {
  const binding = jest.spyOn(process as never, 'binding').mockImplementation((() => {
    throw new Error('no bindings here');
  }) as never);
  let fresh = memcage;
  jest.isolateModules(() => {
    fresh = require('memcage') as typeof memcage;
  });
  fresh.spawnSync('true', { memory: '100M' });
  expect(binding).toHaveBeenCalled();
  binding.mockRestore();
  return fresh;
}
