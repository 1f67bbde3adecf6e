import new


def test_the_port_answers_like_the_original(parity):
    document = new.app.openapi()
    parity.compare("wsgi:old:app", "asgi:new:app", openapi=document, examples=500)
