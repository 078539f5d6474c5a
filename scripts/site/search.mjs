// What the search finds, and what it shows first. The browser gets these functions as text, so they use nothing from around
// them.

/** Who looks for something wants nothing of the pages about memcage itself. */
const FOUND = /^docs\/(tutorial\.md|guides\/|reference\/|api\/)|^(CHANGELOG|SECURITY)\.md$/;

export const search = {
  provider: 'local',
  options: {
    _render: async (markdown, env, md) => (FOUND.test(env.relativePath) ? await md.renderAsync(markdown, env) : ''),
    miniSearch: {
      // The code of an error is one word, and none of those that it consists of.
      options: { tokenize: (text) => text.split(/[^\p{L}\p{N}_]+/u) },
      searchOptions: {
        boost: { title: 4, titles: 3, text: 1 },
        // A word is on many pages. Those whose headings have it are about it, and of these a guide has what to do. Short
        // answers would be before what they lead to.
        boostDocument: (id, term, { title, titles }) => {
          if (/^err_/.test(term) && /^\/docs\/reference\/errors/.test(id)) return 9;
          if (!/^\/docs\/(guides|reference|tutorial)/.test(id)) return 0.3;
          const isAbout = [title, ...titles].some((heading) => heading.toLowerCase().includes(term));
          return isAbout && !/^\/docs\/guides\/faq/.test(id) ? 3 : 1;
        },
      },
    },
  },
};
