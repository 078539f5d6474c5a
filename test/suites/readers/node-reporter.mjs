/** For `node --test-reporter`: a line of JSON for each test of node:test, its name after those of the tests around it. */
export default async function* report(events) {
  const around = [];
  for await (const { type, data } of events) {
    if (type === 'test:start') {
      around.length = data.nesting;
      around.push(data.name);
    }
    // A suite has no outcome of its own.
    if ((type !== 'test:pass' && type !== 'test:fail') || data.details?.type === 'suite') continue;
    const isSkipped = (data.skip ?? data.todo) !== undefined;
    const name = [...around.slice(0, data.nesting), data.name].join(' › ');
    yield `${JSON.stringify({ name, outcome: isSkipped ? 'skip' : type.slice('test:'.length), file: data.file })}\n`;
  }
}
