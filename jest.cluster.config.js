const base = require('./jest.config.js');

const hasCluster = Boolean(process.env.KUBECONFIG);
if (!hasCluster) {
  console.log('skipped: KUBECONFIG names no cluster');
}

/** `npm run test:cluster`: what is shown on a real cluster, the one that KUBECONFIG names. */
module.exports = {
  ...base,
  roots: ['<rootDir>/tests/cluster'],
  passWithNoTests: !hasCluster,
  testPathIgnorePatterns: hasCluster ? ['/node_modules/'] : ['/'],
  // Pods are started, on machines that may be busy: a limit against hanging, and no measure of speed.
  testTimeout: 300_000
};
