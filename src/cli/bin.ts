#!/usr/bin/env node
import { main } from './main.js';
import { processTerminal } from './terminal.js';

// Writing to a closed pipe (`sidewire ... | head`) is an end, not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await main(process.argv.slice(2), processTerminal());
