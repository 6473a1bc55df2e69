import { runCommandLine } from './program';

// A closed pipe (`notepod graph … | head`) is no mistake of anybody's.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') {
    process.exit(0);
  }
  throw error;
});

process.exitCode = await runCommandLine(process.argv);
