// Which page comes before and after another, as links at its end: the order of the list at the side, without the examples,
// which are programs to open one by one.
import { sidebar } from './sidebar.mjs';

const linksIn = (items) =>
  items.flatMap(({ text, link, items = [] }) => [...(link ? [{ text, link }] : []), ...linksIn(items)]);

const chain = linksIn(sidebar()).filter(({ link }) => !link.startsWith('/examples/'));

const placeOf = (path) => {
  const own = `/${path.replace(/\.md$/, '').replace(/(^|\/)index$/, '$1')}`;
  return chain.findIndex(({ link }) => link === own);
};

/** @returns what the list at the side calls the page; `undefined` of one that is not in it */
export const shortTitleOf = (path) => chain[placeOf(path)]?.text;

/** @returns for the front matter of the page; `false` is no link */
export function neighboursOf(path) {
  const at = placeOf(path);
  return at < 0 ? { prev: false, next: false } : { prev: chain[at - 1] ?? false, next: chain[at + 1] ?? false };
}
