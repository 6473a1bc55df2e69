/** Rooms are plain TypeScript; `.wasm` imports are bytes and `.py` imports are text, as in the bundles. */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/tests'],
  testMatch: ['**/*.spec.ts'],
  transform: {
    '\\.ts$': ['ts-jest', { diagnostics: false, tsconfig: 'tsconfig.jest.json' }],
    '\\.py$': '<rootDir>/scripts/jest/text.js',
    '/@kubernetes/client-node/dist/index\\.js$': '<rootDir>/scripts/jest/bundle.js'
  },
  // The Kubernetes client is published as modules only, which jest's sandbox does not load.
  transformIgnorePatterns: ['/node_modules/(?!@kubernetes/client-node/dist/index\\.js$)'],
  moduleFileExtensions: ['ts', 'js', 'cjs', 'mjs', 'json', 'py'],
  // jest takes any .wasm file for an ES module, so a transform cannot do this.
  moduleNameMapper: { '/([^/]+)\\.wasm$': '<rootDir>/scripts/jest/$1.wasm.js' },
  // They need a cluster: jest.cluster.config.js.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/tests/cluster/'],
  modulePathIgnorePatterns: ['<rootDir>/notepod/']
};
