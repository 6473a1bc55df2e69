// Counts what our syntax checks say against CPython's compiler: docs/syntax.md. Exit code 1 if they refuse code that it takes, but
// for the known cases.
//
//   node bench/syntax.mjs [PYTHON…] [--of library,tests] [--show N]
//
// PYTHON is an interpreter of 3.8 or later (the project's own by default). `library` is every file of its standard library, `tests` the
// strings that its own tests about syntax hand to the compiler (a minute or two); N findings of each kind are listed (10).
import { loaded, root } from './bundle.mjs';

const { main } = await loaded('bench/syntax.ts');
process.exitCode = await main(root, process.argv.slice(2));
