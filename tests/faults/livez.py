"""Asks for one path, of each port, twenty times a second, until its input ends; prints seconds.

    python -m tests.faults.livez PATH PORT... < pipe

A process of its own, so that nothing waits for the load's threads. Each is asked when it is time,
and measured from then on, however long the one before took. A line for each answer: the port, when
it was to be asked (monotonic), the seconds, the status (0 for none).
"""

import http.client
import sys
import threading
import time

EVERY = 0.05
PATIENCE = 20.0


def main() -> None:
    path, *ports = sys.argv[1:]
    over = threading.Event()
    found: list[str] = []
    threads = [threading.Thread(target=_ask, args=(path, int(port), over, found)) for port in ports]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    over.set()
    for thread in threads:
        thread.join()
    sys.stdout.write("".join(found))


def _ask(path: str, port: int, over: threading.Event, found: list[str]) -> None:
    due = time.monotonic()
    while not over.wait(max(0.0, due - time.monotonic())):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            status = answer.status
        except (OSError, http.client.HTTPException):
            status = 0
        finally:
            connection.close()
        found.append(f"{port} {due:.6f} {time.monotonic() - due:.6f} {status}\n")
        due += EVERY


if __name__ == "__main__":
    main()
