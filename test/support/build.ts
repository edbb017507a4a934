import { execSync } from 'node:child_process';

/** Builds what has changed since the last build, before any test. */
export default function build(): void {
  execSync('npm run --silent build', { stdio: 'inherit' });
}
