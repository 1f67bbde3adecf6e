"""The core's tables, as far as Django's own refer to them: Alembic makes them."""

from typing import Any, ClassVar

from django.db import migrations, models


def core_table(name: str, **options: object) -> migrations.CreateModel:
    fields: list[tuple[str, Any]] = [("id", models.BigAutoField(primary_key=True, serialize=False))]
    return migrations.CreateModel(name, fields, options={"managed": False, **options})


class Migration(migrations.Migration):
    initial = True
    dependencies: ClassVar = []
    operations: ClassVar = [
        core_table(
            "User",
            db_table="users",
            ordering=["username_key"],
            verbose_name="user",
            verbose_name_plural="users",
        ),
        core_table(
            "Post",
            db_table="posts",
            get_latest_by="pub_date",
            ordering=["-pub_date", "-id"],
            verbose_name="post",
            verbose_name_plural="posts",
        ),
        core_table(
            "Token",
            abstract=False,
            db_table="tokens",
            ordering=["-id"],
            verbose_name="token",
            verbose_name_plural="tokens",
        ),
        core_table(
            "Session",
            abstract=False,
            db_table="sessions",
            ordering=["-id"],
            verbose_name="session",
            verbose_name_plural="sessions",
        ),
        core_table(
            "StaffAction",
            db_table="staff_actions",
            ordering=["-id"],
            verbose_name="action of staff",
            verbose_name_plural="actions of staff",
        ),
    ]
