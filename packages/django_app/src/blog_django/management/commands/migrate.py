"""`manage.py migrate`: the core's tables by Alembic, then Django's own."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS
from sqlalchemy import create_engine

from blog_core.domain.errors import Unavailable
from blog_core.storage.engine import translated
from blog_core.storage.migrate import state, upgrade


class Command(migrate.Command):
    help = "Brings the core's tables up to this release (Alembic), then Django's own."

    def handle(self, *args: Any, **options: Any) -> Any:
        if options["app_label"] in (None, "blog") and options["database"] == DEFAULT_DB_ALIAS:
            try:
                self._core(options)
            except Unavailable as error:
                raise CommandError(str(error)) from error
        return super().handle(*args, **options)

    def _core(self, options: dict[str, Any]) -> None:
        say = self.stdout.write if options["verbosity"] else lambda _: None
        say(self.style.MIGRATE_HEADING("The core's tables, by Alembic:"))
        url = settings.BLOG.database_url
        if options["plan"] or options["check_unapplied"]:
            up_to_date = _is_current(url)
            say("  Up to date." if up_to_date else "  Not of this release.")
            if options["check_unapplied"] and not up_to_date:
                sys.exit(1)
        elif not options["fake"]:
            upgrade(url)
            say("  Up to date.")


def _is_current(url: str) -> bool:
    engine = create_engine(url)
    try:
        with translated(), engine.connect() as connection:
            return state(connection) == "current"
    finally:
        engine.dispose()
