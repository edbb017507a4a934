import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Makes the cached environment of a suite if there is none; ends the process if that fails, after the script has said why.
 *
 * @param script the address of the shell script that makes it and prints its folder.
 * @returns the folder.
 */
export function makeEnvironment(script: URL): string {
  const { status, stdout } = spawnSync('bash', [fileURLToPath(script), '--make'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (status !== 0) process.exit(1);
  return stdout.trim();
}
