/** What to type, in a shell, to resume a command that was given these arguments. */
export function resumeCommand(args: readonly string[]): string {
  const resumed = args.includes('--resume') ? args : [...beforeOperands(args), '--resume', ...operands(args)];
  return ['kneser', ...resumed].map(quote).join(' ');
}

/** After `--` all arguments are files. */
function beforeOperands(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--');
  return end < 0 ? args : args.slice(0, end);
}

function operands(args: readonly string[]): readonly string[] {
  return args.slice(beforeOperands(args).length);
}

/** For POSIX shells: in single quotes where need be. */
function quote(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`;
}
