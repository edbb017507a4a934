import { quoted } from '../base/quoted.js';

/** The shell command that resumes a training started with these arguments: the same command with `--resume`. */
export function resumeCommand(args: readonly string[]): string {
  const resumed = args.includes('--resume') ? args : [...beforeOperands(args), '--resume', ...operands(args)];
  return ['kneser', ...resumed].map(quoted).join(' ');
}

/** The arguments before `--`, among which flags can be; all arguments after `--` are files. */
function beforeOperands(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--');
  return end < 0 ? args : args.slice(0, end);
}

function operands(args: readonly string[]): readonly string[] {
  return args.slice(beforeOperands(args).length);
}
