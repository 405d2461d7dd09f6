"""A visitor who asks as often as he can, as a process: `python -m drill.flooding PORT COOKIE PATH`."""

import http.client
import sys
import threading
import time
from collections import Counter

CONNECTIONS, A_SECOND = 300, 60  # more would reach what one address may ask, and the other employer asks from it too


def _ask(port: int, cookie: str, path: str, ended: threading.Event, answers: Counter) -> None:
    while not ended.is_set():
        began = time.monotonic()
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", path, headers={"Cookie": f"sessionid={cookie}"})
            got = connection.getresponse()
            text = got.read()
            connection.close()
            answers[f"{got.status}{' in words' if '请求过于频繁'.encode() in text else ''}"] += 1
        except OSError:
            answers["none"] += 1
        time.sleep(max(CONNECTIONS / A_SECOND - (time.monotonic() - began), 0))


def main(port: str, cookie: str, path: str) -> None:
    """Ask until the input ends; print how often each status came."""
    answers: Counter[str] = Counter()
    ended = threading.Event()
    given = (int(port), cookie, path, ended, answers)
    threads = [threading.Thread(target=_ask, args=given) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    ended.set()
    for thread in threads:
        thread.join()
    sys.stdout.write("\n".join(f"{status}\t{times}" for status, times in answers.items()))


if __name__ == "__main__":
    main(*sys.argv[1:])
