import { createBudget } from '../../../../lib/jobs/budget/create-budget';
import { thrown } from '../../../support/thrown';

const cage = { enforcedBy: { kind: 'kernel' }, close: jest.fn(async () => {}) };
jest.mock('../../../../lib/start/api/create-cage', () => ({ createCageFor: () => cage }));
jest.mock('../../../../lib/jobs/budget/use-rules', () => ({
  rulesByUse: () => {
    throw new Error('no figures');
  },
}));

test('leaves no cage behind if the kernel refuses what its rules need', () => {
  expect(thrown(() => createBudget({ memory: '100M', admit: 'use' }))).toMatchObject({ message: 'no figures' });
  expect(cage.close).toHaveBeenCalledTimes(1);
});
