"""Completion of commands and options by the shell."""

from collections.abc import Mapping, Sequence

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


def bash(options: Mapping[str, Sequence[str]]) -> str:
    """A script for bash that completes commands, their options, and elsewhere file names."""
    cases = "\n".join(f'      {name}) words="{" ".join(of)}" ;;' for name, of in options.items())
    return SCRIPT.format(commands=" ".join(options), cases=cases)
