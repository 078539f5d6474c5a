// A plugin of TypeDoc, for what the pages of the API lack. Comments name pages as an editor shows them best, such as
// docs/reference/budget.md: that becomes a link with the title of the page. Each way to call a function gets a heading that
// says which, and the type of all codes names them.
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { MarkdownPageEvent } from 'typedoc-plugin-markdown';

const root = join(import.meta.dirname, '../..');
/** Not in code, and not the target of a link. */
const PAGE = /(?<![\w`(/])docs\/(?:guides|internals|reference)\/[\w-]+\.md/g;

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.renderer.on(MarkdownPageEvent.END, (page) => {
    page.contents = withCodes(withCalls(withLinks(page.contents, `docs/api/${page.url}`)));
  });
}

/** The contents of the page at that path. */
export function withLinks(contents, path) {
  return contents.replace(PAGE, (named) => {
    const [, title] = /^# (.+)$/m.exec(readFileSync(join(root, named), 'utf8'));
    return `[${title}](${posix.relative(posix.dirname(path), named)})`;
  });
}

/** The outline tells one overload from another. */
export function withCalls(contents) {
  const [before, ...calls] = contents.split(/^(?=#+ Call Signature$)/m);
  return before + calls.map((call) => call.replace('Call Signature', callOf(call))).join('');
}

/** `run(file, options: RunOptions)` */
function callOf(call) {
  const [, name, args] = /```ts\n(?:function )?(\w*)(?:<[^>]*>)?\(([^)]*)\)/.exec(call);
  const [, type] = /^\| `options\??` \|.*?\[`(\w+)`\]/m.exec(call) ?? [];
  const named = args
    .trim()
    .split(/,\s*/)
    .map((arg) => (type !== undefined && /^options\b/.test(arg) ? `${arg}: ${type}` : arg));
  return `${name}(${named.join(', ')})`;
}

/** A comment can't have TypeDoc write them: to TypeScript, the union is that type again. */
export function withCodes(contents) {
  const source = readFileSync(join(root, 'lib/common/errors/error-codes.ts'), 'utf8');
  const codes = source.match(/'ERR_MEMCAGE_\w+'/g).map((code) => `\n  | ${code}`);
  return contents.replace(' typeof ErrorCode[keyof typeof ErrorCode]', codes.join(''));
}
