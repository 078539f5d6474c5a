import { killTexts, victimsOf } from '../../../../lib/programs/cli/commands/events';

const kill = {
  facts: { cause: 'limit', kills: 1, limitBytes: 1 << 20, path: '/a', victims: [{ pid: 7, name: 'dd' }] } as const,
  anonBytes: null,
};
const who = expect.stringMatching(/^dd \(pid 7\) was killed/) as string;

test('the line of kills says of how many the log does not tell', () => {
  expect(killTexts([kill, kill], 2)).toEqual([who, who]);
  expect(killTexts([kill], 3)).toEqual([who, "the kernel's log does not name 2 of them"]);
  expect(killTexts([], 1)).toEqual(["the kernel's log does not name 1 of them"]);
  expect(killTexts(null, 1)).toEqual([expect.stringContaining("can't read it") as string]);
});

test('programs get null where no victim is known', () => {
  expect(victimsOf([kill])).toMatchObject([{ pid: 7, name: 'dd', anonBytes: null, cause: 'limit' }]);
  expect(victimsOf([])).toBeNull();
  expect(victimsOf(null)).toBeNull();
});
