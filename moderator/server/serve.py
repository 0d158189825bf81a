"""A server from its start to its end: processes, signals, models that change meanwhile."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

from moderator import load
from moderator.errors import InputError
from moderator.server import database
from moderator.server.app import PATHS, App
from moderator.server.batching import Batcher
from moderator.server.coral import Coral
from moderator.server.http import LOOPBACK
from moderator.server.keys import Keyring
from moderator.server.labels import Store
from moderator.server.limits import Limits
from moderator.server.logs import Handler, Log
from moderator.server.metrics import Metrics
from moderator.server.models import Make, Models
from moderator.server.protocol import Protocol

WATCH = 1.0  # seconds between looks at the promoted model and the keys
KEEP_ALIVE = 30  # seconds that an idle connection is kept
CONNECTIONS = 1000
SWITCH = 0.0005  # seconds after which the thread that judges lets the one that answers go on
CRASHED = 1.0  # seconds that must lie between two starts of a worker


@dataclass(frozen=True, slots=True)
class Options:
    """How to serve; `make` makes who judges of the folder of a model, `config` is the file that says how."""

    host: str = "127.0.0.1"
    port: int = 8500
    model: str | None = None
    store: Path = Path("moderator.sqlite")
    workers: int = 1
    batch: int = 256
    linger: float = 0.001
    waiting: int = 4096
    max_body: int = 1 << 21
    timeout: float = 10.0
    remember: int = 100_000
    recheck_after: int = 0
    log_text: bool = False
    make: Make = load
    config: str | None = None
    coral: Coral = field(default_factory=Coral)


def run(options: Options, models_of: Callable[[str | None, Make], Models] = Models) -> int:
    """Serve until a signal says to stop; return the exit code."""
    if options.workers > 1 and not hasattr(os, "fork"):
        raise InputError("this system has no fork: serve with one worker")
    models = models_of(options.model, options.make)
    database.connect(options.store).close()
    listening = _listen(options.host, options.port)
    metrics = Metrics(PATHS, options.workers)
    if options.workers == 1:
        return _loop(_serve(options, models, metrics, listening))
    return Workers(options, models, metrics, listening).run()


def _loop(serving: Coroutine[Any, Any, int]) -> int:
    """Run until it is done, on the faster event loop where there is one."""
    factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    with suppress(ImportError):
        from uvloop import new_event_loop as factory
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(serving)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        listening = socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise InputError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    listening.setblocking(False)
    return listening


async def _serve(options: Options, models: Models, metrics: Metrics, listening: socket.socket) -> int:
    """Serve in this process."""
    log = Log(lambda: metrics.add("log_lines_lost_total"))
    keys = Keyring(options.store)
    store = Store(options.store, remember=options.remember)
    batcher = Batcher(models.judge, documents=options.batch, waiting=options.waiting, linger=options.linger)
    batcher.on_batch = lambda documents: metrics.observe("batch_documents", documents)
    app = App(
        models, batcher, store, keys, Limits(options.workers), metrics, log,
        options.max_body, options.timeout, options.timeout, options.recheck_after, options.log_text,
        options.workers > 1, options.coral,
    )  # fmt: skip
    Protocol.seconds = options.timeout
    server = uvicorn.Server(_config(app, log, options))
    reload = asyncio.Event()
    loop = asyncio.get_running_loop()
    with suppress(NotImplementedError, AttributeError):  # not everywhere is there such a signal
        loop.add_signal_handler(signal.SIGHUP, reload.set)
    for number in (signal.SIGTERM, signal.SIGINT):
        # Before uvicorn takes them over, and after: it raises them again when it has ended.
        signal.signal(number, lambda *_: setattr(server, "should_exit", True))
    watching = asyncio.create_task(_watch(app, reload))
    host, port = listening.getsockname()[:2]
    log.write(
        "serving",
        url=f"http://{host}:{port}",
        model=models.moderator.model,
        policy=models.moderator.policy.id,
        config=options.config,
        store=str(options.store),
    )
    if keys.open:
        text = "no key was made: only this machine is served; make one with: moderator server keys add NAME"
        log.write("warning", message=text if LOOPBACK.fullmatch(host) else f"{text}; all others are refused")
    sys.setswitchinterval(SWITCH)
    gc.collect()
    gc.freeze()  # the model is not looked at again by every collection
    await server.serve([listening])
    watching.cancel()
    await batcher.close()
    store.close()
    keys.close()
    log.write("stopped")
    log.close()
    return 0


def _config(app: App, log: Log, options: Options) -> uvicorn.Config:
    logger = logging.getLogger("uvicorn.error")
    logger.handlers, logger.propagate = [Handler(log)], False
    logger.setLevel(logging.WARNING)
    return uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=True,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=int(options.timeout * 2) + 1,
        limit_concurrency=CONNECTIONS,
    )


async def _watch(app: App, reload: asyncio.Event) -> None:
    """Look for other keys and another model; the old model judges until the new one is ready."""
    parent = os.getppid()
    while True:
        if os.getppid() != parent and app.worker:
            os.kill(os.getpid(), signal.SIGTERM)  # nobody looks after this worker any more
        with suppress(TimeoutError):
            await asyncio.wait_for(reload.wait(), WATCH)
        try:
            app.keys.refresh()
            changed = app.models.changed()
            if not (reload.is_set() or changed):
                continue
            reload.clear()
            name = await asyncio.to_thread(app.models.reload)
            app.metrics.add("reloads_total", "outcome", "done")
            app.log.write("reloaded", model=name)
        except Exception as error:
            app.metrics.add("reloads_total", "outcome", "failed")
            app.log.write("error", message=f"not reloaded: {type(error).__name__}: {error}")


class Workers:
    """Processes that serve the same socket, and the one that looks after them."""

    def __init__(self, options: Options, models: Models, metrics: Metrics, listening: socket.socket) -> None:
        self._options, self._models, self._metrics, self._listening = options, models, metrics, listening
        self._running: dict[int, tuple[int, float]] = {}
        self._ending = False

    def run(self) -> int:
        """Start the workers, and start again those that end, until a signal says to stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        signal.signal(signal.SIGHUP, lambda *_: self._tell(signal.SIGHUP))
        for worker in range(self._options.workers):
            self._start(worker)
        code = 0
        while self._running:
            pid, status = os.wait()
            worker, began = self._running.pop(pid, (-1, 0.0))
            if worker < 0:
                continue
            if self._ending:
                code = code or int(status != 0)
                continue
            print(f'{{"event": "error", "message": "worker {pid} ended, status {status}"}}', file=sys.stderr)  # noqa: T201
            time.sleep(max(0.0, CRASHED - (time.monotonic() - began)))
            self._start(worker)
        return 3 * code

    def _start(self, worker: int) -> None:
        pid = os.fork()
        if pid:
            self._running[pid] = (worker, time.monotonic())
            if self._ending:
                os.kill(pid, signal.SIGTERM)
            return
        code = 3
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all of them
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            self._metrics.use(worker)
            code = _loop(_serve(self._options, self._models, self._metrics, self._listening))
        finally:
            os._exit(code)

    def _end(self, *_: object) -> None:
        self._ending = True
        self._tell(signal.SIGTERM)

    def _tell(self, number: signal.Signals) -> None:
        for pid in list(self._running):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
