import { type Choice, draw, drawOperations } from '../../support/proving/draw';

const MANY = Array.from({ length: 1000 }, (_, index) => index);

const choose = (more: Partial<Choice<number>> = {}): Choice<number> => ({
  ...{ all: MANY, distinct: MANY, asked: undefined, usually: 20 },
  ...more,
});
const isNever = (): boolean => false;

test('the same seed draws the same, another one others', () => {
  const drawn = draw(choose(), 7, isNever);
  expect(new Set(drawn).size).toBe(20);
  expect(draw(choose(), 7, isNever)).toEqual(drawn);
  expect(draw(choose(), 8, isNever)).not.toEqual(drawn);
});

test('what comes first is drawn before anything else', () => {
  const few = draw(choose(), 7, (one) => one >= 995);
  expect(few.slice(0, 5).sort()).toEqual([995, 996, 997, 998, 999]);
  expect(few.slice(5).every((one) => one < 995)).toBe(true);
  expect(few).toHaveLength(20);
  const many = draw(choose(), 7, (one) => one >= 500);
  expect([many.length, many.every((one) => one >= 500)]).toEqual([20, true]);
});

test('some operations are drawn, first those that a change is about, but all for who asks for a number', () => {
  const names = Array.from({ length: 30 }, (_, index) => `operation-${index}`);
  const isFirst = (name: string): boolean => name === 'operation-29';
  const some = drawOperations(names, { asked: undefined, usually: 8 }, 7, isFirst);
  expect([some.length, some[0]]).toEqual([8, 'operation-29']);
  expect(drawOperations(names, { asked: undefined, usually: 8 }, 8, isFirst)).not.toEqual(some);
  expect(drawOperations(names, { asked: '20', usually: 8 }, 7, isFirst)).toEqual(names);
  expect(drawOperations(names.slice(0, 3), { asked: undefined, usually: 8 }, 7, isFirst)).toEqual(names.slice(0, 3));
});

test('who asks for a number, for each kind or for all gets that', () => {
  expect(draw(choose({ asked: '30' }), 7, isNever)).toHaveLength(30);
  expect(draw(choose({ asked: 'distinct', all: [...MANY, ...MANY] }), 7, isNever)).toEqual(MANY);
  expect(draw(choose({ asked: 'all', all: [...MANY, ...MANY] }), 7, isNever)).toHaveLength(2000);
});

test.each(['all', 'distinct', '1', undefined])('too few to choose from are an error (%s)', (asked) => {
  for (const distinct of [[], MANY.slice(0, 19)]) {
    expect(() => draw(choose({ all: distinct, distinct, asked }), 7, isNever)).toThrow('at least 20 are expected');
  }
});

test.each(['0', '-1', '1.5', '', 'every'])('%j is no number of them', (asked) => {
  expect(() => draw(choose({ asked }), 7, isNever)).toThrow('all, distinct, or how many');
});
