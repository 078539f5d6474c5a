import { ChildCommand, ParentCommand } from 'bullmq';
import { isChildMessage, requestsOf, toldError } from '../../../../lib/programs/bullmq/conversation';

const requests = requestsOf({ ChildCommand, ParentCommand, classes: '' });
const numbers = (of: object): number[] => Object.values(of).filter((value) => typeof value === 'number');

test("every command of BullMQ's children that is not an end is a request", () => {
  const { Completed, Error: wrong, Failed, InitCompleted, InitFailed } = ParentCommand;
  const ends = [Completed, wrong, Failed, InitCompleted, InitFailed];
  expect(numbers(ParentCommand).filter((command) => !ends.includes(command))).toEqual(
    [...requests.keys()].sort((one, other) => one - other),
  );
});

test('every answer of BullMQ to its children is given by one of them', () => {
  const { Init, Start, Stop, Cancel } = ChildCommand;
  const answers = [...requests.values()].flatMap(({ answer }) => answer ?? []);
  expect(answers.sort((one, other) => one - other)).toEqual(
    numbers(ChildCommand).filter((command) => ![Init, Start, Stop, Cancel].includes(command)),
  );
});

test.each([undefined, null, 'text', 1, [], {}, { cmd: 'NODE_X' }])('%p is no message of BullMQ', (message) => {
  expect(isChildMessage(message)).toBe(false);
});

test('the error that a child tells of has what it had there', () => {
  const told = { name: 'OwnError', message: 'it has failed', stack: 'the stack', code: 7 };
  expect(toldError(told)).toBeInstanceOf(Error);
  expect(toldError(told)).toMatchObject(told);
});

test.each([
  ['nothing', undefined],
  ['a text', 'a text, which would become a property for each of its letters'],
  ['what is no text', { name: {}, message: { toString: 1 }, stack: [] }],
  ['another prototype', JSON.parse('{"__proto__":{"message":"other"}}')],
])('%s makes an error of it all the same', (_, told) => {
  const error = toldError(told);
  expect(error).toBeInstanceOf(Error);
  expect([error.name, error.message, typeof error.stack, Object.keys(error)]).toEqual(['Error', '', 'string', []]);
});
