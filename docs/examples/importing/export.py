import csv
import sys

from myapp import User, app, db

writer = csv.writer(sys.stdout)
writer.writerow(["username", "email", "password_hash", "created_at"])
with app.app_context():
    for user in db.session.scalars(db.select(User)):
        row = [user.username, user.email, user.password_hash, user.created_at.isoformat()]
        writer.writerow(row)
