"""Multipart bodies, good and odd. The API takes none: all of them are 415."""

BODIES = tuple(
    (name, what, b"Content-Type: multipart/form-data" + parameter, body)
    for name, what, parameter, body in (
        ("good", "a good one", b"; boundary=b", b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nx\r\n--b--\r\n'),
        ("file", "a file", b"; boundary=b", b'--b\r\nContent-Disposition: form-data; name="f"; filename="../x"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n\x1a\n\r\n--b--\r\n'),
        ("no-boundary", "no boundary named", b"", b"--b\r\n\r\nx\r\n--b--\r\n"),
        ("empty-boundary", "an empty boundary", b"; boundary=", b"--\r\n\r\nx\r\n----\r\n"),
        ("quoted-boundary", "a quoted boundary", b'; boundary="b c"', b"--b c\r\n\r\nx\r\n--b c--\r\n"),
        ("long-boundary", "a boundary of 5,000 bytes", b"; boundary=" + b"b" * 5000, b"--" + b"b" * 5000 + b"--\r\n"),
        ("odd-boundary", "a boundary of blanks and quotes", b'; boundary="\\" "', b'--" \r\n\r\nx\r\n--" --\r\n'),
        ("no-end", "no last boundary", b"; boundary=b", b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx'),
        ("nothing", "no part", b"; boundary=b", b"--b--\r\n"),
        ("empty", "no bytes", b"; boundary=b", b""),
        ("preamble", "text before the first part", b"; boundary=b", b"before\r\n--b\r\n\r\nx\r\n--b--\r\nafter"),
        ("lf", "lines that end with LF alone", b"; boundary=b", b"--b\nContent-Disposition: form-data; name=a\n\nx\n--b--\n"),
        ("nested", "multipart in multipart", b"; boundary=b", b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b--\r\n"),
        ("base64", "a part in base64", b"; boundary=b", b"--b\r\nContent-Transfer-Encoding: base64\r\n\r\neA==\r\n--b--\r\n"),
        ("many-parts", "2,000 parts", b"; boundary=b", b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * 2000 + b"--b--\r\n"),
        ("charset-utf-7", "a charset of utf-7", b"; boundary=b; charset=utf-7", b"--b\r\n\r\n+AGE-\r\n--b--\r\n"),
        ("charset-rot13", "a charset that is no text", b"; boundary=b; charset=rot13", b"--b\r\n\r\nx\r\n--b--\r\n"),
        ("two-boundaries", "two boundaries named", b"; boundary=a; boundary=b", b"--b\r\n\r\nx\r\n--b--\r\n"),
    )
)  # fmt: skip
"""Name, what it is, the field that announces it, the body."""
