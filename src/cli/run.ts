import { Command } from 'commander';
import { PROCESS_STREAMS, standard, STDIN, withStreams, type StandardStreams } from '../base/node/standard-streams.js';
import { KneserError } from '../base/errors.js';
import { VERSION } from '../base/version.js';
import { groupOf } from './command-row.js';
import { COMMANDS, GROUPS } from './commands.js';
import { reportError } from './report-error.js';
import { joinShares, joinThresholds } from './values.js';

/**
 * Runs a command in this process.
 *
 * @param args the arguments after `kneser` on the command line.
 * @param streams standard input, output and error of the command; by default those of the process. One command runs at a time.
 * @returns the exit code. An error is written to standard error, never thrown.
 */
export async function runCommandLine(
  args: readonly string[],
  streams: StandardStreams = PROCESS_STREAMS,
): Promise<number> {
  let running: Command | undefined;
  const kneser = new Command('kneser')
    .description('N-gram language models (exact modified Kneser-Ney): train on text, score text, measure perplexity.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: text => void standard.stdout.write(text),
      writeErr: text => void standard.stderr.write(text),
    })
    .showHelpAfterError('(kneser --help lists the commands, kneser COMMAND --help the options of a command)');
  const programs = new Map([['', kneser]]);
  for (const row of COMMANDS) {
    const group = groupOf(row) ?? '';
    const program = programs.get(group) ?? kneser.command(group).description(GROUPS[group]);
    programs.set(group, program);
    program.command(row.name.slice(group.length).trim()).description(row.summary);
  }
  for (const [group, program] of programs) {
    program.hook('preSubcommand', async (_, command) => {
      const row = COMMANDS.find(({ name }) => name === `${group} ${command.name()}`.trim());
      (await row?.load())?.define(command, { commands: COMMANDS, groups: GROUPS, args });
      running = command;
    });
  }
  kneser.hook('preAction', (_, command) => refuseDash(command));
  return withStreams(streams, async () => {
    try {
      await kneser.parseAsync(withHelp(joinShares(joinThresholds(args))), { from: 'user' });
      return 0;
    } catch (error) {
      return reportError(error, running);
    }
  });
}

/**
 * Turns `kneser help COMMAND` into `kneser COMMAND --help`, which loads the file of the command. If there is no such command, `--help` is left
 * out, because commander would print the general help instead of an error.
 */
function withHelp(args: readonly string[]): readonly string[] {
  const asked = args[0] === 'help' && args.length > 1 ? [...args.slice(1), '--help'] : args;
  return beginsWithCommand(asked) ? asked : asked.filter(arg => arg !== '--help' && arg !== '-h');
}

/** Whether the arguments that name a command name one that exists; true without such arguments. */
function beginsWithCommand([first = '-', second = '-']: readonly string[]): boolean {
  const isKnown = (name: string): boolean => COMMANDS.some(row => row.name === name);
  if (first.startsWith('-') || first === 'help' || isKnown(first)) return true;
  if (!Object.hasOwn(GROUPS, first)) return false;
  return second.startsWith('-') || second === 'help' || isKnown(`${first} ${second}`);
}

/** Flags that name files and folders to write, in camel case. */
const OUTPUTS = ['out', 'outDir', 'report', 'html', 'arpa', 'keepModels'];

/** Refuses `-` as the path of an output: it is standard input elsewhere, and would become a file of this name. @throws KNESER_OPTION */
function refuseDash(command: Command): void {
  const options = command.opts<Record<string, unknown>>();
  const name = OUTPUTS.find(output => options[output] === STDIN);
  if (name === undefined) return;
  throw new KneserError('KNESER_OPTION', `${name}: - names no output; give the path of a file or folder`);
}
