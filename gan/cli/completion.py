"""A shell script that completes commands and options."""

from gan.cli.commands import COMMANDS
from gan.cli.parser import Parser

SCRIPT = """\
# bash: eval "$(gan --completion)"; zsh: the same after autoload -U +X bashcompinit && bashcompinit
_gan() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} words=
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="{commands}"
  elif [ "${{word#-}}" != "$word" ]; then
    case ${{COMP_WORDS[1]}} in
{cases}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o default -F _gan gan
"""


def script() -> str:
    """Return a bash script that completes commands, options and, in other places, file names."""
    options = {name: Parser(command, name).names() for name, command in COMMANDS.items()}
    cases = "\n".join(
        f'      {name}) words="{" ".join(f"--{key}" for key in [*keys, "help-all"])}" ;;'
        for name, keys in options.items()
    )
    return SCRIPT.format(commands=" ".join(options), cases=cases)
