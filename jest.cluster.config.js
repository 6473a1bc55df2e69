/** `npm run test:cluster`: what is shown on a real cluster, the one that KUBECONFIG names. */
module.exports = {
  ...require('./jest.config.js'),
  roots: ['<rootDir>/tests/cluster'],
  testPathIgnorePatterns: ['/node_modules/'],
  // Pods are started, on machines that may be busy: a limit against hanging, and no measure of speed.
  testTimeout: 300_000
};
