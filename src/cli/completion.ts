import { Argument, Command } from 'commander';
import { groupOf, type Invocation } from './command-row.js';
import { print } from './output.js';

const HELP = `
The shell must run the printed script. To have completion in every session:
  bash: add to ~/.bashrc  source <(kneser completion bash)
  zsh:  add to ~/.zshrc, below compinit  source <(kneser completion zsh)
  fish: kneser completion fish > ~/.config/fish/completions/kneser.fish

Example:
  source <(kneser completion bash)`;

/** Makes the script of each shell. */
const SCRIPTS: Readonly<Record<string, (commands: readonly Completed[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** The parts of a command that completion needs. */
interface Completed {
  /** One word; two for a command of a group. */
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly CompletedFlag[];
  /** The words from which its arguments are chosen; empty if its arguments are paths. */
  readonly words: readonly string[];
}

/** The parts of a flag that completion needs. */
interface CompletedFlag {
  /** The long form, such as `--out`. */
  readonly long: string;
  /** The short form, such as `-o`. */
  readonly short: string | undefined;
  readonly help: string;
  readonly takesValue: boolean;
  /** The values that the flag accepts; empty if it takes any path, number or name. */
  readonly choices: readonly string[];
}

/** `kneser completion`. */
export function define(command: Command, about: Invocation): void {
  command
    .addArgument(new Argument('<shell>', 'shell to make the script for').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', HELP)
    .action(async (shell: string) => print(SCRIPTS[shell](await completed(about))));
}

/** All commands with their flags, `help` among them. */
async function completed(about: Invocation): Promise<Completed[]> {
  const commands: Completed[] = [];
  for (const row of about.commands) {
    const command = new Command(row.name);
    (await row.load()).define(command, about);
    const flags = command.options.map(({ long, short, description, required, optional, argChoices = [] }) => ({
      long: long ?? '',
      short,
      help: description,
      takesValue: required || optional,
      choices: argChoices,
    }));
    const words = command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices);
    const help = { long: '--help', short: '-h', help: 'show help', takesValue: false, choices: [] };
    commands.push({ name: row.name, summary: row.summary, flags: [...flags, help], words });
  }
  const groups = Object.entries(about.groups).map(([name, summary]) => ({
    name,
    summary,
    flags: [],
    words: about.commands.filter(row => groupOf(row) === name).map(row => row.name.slice(name.length + 1)),
  }));
  const all = [...commands, ...groups];
  return [
    ...all,
    { name: 'help', summary: 'Show help.', flags: [], words: all.map(({ name }) => name).filter(isWord) },
  ];
}

/** Whether a name is the first word of a command line, not a command of a group. */
function isWord(name: string): boolean {
  return !name.includes(' ');
}

/** The names of groups, as alternatives of a shell's `case`. */
function groupNames(commands: readonly Completed[]): string {
  const names = commands.filter(({ name }) => !isWord(name)).map(({ name }) => name.slice(0, name.indexOf(' ')));
  return [...new Set(names)].join('|');
}

/** One quoted string of the shell with the texts, separated by spaces. */
function words(texts: readonly string[]): string {
  return quote(texts.join(' '));
}

/** Quotes a text so that bash and zsh read it literally. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Lines of a shell's `case` over `COMMAND FLAG`, for the flags that take one of a few values. @param act makes the action of a line. */
function choiceCases(commands: readonly Completed[], act: (choices: readonly string[]) => string): string {
  const lines = commands.flatMap(({ name, flags }) =>
    flags
      .filter(({ choices }) => choices.length > 0)
      .map(({ long, short, choices }) => {
        const keys = [long, ...(short === undefined ? [] : [short])].map(flag => quote(`${name} ${flag}`));
        return `    ${keys.join('|')}) ${act(choices)}; return ;;\n`;
      }),
  );
  return lines.join('');
}

/** Lines of a shell's `case` over commands. @param act makes the action of a line. */
function commandCases(commands: readonly Completed[], act: (command: Completed) => string): string {
  return commands.map(command => `      ${quote(command.name)}) ${act(command)} ;;\n`).join('');
}

/** Makes the script of bash: one function that reads the words of the line. In `--flag=value`, bash makes three words: flag, `=`, value. */
function bashScript(commands: readonly Completed[]): string {
  const names = [...commands.map(({ name }) => name).filter(isWord), '--help', '--version'];
  const flagsOf = ({ flags }: Completed): string => `words=${words(flags.map(({ long }) => long))}`;
  return `# Completion of kneser for bash: source <(kneser completion bash)
_kneser() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]} words=
  COMPREPLY=()
  if [[ $word == = ]]; then
    word=
  elif [[ $before == = ]]; then
    before=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W ${words(names)} -- "$word"))
    return
  fi
  case $command in
    ${groupNames(commands)}) ((COMP_CWORD > 2)) && command="$command \${COMP_WORDS[2]}" ;;
  esac
  case "$command $before" in
${choiceCases(commands, choices => `COMPREPLY=($(compgen -W ${words(choices)} -- "$word"))`)}  esac
  if [[ $word == -* ]]; then
    case $command in
${commandCases(commands, flagsOf)}    esac
  else
    case $command in
${commandCases(
  commands.filter(command => command.words.length > 0),
  command => `words=${words(command.words)}`,
)}    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o bashdefault -o default -F _kneser kneser
`;
}

/** Makes the script of zsh: one function. The script also works as the file `_kneser` in a folder of `fpath`. */
function zshScript(commands: readonly Completed[]): string {
  const described = (name: string, help: string): string => quote(`${name}:${help}`);
  const flagsOf = ({ flags }: Completed): string =>
    `flags=(${flags.map(({ long, help }) => described(long, help)).join(' ')})`;
  return `#compdef kneser
# Completion of kneser for zsh: source <(kneser completion zsh)
_kneser() {
  local -a commands flags
  local command=$words[2]
  if ((CURRENT == 2)); then
    commands=(
${commands
  .filter(({ name }) => isWord(name))
  .map(({ name, summary }) => `      ${described(name, summary)}\n`)
  .join('')}    )
    _describe command commands
    return
  fi
  case $command in
    ${groupNames(commands)}) ((CURRENT > 3)) && command="$command $words[3]" ;;
  esac
  case "$command $words[CURRENT-1]" in
${choiceCases(commands, choices => `compadd -- ${choices.map(quote).join(' ')}`)}  esac
  if [[ $words[CURRENT] == -* ]]; then
    case $command in
${commandCases(commands, flagsOf)}    esac
    _describe -o option flags
  else
    case $command in
${commandCases(
  commands.filter(command => command.words.length > 0),
  command => `compadd -- ${command.words.map(quote).join(' ')}`,
)}      *) _files ;;
    esac
  fi
}
if [[ $funcstack[1] == _kneser ]]; then
  _kneser "$@"
else
  compdef _kneser kneser
fi
`;
}

/** Makes the script of fish: a line for each command and each flag. */
function fishScript(commands: readonly Completed[]): string {
  const text = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap(({ name, summary, flags, words: choices }) => {
    const seen = name.split(' ').map(word => `__fish_seen_subcommand_from ${word}`);
    const after = `complete -c kneser -n ${text(seen.join('; and '))}`;
    return [
      ...(isWord(name) ? [`complete -c kneser -n __fish_use_subcommand -f -a ${name} -d ${text(summary)}`] : []),
      ...(choices.length > 0 ? [`${after} -f -a ${text(choices.join(' '))}`] : []),
      ...flags.map(flag => {
        const short = flag.short === undefined ? '' : ` -s ${flag.short.slice(1)}`;
        const value = flag.choices.length > 0 ? ` -x -a ${text(flag.choices.join(' '))}` : flag.takesValue ? ' -r' : '';
        return `${after} -l ${flag.long.slice(2)}${short}${value} -d ${text(flag.help)}`;
      }),
    ];
  });
  return ['# Completion of kneser for fish: kneser completion fish | source', ...lines, ''].join('\n');
}
