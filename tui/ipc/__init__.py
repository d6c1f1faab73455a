"""Two processes on one workspace: the owner, and clients that connect to its socket.

protocol.py          the framing, and every message that is sent
socket_server.py     the owner's socket: accepts clients, a thread for each
owner.py             what the owner does for a client: say who it is, run a command, leave
ownership.py         a command's start: own the workspace, or let its owner run the command
client.py            the client's side of that
console.py           where a command's output goes: this terminal, or a client's
takeover.py          the app's start where another process owns the workspace: watch, or take over
remote_workbench.py  the workbench of an app that only watches
"""
