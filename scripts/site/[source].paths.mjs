import { sources } from './sources.mjs';

export default {
  watch: ['../../examples/*.mts'],
  paths: () => sources().map(({ path, markdown }) => ({ params: { source: path }, content: markdown })),
};
