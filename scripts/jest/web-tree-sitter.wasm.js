'use strict';

const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const file = join(__dirname, '../../node_modules/web-tree-sitter/web-tree-sitter.wasm');
module.exports = { __esModule: true, default: new Uint8Array(readFileSync(file)) };
