/** A package that is published as modules only, bundled into one CommonJS file. */
const { buildSync } = require('esbuild');

module.exports = {
  process(_, path) {
    const { outputFiles } = buildSync({
      entryPoints: [path],
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      write: false,
      logLevel: 'error'
    });
    return { code: outputFiles[0].text };
  }
};
