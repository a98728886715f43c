"""Completion of the command in shells, made of its own arguments."""

import argparse

HELP = "print a script that completes this command in a shell"
DESCRIPTION = """Print a script that completes this command, its options and the names of files.

  bash: source <(pcodec-numcodecs completion bash)
  zsh:  source <(pcodec-numcodecs completion zsh)
  fish: pcodec-numcodecs completion fish | source"""

__all__ = ["add_arguments", "print_script"]

_PROGRAM = "pcodec-numcodecs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish"))


def print_script(parser: argparse.ArgumentParser, shell: str) -> int:
    """Print the script for a shell."""
    print({"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](_commands(parser)), end="")
    return 0


def _commands(parser: argparse.ArgumentParser) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """Return each command with its help and its options with theirs."""
    (actions,) = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    helps = {action.dest: action.help or "" for action in actions._choices_actions}
    return {
        name: (
            helps[name],
            [
                (text, action.help or "")
                for action in command._actions
                for text in action.option_strings
                if text[:2] == "--"
            ],
        )
        for name, command in actions.choices.items()
    }


def _bash(commands: dict[str, tuple[str, list[tuple[str, str]]]]) -> str:
    cases = "\n".join(
        f'    {name}) options="{" ".join(option for option, _ in options)}" ;;'
        for name, (_, options) in commands.items()
    )
    return f"""_pcodec_numcodecs() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} options=
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "{" ".join(commands)} --help --version" -- "$word"))
    return
  fi
  case ${{COMP_WORDS[1]}} in
{cases}
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
  elif [[ ${{COMP_WORDS[1]}} == completion ]]; then
    COMPREPLY=($(compgen -W "bash zsh fish" -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}}
complete -o filenames -F _pcodec_numcodecs {_PROGRAM}
"""


def _zsh(commands: dict[str, tuple[str, list[tuple[str, str]]]]) -> str:
    return f"autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n{_bash(commands)}"


def _fish(commands: dict[str, tuple[str, list[tuple[str, str]]]]) -> str:
    def quoted(text: str) -> str:
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    lines = []
    for name, (help_text, options) in commands.items():
        lines.append(f"complete -c {_PROGRAM} -n __fish_use_subcommand -f -a {name} -d {quoted(help_text)}")
        seen = f"'__fish_seen_subcommand_from {name}'"
        lines += [f"complete -c {_PROGRAM} -n {seen} -l {option[2:]} -d {quoted(told)}" for option, told in options]
    lines.append(f"complete -c {_PROGRAM} -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'")
    return "\n".join(lines) + "\n"
