import { readFileSync } from 'node:fs';

/**
 * Memory and time of a process, read from Linux's /proc. Every function returns `undefined` if the system does not tell, or the
 * process has just ended.
 */

/** Seconds in a unit of CPU time in /proc/PID/stat: hundredths, whatever the machine. */
const TICK = 0.01;

/** The largest resident set of a process so far, in bytes. */
export function peakBytes(pid: number | undefined): number | undefined {
  const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(readOf(pid, 'status') ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** The resident set of a process now, in bytes. */
export function residentBytes(pid: number | undefined): number | undefined {
  const kilobytes = /^VmRSS:\s*(\d+) kB$/m.exec(readOf(pid, 'status') ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** The CPU time of a process so far, on all cores, in seconds. */
export function cpuSeconds(pid: number | undefined): number | undefined {
  const stat = readOf(pid, 'stat');
  if (stat === undefined) return undefined;
  // The process's name, in brackets, may hold any character. User and system time are fields 14 and 15 of the line.
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
