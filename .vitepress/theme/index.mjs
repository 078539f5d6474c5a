import { onContentUpdated } from 'vitepress';
import Theme from 'vitepress/theme';
import First from './first.vue';
import { markRow } from './rows.mjs';
import { openSearch } from './search.mjs';
import { showPlace } from './sidebar.mjs';
import './style.css';
import './tables.css';
import './index.css';
import './first.css';

export default {
  extends: Theme,
  enhanceApp: ({ app }) => app.component('first', First),
  setup: () => {
    onContentUpdated(showPlace);
    onContentUpdated(openSearch);
    onContentUpdated(markRow);
    if (!import.meta.env.SSR) window.addEventListener('hashchange', markRow);
  },
};
