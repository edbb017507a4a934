/** The shell command that resumes a command which was run with these arguments: the same one with `--resume`. */
export function resumeCommand(args: readonly string[]): string {
  const resumed = args.includes('--resume') ? args : [...beforeOperands(args), '--resume', ...operands(args)];
  return ['kneser', ...resumed].map(quote).join(' ');
}

/** The arguments that may hold flags: those before `--`, after which all are files. */
function beforeOperands(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--');
  return end < 0 ? args : args.slice(0, end);
}

function operands(args: readonly string[]): readonly string[] {
  return args.slice(beforeOperands(args).length);
}

/** An argument as POSIX shells read it: in single quotes if it has special characters. */
function quote(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`;
}
