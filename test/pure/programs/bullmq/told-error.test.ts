import { toldError } from '../../../../lib/programs/bullmq/told-error';

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
