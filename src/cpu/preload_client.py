"""Stands where a Python interpreter is expected, and has the preload server fork the process instead.

Runs as a script with nothing but the standard library: it must start in milliseconds. Command line, environment,
working directory and open file descriptors go to the server; this process then waits, and ends as the forked
one ends. Without a server it becomes the ordinary interpreter.
"""

import json
import os
import socket
import sys


def main() -> None:
    python, address, *argv = sys.argv[1:]
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(address)
    except OSError:
        os.execv(python, [python, *argv])
    own = connection.fileno()
    descriptors = sorted(fd for fd in map(int, os.listdir("/proc/self/fd")) if fd != own and _is_open(fd))
    request = json.dumps({"argv": argv, "env": dict(os.environ), "cwd": os.getcwd(), "fds": descriptors}).encode()
    socket.send_fds(connection, [len(request).to_bytes(8, "big")], descriptors)
    connection.sendall(request)
    for fd in descriptors:
        os.close(fd)  # the fork holds them now: an end of file must not be delayed by this process
    answer = connection.recv(16)
    status = int(answer) if answer else 1
    os._exit(status if status >= 0 else 128 - status)


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:  # the descriptor of the directory listing itself
        return False
    return True


if __name__ == "__main__":
    main()
