import { readFileSync } from 'node:fs';

/**
 * Reads memory and time of a process from /proc, which only Linux has. Every function returns `undefined` on other systems, and if the
 * process has ended.
 */

/** The unit of CPU time in /proc/PID/stat [s]: a hundredth of a second on every machine. */
const TICK = 0.01;

/** The largest resident set of a process so far [bytes]. */
export function peakBytes(pid: number | undefined): number | undefined {
  const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(readOf(pid, 'status') ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** The resident set of a process at present [bytes]. */
export function residentBytes(pid: number | undefined): number | undefined {
  const kilobytes = /^VmRSS:\s*(\d+) kB$/m.exec(readOf(pid, 'status') ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** The CPU time of a process so far, on all cores [s]. */
export function cpuSeconds(pid: number | undefined): number | undefined {
  const stat = readOf(pid, 'stat');
  if (stat === undefined) return undefined;
  // Field 2 is the name of the process in brackets, which may contain any character. User and system time are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return TICK * (Number(fields[11]) + Number(fields[12]));
}

function readOf(pid: number | undefined, name: string): string | undefined {
  if (process.platform !== 'linux' || pid === undefined) return undefined;
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return undefined;
  }
}
