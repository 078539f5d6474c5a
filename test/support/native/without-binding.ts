import * as memcage from 'memcage';

/** Uses a memcage that was loaded where it can't get Node's binding, as under the permission model. */
export function withoutBinding<T>(use: (fresh: typeof memcage) => T): T {
  const binding = jest.spyOn(process as never, 'binding').mockImplementation((() => {
    throw new Error('no bindings here');
  }) as never);
  let fresh = memcage;
  jest.isolateModules(() => {
    fresh = require('memcage') as typeof memcage;
  });
  try {
    return use(fresh);
  } finally {
    expect(binding).toHaveBeenCalled();
    binding.mockRestore();
  }
}
