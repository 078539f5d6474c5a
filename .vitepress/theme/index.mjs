import { onContentUpdated } from 'vitepress';
import Theme from 'vitepress/theme';
import { showPlace } from './sidebar.mjs';
import './style.css';

export default {
  extends: Theme,
  setup: () => onContentUpdated(showPlace),
};
