"""What a server loads: the application with the settings of the environment."""

from blog_core.settings import Settings
from blog_litestar.app import create_app

app = create_app(Settings.from_env())
