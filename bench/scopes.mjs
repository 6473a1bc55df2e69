// Compares the scopes of our analysis with CPython's symbol tables over all files of the standard library, its tests and
// subpackages included: docs/scopes.md. Exit code 1 if fewer than 99.9 % of the symbols of one Python agree.
//
//   node bench/scopes.mjs [PYTHON…] [--show N]
//
// PYTHON is an interpreter of 3.8 or later (the project's own by default); N differences of each are listed (20).
import { loaded, root } from './bundle.mjs';

const { main } = await loaded('bench/scopes.ts');
process.exitCode = await main(root, process.argv.slice(2));
