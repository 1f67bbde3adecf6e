"""What clients see of the limits that whoever runs the site has set: here one a day of each.

The contract suite stays below every limit and cannot see this. `tests/test_mutants.py` runs these
as it runs the suite, in a process of its own, with `tests.workers.ONCE` for limits.
"""

from blog_contract.answers import assert_problem
from blog_contract.client import Client
from blog_contract.resources import sign_up_form

MADE_UP = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Client-IP")


def test_the_limits_that_were_set_are_the_ones_that_count(client: Client) -> None:
    form = sign_up_form()
    names = [client.post("/api/users", json=new).status for new in (form, sign_up_form())]
    assert [201, 429] == names
    credentials = {"username": form["username"], "password": form["password"]}
    signed_in, refused = [client.post("/api/tokens", json=credentials) for _ in range(2)]
    assert [201, 429] == [signed_in.status, refused.status]
    token = signed_in.json()["token"]
    changes = [client.patch("/api/me", json={}, token=token).status for _ in range(2)]
    assert [200, 429] == changes
    # Somebody else may have read before.
    assert [429] == [client.get("/api/posts").status for _ in range(2)][1:]


def test_whoever_makes_up_addresses_is_no_other_client(client: Client) -> None:
    client.get("/api/posts")
    for number in range(1, 4):
        fields = [(name, f"198.51.{number}.7") for name in MADE_UP]
        assert_problem(client.get("/api/posts", headers=fields), 429)
