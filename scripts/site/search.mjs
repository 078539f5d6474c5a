// What the search finds, and what it shows first. The browser gets these functions as text, so they use nothing from around
// them.

import { shortTitleOf } from './pager.mjs';

/** Who looks for something wants nothing of the pages about memcage itself. */
const FOUND = /^docs\/(tutorial\.md|guides\/|reference\/|api\/)|^(CHANGELOG|SECURITY)\.md$/;

export const search = {
  provider: 'local',
  options: {
    _render: async (markdown, env, md) =>
      FOUND.test(env.relativePath)
        ? withRows(withShortTitle(await md.renderAsync(markdown, env), env.relativePath))
        : '',
    detailedView: true,
    miniSearch: {
      options: {
        // The code of an error is one word, and none of those that it consists of.
        tokenize: (text) => text.split(/[^\p{L}\p{N}_]+/u),
        processTerm: (term) =>
          /^(an?|and|are|can|do|does|for|from|how|i|in|is|it|my|of|on|the|to|what|when|why|with)$/i.test(term)
            ? null
            : term.toLowerCase(),
      },
      searchOptions: {
        // 'fork bomb' is not what has one of the words, 'fork' is not 'for', and 'ulimit' not 'limit'.
        combineWith: 'AND',
        fuzzy: (term) => (term.length > 6 ? 0.2 : false),
        boost: { title: 4, titles: 3, text: 1 },
        // A word is on many pages. Those whose headings have it are about it, and of these a guide has what to do: the address
        // has the words of a long title too. Short answers would be before what they lead to. A section whose heading is the
        // word itself is before one that has it in the title of its page too.
        boostDocument: (id, term, { title, titles }) => {
          if (/^err_/.test(term) && /^\/docs\/reference\/errors/.test(id)) return 9;
          if (/^\/docs\/reference\/options/.test(id)) return 0.6;
          if (!/^\/docs\/(guides|reference|tutorial)/.test(id)) return 0.3;
          if (/^\/docs\/guides\/faq/.test(id)) return 0.5;
          if (title.toLowerCase() === term) return 4;
          return [id, title, ...titles].some((heading) => heading.toLowerCase().includes(term)) ? 3 : 1;
        },
      },
    },
  },
};

/** A result begins with the title of its page, which is for a phone too. The rest of a long one is found as text. */
function withShortTitle(html, path) {
  const short = shortTitleOf(path);
  if (short === undefined) return html;
  return html.replace(/(<h1[^>]*>)(.*?)( ?<a class="header-anchor".*?<\/h1>)/s, `$1${short}$3<p>$2</p>`);
}

/** A row that has an anchor (rows.mjs) is found by itself, as if below a heading of its own. */
function withRows(html) {
  return html.replace(/<tr id="([^"]+)"[^>]*>(.*?)<\/tr>/gs, (_, id, cells) => {
    const [name, ...others] = cells
      .replace(/<a class="row-anchor".*?<\/a>/, '')
      .split('</td>')
      .map((cell) => cell.replace(/<[^>]*>|\n/g, ''));
    return `<h3>${name}<a href="#${id}"></a></h3>\n${others.join(' ')}\n`;
  });
}
