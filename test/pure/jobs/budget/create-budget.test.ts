import { createBudget } from '../../../../lib/jobs/budget/create-budget';
import { thrown } from '../../../support/thrown';

const cgroup = {
  version: 2,
  freezing: { isPossible: true },
  limits: () => {
    throw new Error('no figures');
  },
};
const cage = { enforcedBy: { kind: 'kernel' }, cgroup, close: jest.fn(async () => {}) };
jest.mock('../../../../lib/start/api/create-cage', () => ({ createCageFor: () => cage }));

test('leaves no cage behind if the kernel refuses what its rules need', () => {
  expect(thrown(() => createBudget({ memory: '100M', admit: 'use' }))).toMatchObject({ message: 'no figures' });
  expect(cage.close).toHaveBeenCalledTimes(1);
});
