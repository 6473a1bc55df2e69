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
  'cluster',
  'engines',
  'service',
  'cli',
  'lab',
  'runtime'
];
const PURE = ROOMS.slice(0, ROOMS.indexOf('cluster'));

/** What Node or a browser brings along and the language does not. */
const PLATFORM = [
  ...['process', 'Buffer', 'global', 'globalThis', 'require', '__dirname', '__filename'],
  ...['window', 'document', 'self', 'navigator', 'localStorage', 'sessionStorage'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'performance'],
  ...['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource']
];

/**
 * What a room must not import: every later room; `lab` talks to the service over HTTP only. The step program (`runtime`) is
 * data, a text that others put into a document or a folder: it imports no room, and any room but the vocabulary may carry it.
 */
function forbidden(room) {
  switch (room) {
    case 'runtime':
      return ROOMS.filter(other => other !== 'runtime');
    case 'lab':
      return ['engines', 'cluster', 'service', 'cli'];
    case 'diagnostics':
      return ROOMS.filter(other => other !== 'diagnostics');
    default:
      return ROOMS.slice(ROOMS.indexOf(room) + 1).filter(other => other !== 'runtime');
  }
}

const zones = ROOMS.map(room => ({
  target: `./src/${room}`,
  from: forbidden(room).map(other => `./src/${other}`),
  message: `${room}/ must not import this room: see docs/architecture.md.`
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
      // In every form: static, dynamic and required; with and without `node:`.
      'import-x/no-nodejs-modules': 'error',
      'no-restricted-globals': [
        'error',
        ...PLATFORM.map(name => ({
          name,
          message: 'This room is pure: no platform, no clock, no network.'
        }))
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'This room is pure: it has no clock.' }
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'This room is pure: it has no clock.'
        }
      ]
    }
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/lab/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['@jupyterlab/*', '@lumino/*'], message: 'Only lab/ knows JupyterLab.' }
          ]
        }
      ]
    }
  },
  {
    // The tests of a room may use any other to set their scene.
    files: ['src/**/__tests__/**/*.ts'],
    rules: { 'import-x/no-restricted-paths': 'off' }
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
