import { type Cage, createCage, type MemoryOption } from 'memcage';

/**
 * createCage() for the tests of a describe. Call it before expectNothingLeft(): it closes each cage after its test.
 */
export function closedAfterEach(): (memory: MemoryOption, options?: object) => Cage {
  const cages: Cage[] = [];
  afterEach(async () => {
    await Promise.all(cages.splice(0).map((cage) => cage.close()));
  });
  return (memory, options = {}) => {
    const cage = createCage({ memory, ...options });
    cages.push(cage);
    return cage;
  };
}
