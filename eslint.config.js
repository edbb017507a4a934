import tseslint from 'typescript-eslint';
import { layers } from './eslint.layers.js';

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'models', 'coverage', 'docs/api', 'test/fixtures'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        project: [
          './test/tsconfig.json',
          './test/browser/tsconfig.json',
          './native-free/tsconfig.json',
          './native-free/demo/page/tsconfig.json',
          './native-free/demo/workers/tsconfig.json',
        ],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      // Typed arrays are indexed in every hot loop; `!` on each access would hide the real ones.
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/**', 'native-free/**', 'corpora/**', 'bench/**', 'test/faults/**'],
    plugins: { kneser: { rules: { layers } } },
    rules: { 'kneser/layers': 'error' },
  },
  { files: ['*.config.js', 'eslint.layers.js', 'docs/examples/*.mjs'], extends: [tseslint.configs.disableTypeChecked] },
);
