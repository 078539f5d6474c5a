/** The error that a child tells of, with all that it has. BullMQ takes these three for texts. */
export function toldError(told: unknown): Error {
  const error = new Error();
  if (typeof told !== 'object' || told === null) return error;
  for (const [name, value] of Object.entries(told)) {
    const isWrong = ['name', 'message', 'stack'].includes(name) ? typeof value !== 'string' : name === '__proto__';
    if (!isWrong) Reflect.set(error, name, value);
  }
  return error;
}
