"""Starting the editor: from the command line, from a program, from a notebook."""

import contextlib
import os
import socket
import sys
import tempfile
import threading
import time
import webbrowser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import uvicorn

from spark.core.arguments import checked
from spark.core.errors import FormatError, Problem, RunError
from spark.core.transform import STEP
from spark.editor.app import MOST_MESSAGE, Editor, make_app
from spark.editor.guard import Guard
from spark.editor.journal import state_folder
from spark.editor.keys import kept_secret, last_ports
from spark.editor.paths import Root
from spark.editor.session import read_openable
from spark.io import save_checkpoint
from spark.io.graph_of import document_of
from spark.io.model_file import SUFFIX, Document, readable
from spark.nn import Brain, BrainConfig

LOOPBACK = ("127.0.0.1", "::1", "localhost")

_MOST_PORT = 65_535


class GraphEditor:
    """The Graph Editor, served from this process.

    Args:
        what: What to show first: a brain (which goes on from the step at which it stands), its config, a model file, or
            nothing.
        folder: Folder of the files that may be opened and saved; left out, the file's, or the working folder.
        host: Where to listen. Other than loopback needs a `token` that you choose.
        port: The port; 0 for the one of the last time in this folder, or any that is free.
        token: The secret that pages must show; left out, the one of the last time at this port, or a new one.
        hosts: Further names by which browsers reach the editor, such as `localhost:9000`.
        prefix: The path under which a proxy shows it.
        drafts: Folder of the drafts.

    Raises:
        RunError: It would listen to the network without a token of yours, the port is none, the folder is not there, or
            does not hold the file.
        FormatError: The file cannot be opened, or one of that ending cannot be begun.
        RegistryError: The brain has a module that is in no catalogue.
        SaveError: The brain could not be saved as a model file, as with large matrices of connections.
    """

    @checked
    def __init__(
        self,
        what: Brain | BrainConfig | str | Path | None = None,
        *,
        folder: str | Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
        hosts: Iterable[str] = (),
        prefix: str = "",
        drafts: str | Path | None = None,
    ) -> None:
        if host not in LOOPBACK and not token:
            raise RunError(
                Problem(
                    "host",
                    f"{host} can be reached from other machines; expected 127.0.0.1, or a token that you choose",
                    "Better: leave the host as it is, and reach it with `ssh -L`",
                    "host",
                )
            )
        if not 0 <= port <= _MOST_PORT:
            text = f"must be from 0, for any that is free, to {_MOST_PORT}, got {port}"
            raise RunError(Problem("port", text, "", "bounds"))
        if token == "":
            text = "is empty; expected a secret that nobody guesses"
            raise RunError(Problem("token", text, "Leave it out, and one is chosen", "token"))
        first: Document | str | None = None
        if isinstance(what, (Brain, BrainConfig)):
            first = document_of(what.config if isinstance(what, Brain) else what)
            readable("brain", first)
        elif what is not None:
            if not str(what):
                raise FormatError(Problem("file", "is none, got ''", "Leave it out for an empty brain", "path"))
            path = Path(what).absolute()
            folder = path.parent if folder is None else folder
            if not path.is_relative_to(Path(folder).absolute()):
                text = f"{str(folder)!r} does not hold the file, got {str(what)!r}"
                raise RunError(Problem("folder", text, "Leave the folder out, or name one that holds it", "folder"))
            first = path.relative_to(Path(folder).absolute()).as_posix()
        _require_folder("." if folder is None else folder)
        if isinstance(first, str):
            _require_openable(Root(folder or "."), first)
        states = Path(drafts) if drafts else state_folder()
        self._state, checkpoint = None, None
        if isinstance(what, Brain) and _has_run(what):
            self._state = tempfile.TemporaryDirectory(prefix="spark-")
            checkpoint = str(Path(self._state.name) / "brain.safetensors")
            save_checkpoint(what, checkpoint)
        self.editor = Editor(Path(folder or "."), states, first, checkpoint)
        before = [] if port else last_ports(states, self.editor.root.folder)
        self._socket = _bound_again(host, before) or _bound(host, port)
        self.host, self.port = host, self._socket.getsockname()[1]
        self.prefix = prefix.rstrip("/")
        extra = tuple(hosts) if host in LOOPBACK else (*hosts, f"{host}:{self.port}")
        token = token or kept_secret(states, self.editor.root.folder, self.port)
        self.guard = Guard(make_app(self.editor), self.port, extra, prefix, token)
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def link(self) -> str:
        """A new link that opens the editor, once."""
        name = "127.0.0.1" if self.host in ("0.0.0.0", "::") else f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{name}:{self.port}{self.prefix}/?code={self.guard.new_code()}"

    def serve(self) -> None:
        """Serve until Ctrl-C."""
        self._server = self._make_server()
        with contextlib.suppress(KeyboardInterrupt):
            self._server.run(sockets=[self._socket])

    def launch(self, browser: bool = True) -> "GraphEditor":
        """Serve in the background and open the page; returns at once.

        Args:
            browser: Whether to open the page in a browser; its link is printed anyhow.

        In a notebook on another machine, show the editor with `widget()` below the cell.
        """
        if self._thread is None:
            self._server = self._make_server()
            self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
            self._thread.start()
            while not self._server.started and self._thread.is_alive():
                time.sleep(0.01)
        link = self.link()
        print(f"Spark's Graph Editor: {link}")
        if browser:
            webbrowser.open(link)
        return self

    def widget(self) -> Any:
        """The editor inside a notebook's cell, over the notebook's own connection. Needs the package anywidget."""
        from spark.editor.widget import EditorWidget

        return EditorWidget(self.editor)

    def close(self) -> None:
        """Stop serving, and end every brain."""
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(10)
            self._thread = None
        self._socket.close()
        if self._state is not None:
            self._state.cleanup()

    def _make_server(self) -> uvicorn.Server:
        config = uvicorn.Config(
            self.guard,
            loop="asyncio",
            log_level="error",
            access_log=False,
            server_header=False,
            ws="websockets-sansio",
            ws_max_size=MOST_MESSAGE,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=2,
        )
        return uvicorn.Server(config)


def _require_folder(folder: str | Path) -> None:
    if not os.path.isdir(folder):
        text = f"is none, got {str(folder)!r}"
        raise RunError(Problem("folder", text, "Create it first, or name one that is there", "folder"))


def _require_openable(root: Root, file: str) -> None:
    """See that a file can be opened, or, where there is none, begun."""
    if os.path.exists(root.resolve(file)):
        read_openable(root, file)
    elif not file.endswith(SUFFIX):
        text = f"is not there, and a new one must end in {SUFFIX}"
        raise FormatError(Problem(file, text, "Check the path", "path"))


def edit(what: Any = None, **options: Any) -> GraphEditor:
    """Open a brain, a config or a model file in the Graph Editor. Returns at once.

    Args:
        what: The brain, the config, or the file; left out, an empty brain.
        **options: As of `GraphEditor`.
    """
    return GraphEditor(what, **options).launch()


def run_command(options: Any) -> int:
    """The command `spark edit`."""
    editor = GraphEditor(
        options.file,
        folder=options.folder,
        host=options.host,
        port=options.port,
        token=options.token,
        hosts=tuple(options.allow_host),
        prefix=options.prefix,
    )
    print(f"Spark's Graph Editor, files in {editor.editor.root.folder}")
    if options.file and not os.path.exists(options.file):
        print(f"{options.file} is new: it is written when you save")
    print(f"Open: {editor.link()}", flush=True)
    if sys.stdin is not None and sys.stdin.isatty():
        print("The link works once. Press Enter for another, Ctrl-C to end.")
        threading.Thread(target=_more_links, args=(editor,), daemon=True).start()
    if not options.no_browser:
        threading.Timer(0.5, webbrowser.open, (editor.link(),)).start()
    editor.serve()
    return 0


def _more_links(editor: GraphEditor) -> None:
    for _ in sys.stdin:
        print(f"Open: {editor.link()}", flush=True)


def _has_run(brain: Brain) -> bool:
    """Whether it has done a step."""
    return brain._keeper is not None and int(brain.state[STEP]) > 0


def _bound_again(host: str, ports: list[int]) -> socket.socket | None:
    """A socket at one of these ports, the first that is free; None if none is."""
    for port in ports:
        with contextlib.suppress(RunError):
            return _bound(host, port)
    return None


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        # From here on the link can be opened: the first page waits until the server is up.
        found.listen(128)
    except OSError as error:
        found.close()
        raise RunError(
            Problem(
                "port", f"{host}:{port} cannot be listened on: {error.strerror}", "Choose another with --port", "port"
            )
        ) from error
    return found
