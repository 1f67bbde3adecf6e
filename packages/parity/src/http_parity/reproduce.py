"""A finding as something to run: lines of curl for a shell, and a file for pytest.

    print(curl(finding))
    Path("test_it.py").write_text(pytest_file(cause.name, finding, specs))

Both send what the finding's sequence says, to the byte, and take from earlier answers what later
requests need.
"""

import re
import string
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any, Final

from http_parity.compare import every_difference
from http_parity.differences import Difference
from http_parity.results import Finding
from http_parity.rules import Rule
from http_parity.sequence import Reference, Step, Text, value_of
from http_parity.targets import TargetSpec

PLAIN: Final = frozenset(string.ascii_letters + string.digits + "/._~%?&=+,:@!$'()*;-")
"""What may stand in a request target that curl sends as it is written."""

RUN: Final = re.compile(r"(.)\1{59,}", re.DOTALL)
"""So many of one character in a row are written as a product."""

SHELL_ESCAPES: Final = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


# curl


def curl(finding: Finding, addresses: tuple[str, str] | None = None) -> str:
    """Lines for bash that send the sequence to both targets and print the last answers.

    Where a target has no URL of its own, as one in process, the variable `A` or `B` says where it
    is served. Needs curl 7.55 or later, and python3 where an answer's value is needed later.
    """
    lines = []
    bases = []
    for variable, port, name, address in zip(
        "AB", (8001, 8002), finding.targets, addresses or finding.targets, strict=True
    ):
        url = address.rstrip("/") if re.match(r"https?://", address) else ""
        default = url or f"http://127.0.0.1:{port}"
        # In a comment a line's end would be read as a command.
        lines.append(f"{variable}=${{{variable}:-{default}}}  # {' '.join(name.split())}")
        bases.append(f'"${variable}"')
    keeps = _references(finding.sequence)
    if keeps:
        lines.append('cd "$(mktemp -d)"')
    lines.append(f"for base in {' '.join(bases)}; do")
    for number, step in enumerate(finding.sequence):
        last = number == len(finding.sequence) - 1
        if last:
            lines.append("  printf '== %s\\n' \"$base\"")
        output = "-o /dev/null"
        if last:
            output = "-i"
        elif any(reference.step == number for reference in keeps):
            output = f"-D head{number} -o body{number}"
        command = _command(step, output, keeps)
        lines += [f"  {line}" for line in command]
        for reference, name in keeps.items():
            if reference.step == number:
                there = all(value_of(reference, one) for one in finding.exchanges)
                # What is not there is the empty text.
                quiet = "" if there else " 2>/dev/null || true"
                lines.append(f"  {name}=$({_pick(reference, finding)}{quiet})")
    return "\n".join([*lines, "done"]) + "\n"


Names = dict[Reference, str]
"""The shell variable of each value that is taken from an answer."""


def _references(sequence: Iterable[Step]) -> Names:
    found: Names = {}
    for step in sequence:
        for text in (step.target, step.body, *(value for _, value in step.headers)):
            for piece in text:
                if isinstance(piece, Reference) and piece not in found:
                    found[piece] = _variable(piece, found.values())
    return found


def _variable(reference: Reference, taken: Iterable[str]) -> str:
    last = re.split("[/:]", reference.source)[-1]
    name = re.sub(r"\W+", "_", last, flags=re.ASCII).lower().strip("_")
    name = name if name and not name[0].isdigit() else f"value{name}"
    same = sum(re.sub(r"_\d+\Z", "", other) == name for other in taken)
    return f"{name}_{same + 1}" if same or name in {"base", "a", "b"} else name


def _command(step: Step, output: str, names: Names) -> list[str]:
    sent = {name.lower() for name, _ in step.headers}
    has_body = bool(step.body and any(step.body))
    words = [f"curl -sS {output} --path-as-is -g"]
    if step.method == "HEAD":
        words.append("--head")
    elif step.method != "GET" or has_body:
        words.append(f"-X {_literal(step.method)}")
    target = "".join(piece for piece in step.target if isinstance(piece, str))
    if target.startswith("/") and PLAIN.issuperset(target):
        words.append('"$base"' + _quoted(step.target, names))
    else:
        words += [f"--request-target {_quoted(step.target, names)}", '"$base/"']
    # What curl adds by itself was not sent; a field with a colon and no value takes it away.
    words += [f"-H '{name}:'" for name in ("Accept", "User-Agent") if name.lower() not in sent]
    for name, value in step.headers:
        empty = not "".join(piece if isinstance(piece, str) else "x" for piece in value).strip()
        words.append(f"-H {_quoted((f'{name};',) if empty else (f'{name}: ', *value), names)}")
    pipe = ""
    if has_body:
        if "content-type" not in sent:
            words.append("-H 'Content-Type:'")
        words.append("-H 'Expect:'")
        literal = "".join(piece for piece in step.body if isinstance(piece, str))
        if "\0" in literal or RUN.search(literal):
            pipe = f"{_printed(step.body, names)} | "
            words.append("--data-binary @-")
        else:
            words.append(f"--data-raw {_quoted(step.body, names)}")
    elif step.method in {"POST", "PUT", "PATCH"} and not sent & {
        "content-length",
        "transfer-encoding",
    }:
        words.append("-H 'Content-Length: 0'")
    return _wrapped([pipe + words[0], *words[1:]])


def _wrapped(words: list[str]) -> list[str]:
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(word) < 96:
            lines[-1] += f" {word}"
        else:
            lines.append(f"    {word}")
    return [f"{line} \\" for line in lines[:-1]] + [lines[-1]]


def _quoted(text: Text, names: Names) -> str:
    """The text as one word of bash."""
    words = []
    for is_text, pieces in groupby(text, lambda piece: isinstance(piece, str)):
        if is_text:
            words.append(_literal("".join(str(piece) for piece in pieces)))
        else:
            words += [f'"${names[piece]}"' for piece in pieces if isinstance(piece, Reference)]
    return "".join(word for word in words if word != "''") or "''"


def _literal(text: str) -> str:
    if re.fullmatch(r"[\w/.:=@%+,-]+", text, re.ASCII):
        return text
    if all(" " <= character <= "~" and character != "'" for character in text):
        return f"'{text}'"
    escaped = ""
    for character in text:
        if character in SHELL_ESCAPES:
            escaped += SHELL_ESCAPES[character]
        elif " " <= character <= "~":
            escaped += character
        else:
            # Three octal digits: no character after them can be taken for a fourth.
            escaped += f"\\{ord(character):03o}"
    return f"$'{escaped}'"


def _printed(text: Text, names: Names) -> str:
    """A command that writes the text, which may hold NUL or be long, to its output."""
    arguments = [f'"${names[piece]}"' for piece in text if isinstance(piece, Reference)]
    parts = []
    at = 0
    for piece in text:
        if isinstance(piece, Reference):
            at += 1
            parts.append(f"os.fsencode(sys.argv[{at}])")
        else:
            parts.append(_product(piece, "b"))
    program = f"import os, sys; sys.stdout.buffer.write({' + '.join(parts)})"
    return " ".join(["python3 -c", _literal(program), *arguments])


def _pick(reference: Reference, finding: Finding) -> str:
    """A command that writes the value of the reference to its output."""
    kind, _, name = reference.source.partition(":")
    number = reference.step
    is_text = True
    if kind == "body":
        keys, found = _keys(name, finding.exchanges[0][number].answer)
        value = f'json.load(open("body{number}", "rb")){keys}'
        is_text = isinstance(found, str)
        if isinstance(found, bool):
            value = f"json.dumps({value})"
    else:
        field = "set-cookie:" if kind == "cookie" else f"{name.lower()}:"
        value = (
            f'[v[{len(field)}:].strip() for v in open("head{number}", encoding="latin-1")'
            f' if v.lower().startswith("{field}")]'
        )
        if kind == "cookie":
            value = f're.search(r"(?m)^{re.escape(name)}=([^;]*)", "\\n".join({value}))[1]'
        else:
            value += "[0]"
    if reference.pattern:
        value = f"re.search({reference.pattern!r}, {value})[1]"
    if is_text and reference.escape == "url":
        value = f'urllib.parse.quote({value}, safe="-._~")'
    elif is_text and reference.escape == "json":
        value = f"json.dumps({value}, ensure_ascii=False)[1:-1]"
    modules = [name for name in ("json", "re", "urllib.parse") if f"{name}." in value]
    imports = f"import {', '.join(modules)}; " if modules else ""
    return f"python3 -c {_literal(f'{imports}print({value})')}"


def _keys(pointer: str, answer: Any) -> tuple[str, Any]:
    """The pointer as Python indexes, and what stood there: it tells an index from a key."""
    try:
        value = answer.json()
    except (AttributeError, ValueError):
        value = None
    found = ""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and key.isdigit() and int(key) < len(value):
            found += f"[{key}]"
            value = value[int(key)]
        else:
            found += f'["{key}"]' if key.isidentifier() else f"[{key!r}]"
            value = value.get(key) if isinstance(value, dict) else None
    return found, value


# pytest


def pytest_file(
    name: str,
    finding: Finding,
    targets: tuple[TargetSpec, TargetSpec],
    *,
    differences: Iterable[Difference] | None = None,
    note: str = "",
) -> str:
    """A test file that needs http_parity and pytest, and fails as long as the two differ so.

    `differences` are those that it is about, by default all of the finding. Whatever else is not
    the same in the last answers, values that each target made itself among it, is declared free in
    the file. A reset that is no text cannot be written down and is left out, with a remark.
    """
    rules = [
        f"        Rule({rule.where!r}, {rule.why!r}, kinds={rule.kinds!r}),\n"
        for rule in free(finding, differences)
    ]
    title = " ".join(name.split()).replace("\\", "\\\\").replace('"""', "'''").rstrip('"')
    slug = re.sub(r"\W+", "_", name.lower(), flags=re.ASCII).strip("_") or "finding"
    steps = "".join(_step(step) for step in finding.sequence)
    specs = "".join(_spec(spec) for spec in targets)
    used = ["Rule, Rules"] if rules else ["Rules"]
    sequence_names = ["Reference", "Step"] if _references(finding.sequence) else ["Step"]
    note = f"\n{note}\n" if note else ""
    return (
        f'"""{title}.\n\nFails as long as the two answer differently.\n{note}"""\n\n'
        "from http_parity.replay import replay\n"
        f"from http_parity.rules import {used[0]}\n"
        f"from http_parity.sequence import {', '.join(sequence_names)}\n"
        "from http_parity.targets import TargetSpec\n\n"
        f"TARGETS = (\n{specs})\n"
        f"SEQUENCE = (\n{steps})\n"
        + (f"RULES = Rules(\n    [\n{''.join(rules)}    ]\n)\n" if rules else "RULES = Rules()\n")
        + f"\n\ndef test_{slug}() -> None:\n"
        "    replayed = replay(TARGETS, SEQUENCE, rules=RULES)\n"
        "    assert not replayed.differences, str(replayed)\n"
    )


def free(finding: Finding, differences: Iterable[Difference] | None = None) -> list[Rule]:
    """What the finding's last answers do not have in common besides these differences.

    Values that each target made itself are among it, and what has another cause.
    """
    about = finding.differences if differences is None else differences
    meant = {(found.place, found.kind) for found in about}
    a, b = (exchanges[-1].answer for exchanges in finding.exchanges)
    others = {(found.place, found.kind) for found in every_difference(a, b)} - meant
    return [Rule(place, "not what this is about", kinds=(kind,)) for place, kind in sorted(others)]


def _spec(spec: TargetSpec) -> str:
    given: dict[str, Any] = {"name": spec.name} if spec.name else {}
    remark = ""
    if isinstance(spec.reset, str):
        given["reset"] = spec.reset
    elif spec.reset is not None:
        remark = "    # Its reset is a Python object and cannot be written here: add it.\n"
    if spec.env:
        given["env"] = dict(spec.env)
    if spec.process:
        given["process"] = True
    if spec.verify is not True:
        given["verify"] = spec.verify
    arguments = "".join(f", {key}={value!r}" for key, value in given.items())
    return f"{remark}    TargetSpec({spec.address!r}{arguments}),\n"


def _step(step: Step) -> str:
    lines = [f"        {step.method!r},\n", f"        {_tuple(step.target)},\n"]
    if step.headers:
        lines.append("        headers=(\n")
        lines += [f"            ({name!r}, {_tuple(value)}),\n" for name, value in step.headers]
        lines.append("        ),\n")
    if step.body:
        lines.append(f"        body={_tuple(step.body)},\n")
    if step.operation:
        lines.append(f"        operation={step.operation!r},\n")
    return f"    Step(\n{''.join(lines)}    ),\n"


def _tuple(text: Text) -> str:
    pieces = [_product(piece) if isinstance(piece, str) else _reference(piece) for piece in text]
    return f"({', '.join(pieces)}{',' if len(pieces) == 1 else ''})"


def _reference(reference: Reference) -> str:
    given: Mapping[str, str] = {"escape": reference.escape, "pattern": reference.pattern}
    arguments = "".join(f", {key}={value!r}" for key, value in given.items() if value)
    return f"Reference({reference.step}, {reference.source!r}{arguments})"


def _product(text: str, prefix: str = "") -> str:
    """The text as a Python expression, long runs of one character as a product."""

    def written(part: str) -> str:
        return repr(part.encode("latin-1")) if prefix else repr(part)

    parts = []
    at = 0
    for run in RUN.finditer(text):
        if run.start() > at:
            parts.append(written(text[at : run.start()]))
        parts.append(f"{written(run[1])} * {len(run[0])}")
        at = run.end()
    if at < len(text) or not parts:
        parts.append(written(text[at:]))
    return " + ".join(parts)
