"""The file of settings that `chatconform init` writes: every key, what it is for, and its default.

The law of this file: it is made from the commands' own arguments, so what it says of them is true; a line that is
uncommented changes nothing until its value is changed, unless it says that it is an example.
"""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any, Final

from chatconform.frontends.cli.config import settings_of_all, together
from chatconform.frontends.cli.entry import CONFIGURED

if TYPE_CHECKING:
    from chatconform.frontends.cli.settings import Setting

WIDTH: Final = 98
BEGINNING: Final = """\
# Settings of chatconform. A key is the long option of that name; take the # before it away to change it.
# The same keys may stand in pyproject.toml instead, below [tool.chatconform].
#
# What stands in this file is the weakest: environment variables win over it, and the command line wins over both.
# The variable of a key is in capitals with CHATCONFORM_ before it, as CHATCONFORM_TIMEOUT=30; several values stand on
# lines of their own. On the command line --no-strict takes back what strict = true says here, and so for every flag.
# Files that are named here are looked for from the folder of this file; reports are written to the working directory.
# ${NAME} in a string stands for the value of an environment variable. Keys have no place here: name their variable.
# pytest has settings of its own: chatconform_url and so on, in the ini options of pytest.
"""
SHARED: Final = "What several commands take. Any other key may stand here, too: it is for all commands that have it."
OF_TARGETS: Final = """\
Targets by name: `chatconform check local` checks this one, with its own settings. As many as you like, each with a
url, and with any of the keys of [check] that are about it, such as model, api-key-env, header and lack. The name
of a target may stand for a URL in `replay --url` and `proxy --upstream`, too."""
TARGET: Final = """\
#[target.local]
#url = "http://localhost:8000/v1"
#model = "my-model"
#api-key-env = "LOCAL_KEY"
#header = ["X-Team: checks"]
#lack = ["vision", "audio-input"]
"""
EXAMPLES: Final = {
    "adapter": "openai",
    "api-key-env": "MY_KEY",
    "app": "my_server.main:app",
    "baseline": "chatconform-baseline.txt",
    "fault": "usage-total-off-by-one",
    "format": "jsonl",
    "max-findings": 100,
    "max-requests": 500,
    "max-time": 600,
    "model": "my-model",
    "record": "traffic.jsonl",
    "timeout": 30,
    "type": "CreateChatCompletionRequest",
    "upstream": "https://api.example.com/v1",
    "url": "local",
}
"""Values for keys that have no default."""


def sample() -> str:
    """The text of the file."""
    by_command = settings_of_all()
    shared = {key: known[0] for key, known in together(by_command, CONFIGURED).items() if _are_one(known)}
    parts = [BEGINNING, _commented(SHARED), *map(_told, shared.values())]
    parts.append(f"{_commented(OF_TARGETS)}{TARGET}")
    for name, known in by_command.items():
        own = [setting for key, setting in known.items() if key not in shared]
        if own:
            parts += [f"{_commented(f'What `chatconform {name}` takes beside that:')}#[{name}]\n", *map(_told, own)]
    return "\n".join(parts)


def _are_one(known: list[Setting]) -> bool:
    """Whether several commands have an argument that is the same one."""
    first = known[0].action
    told = (first.default, first.help)
    return len(known) > 1 and all((one.action.default, one.action.help) == told for one in known)


def _told(setting: Setting) -> str:
    """A key with what it is for, and its default; where it has none, with an example."""
    action = setting.action
    text = (action.help or "") % {**vars(action), "prog": "chatconform"}
    value = [] if setting.is_list else action.default
    if value is None:
        text += " (unset; as an example:)"
        value = example_of(setting)
    return f"{_commented(text)}#{setting.key} = {json.dumps(value)}\n"


def example_of(setting: Setting) -> Any:
    """A value for a key that has no default."""
    if setting.action.choices is not None:
        return next(iter(setting.action.choices))
    return EXAMPLES.get(setting.key, 1 if setting.is_number else setting.action.metavar)


def _commented(text: str) -> str:
    lines = textwrap.wrap(text, WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
    return "".join(f"{line}\n" for line in lines)
