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
    ask(connection, argv, dict(os.environ), os.getcwd(), {fd: fd for fd in descriptors})
    for fd in descriptors:
        os.close(fd)  # the fork holds them now: an end of file must not be delayed by this process
    answer = connection.recv(16)
    status = int(answer) if answer else 1
    os._exit(status if status >= 0 else 128 - status)


def ask(
    connection: socket.socket, argv: list[str], environment: dict[str, str], folder: str, descriptors: dict[int, int]
) -> None:
    """Have the server at the other end fork a process; it answers with the exit code, negative for a signal.

    Args:
        argv: an interpreter's command line, without the interpreter.
        descriptors: by the number that each has in the process, the open file here.
    """
    request = json.dumps({"argv": argv, "env": environment, "cwd": folder, "fds": list(descriptors)}).encode()
    socket.send_fds(connection, [len(request).to_bytes(8, "big")], list(descriptors.values()))
    connection.sendall(request)


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:  # the descriptor of the directory listing itself
        return False
    return True


if __name__ == "__main__":
    main()
