'use strict';

const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const file = join(__dirname, '../../node_modules/tree-sitter-python/tree-sitter-python.wasm');
module.exports = { __esModule: true, default: new Uint8Array(readFileSync(file)) };
