"""Which framework serves which route, as a table and as a proxy reads it.

served = dict.fromkeys(GROUPS, "flask")
served["reading the API"] = "fastapi"
nginx_map(served, "flask")
"""

import re
from collections.abc import Mapping

from blog_core.http.operations import ID, OPERATIONS, PAGES, PROVIDER, USERNAME, Operation

EVERYTHING = {operation.name: operation for operation in (*OPERATIONS, *PAGES)}

GROUPS: Mapping[str, tuple[str, ...]] = {
    "machine": ("livez", "readyz", "openapi"),
    "reading the API": ("list_posts", "get_post", "list_users", "get_user"),
    "writing posts by the API": (
        "create_post",
        "replace_post",
        "change_post",
        "delete_post",
        "publish_post",
        "unpublish_post",
    ),
    "accounts by the API": ("sign_up", "get_me", "change_me", "change_password", "delete_me"),
    "tokens": ("sign_in", "list_tokens", "end_current_token", "end_token", "grant_token"),
    "reading pages": ("show_home", "show_post", "show_author", "show_feed"),
    "writing posts on pages": (
        "show_write",
        "write",
        "show_edit",
        "edit",
        "show_delete",
        "delete",
        "show_drafts",
    ),
    "signing in": (
        "show_register",
        "register",
        "show_login",
        "login",
        "logout",
        "return_from_openid",
        "begin_openid",
        "show_openid",
        "finish_openid",
    ),
    "settings": ("show_settings", "change_settings"),
}
"""The routes that move together, by the names of their operations: each of them once."""

_PARAMETERS = {"{username}": USERNAME, "{provider}": PROVIDER}


def pattern(operation: Operation) -> str:
    """A regular expression for the paths of an operation, without a query."""
    parts = re.split(r"(\{\w+\})", operation.path)
    return "".join(
        _PARAMETERS.get(part, ID) if part.startswith("{") else re.escape(part) for part in parts
    )


def methods(operation: Operation) -> tuple[str, ...]:
    """HEAD goes where GET goes."""
    return ("GET", "HEAD") if operation.method == "GET" else (operation.method,)


def nginx_map(served: Mapping[str, str], default: str) -> str:
    """routes.map: "METHOD target" to the framework of each group that is not the default's."""
    lines = [f"default {default};"]
    for group, framework in served.items():
        if framework == default:
            continue
        lines.append(f"# {group}")
        for name in GROUPS[group]:
            operation = EVERYTHING[name]
            method = "|".join(methods(operation))
            # In quotes, because of the braces.
            lines.append(f'"~^({method}) {pattern(operation)}(\\?|$)" {framework};')
    return "\n".join(lines) + "\n"


def caddy_routes(served: Mapping[str, str], default: str) -> str:
    """routes.caddy: a matcher for each operation of each group that is not the default's."""
    lines = []
    for group, framework in served.items():
        if framework == default:
            continue
        lines.append(f"# {group}")
        for name in GROUPS[group]:
            operation = EVERYTHING[name]
            lines += [
                f"@{name} {{",
                f"\tmethod {' '.join(methods(operation))}",
                f'\tpath_regexp "^{pattern(operation)}$"',
                "}",
                f"handle @{name} {{",
                f"\timport to-{framework}",
                "}",
            ]
    return "\n".join([*lines, "handle {", f"\timport to-{default}", "}"]) + "\n"
