"""The corpora are whole: as many cases as there were, and every byte of them."""

from collections import Counter

from tests.corpora import digest, gunicorn_requests, json_test_suite, naughty_strings


def test_json_test_suite_is_whole() -> None:
    cases = json_test_suite()
    kinds = Counter(name[0] for name, _ in cases)
    assert {"y": 95, "n": 188, "i": 35} == kinds
    assert "931983194ec998b599f52eb3ff0d70b3b72f68ec6200062627babb02e23fac56" == digest(cases)


def test_the_naughty_strings_are_whole() -> None:
    strings = naughty_strings()
    assert 520 == len(strings)
    cases = [("", text.encode()) for text in strings]
    assert "ee7f03acade5aafce35ae1e4f81e2e5ee3686a0215074aa4d2f84a6188231347" == digest(cases)


def test_gunicorn_s_requests_are_whole() -> None:
    cases = gunicorn_requests()
    assert {"valid": 62, "invalid": 81} == Counter(name.split("_")[0] for name, _ in cases)
    assert "22eeafa461d7e6f719a92e9ab007da33474cef8411725a097d7de87227326c92" == digest(cases)
