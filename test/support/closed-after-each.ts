import { type Cage, type CreateCageOptions, createCage, type MemoryOption } from 'memcage';

/**
 * createCage() for the tests of a describe. Call it before expectNothingLeft(): it closes each cage after its test.
 */
export function closedAfterEach(): (memory: MemoryOption, options?: object) => Cage {
  const make = cagesClosedAfterEach();
  return (memory, options = {}) => make({ memory, ...options });
}

/** {@link closedAfterEach} with the options of createCage(). */
export function cagesClosedAfterEach(): (options: CreateCageOptions) => Cage {
  const cages: Cage[] = [];
  afterEach(async () => {
    await Promise.all(cages.splice(0).map((cage) => cage.close()));
  });
  return (options) => {
    const cage = createCage(options);
    cages.push(cage);
    return cage;
  };
}
