"""What a server loads: the application with the settings of the environment."""

from blog_flask.app import create_app

app = create_app()
app.blog.prepare()
