import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

// Only what needs type information: Biome does the rest.
export default defineConfig([
  { ignores: ['build', 'dist', 'out', 'prebuilds', '**/*.{js,mjs,cjs}'] },
  {
    files: ['**/*.ts', 'examples/**/*.mts'],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
    },
  },
  {
    // Tests look into JSON, mocks and matchers, which are `any` by their own types.
    files: ['lib/**/*.ts', 'types/**/*.ts', 'examples/**/*.mts', 'bench/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'error',
      '@typescript-eslint/no-unsafe-assignment': 'error',
      '@typescript-eslint/no-unsafe-call': 'error',
      '@typescript-eslint/no-unsafe-member-access': 'error',
      '@typescript-eslint/no-unsafe-return': 'error',
    },
  },
]);
