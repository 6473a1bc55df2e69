import jupyter from '@jupyter/eslint-plugin';
import prettier from 'eslint-config-prettier';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/**
 * The rooms of src/, in the order in which data goes through them: a room imports only rooms before it.
 * `diagnostics` is the vocabulary of problems that all rooms share and imports nothing.
 */
const ROOMS = [
  'diagnostics',
  'notebook',
  'python',
  'dataflow',
  'pipeline',
  'compile',
  'timing',
  'engines',
  'cluster',
  'service',
  'cli',
  'lab'
];
const PURE = ROOMS.slice(0, ROOMS.indexOf('engines'));

/** What a room must not import: every later room; `lab` talks to the service over HTTP only. */
function forbidden(room) {
  const later = ROOMS.slice(ROOMS.indexOf(room) + 1);
  return room === 'lab' ? ['engines', 'cluster', 'service', 'cli'] : later;
}

const zones = ROOMS.map(room => ({
  target: `./src/${room}`,
  from: forbidden(room).map(other => `./src/${other}`),
  message: `${room}/ comes before the room it imports: see docs/architecture.md.`
})).filter(zone => zone.from.length > 0);

/** Every rule of a shared configuration that is on is an error. */
function asErrors(config) {
  const rules = Object.entries(config.rules ?? {}).map(([name, setting]) => {
    const [level, ...options] = Array.isArray(setting) ? setting : [setting];
    return [name, level === 'off' || level === 0 ? 'off' : ['error', ...options]];
  });
  return { ...config, plugins: { jupyter }, rules: Object.fromEntries(rules) };
}

export default tseslint.config(
  {
    ignores: ['node_modules/**', 'notepod/**', '.venv/**', 'tests/conformance/**', 'coverage/**']
  },
  ...[jupyter.configs.recommended].flat().map(asErrors),
  {
    files: ['src/**/*.ts', 'tests/**/*.ts', 'bench/**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname }
    },
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [importX.createNodeResolver({ extensions: ['.ts'] })] },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-namespace': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true }
      ],
      eqeqeq: 'error',
      'import-x/no-restricted-paths': ['error', { zones, basePath: import.meta.dirname }],
      'import-x/no-cycle': ['error', { maxDepth: 1 }]
    }
  },
  {
    files: PURE.map(room => `src/${room}/**/*.ts`),
    ignores: ['**/__tests__/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['node:*', 'fs', 'path', 'os', 'child_process'],
              message: 'This room is pure: it runs in the browser too.'
            }
          ]
        }
      ],
      'no-restricted-globals': [
        'error',
        ...['process', 'window', 'document', 'Buffer', 'setTimeout', 'fetch'].map(name => ({
          name,
          message: 'This room is pure: no platform, no clock, no network.'
        }))
      ]
    }
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        module: 'writable',
        require: 'readonly',
        __dirname: 'readonly'
      }
    }
  },
  prettier
);
