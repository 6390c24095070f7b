"""What a Python program needs to be a plugin of Carillon: copy this file and plugin_pb2.py beside your own.

    import carillon

    @carillon.task("greet")
    def greet(run):
        run.log.info("greeting %s", run.params["name"])
        return {"greeting": "Hello, " + run.params["name"]}

    carillon.serve()

A task's function gets a Run and returns what is left to the task's children: anything that json can write, at most 1 MiB of
it, or None for nothing. To fail it raises Failure; any other exception fails the run, too, and its traceback goes to the
run's log. Several runs may be under way at once, each in a thread of its own.

It needs grpc, protobuf and cryptography: on Debian, apt install python3-grpcio python3-protobuf python3-cryptography.
"""

import base64
import datetime
import json
import logging
import os
import queue
import signal
import sys
import tempfile
import threading
import time
import traceback
from concurrent import futures

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import plugin_pb2 as pb

MAX_RESULT = 1 << 20  # bytes of JSON
MAX_LINE = 16 << 10  # bytes of a line of the log
GRACE_SECONDS = int(os.environ.get("CARILLON_PLUGIN_GRACE_MS") or 2000) / 1000  # what the process has to end when it is asked to
THREADS = 256  # runs under way at once; give plugin.yaml a concurrency below it

UTC = datetime.timezone.utc

_tasks = {}


class Failure(Exception):
    """Fails a run. It is tried again when the task's retry policy says so, unless retryable is False; then not before
    retry_after seconds. value is left to the children all the same."""

    def __init__(self, reason, retryable=True, retry_after=0, value=None):
        super().__init__(reason)
        self.retryable = retryable
        self.retry_after = retry_after
        self.value = value


def task(name):
    """Registers a function as the task that plugin.yaml calls so."""

    def register(function):
        if name in _tasks:
            raise ValueError("two tasks have the name %r" % name)
        _tasks[name] = function
        return function

    return register


class Run:
    """One run of a task, while it is under way."""

    def __init__(self, start, say):
        self.id = start.run_id
        self.occurrence = start.occurrence_id  # the same for all attempts at one firing: the key to be idempotent by
        self.attempt = start.attempt  # counted from 1
        self.task = start.task
        self.task_id = start.task_id
        self.trigger = start.trigger  # schedule, manual, parent, retry or replay
        self.due = _instant(start.due)
        self.deadline = _instant(start.deadline)  # None for never
        self.shard = start.shard  # from 0
        self.shards = start.shards  # 0 when this is the only run of its firing
        self.params = json.loads(start.params or b"{}")  # a dict, of the types that plugin.yaml gives them
        if not isinstance(self.params, dict):
            raise ValueError("it is a %s" % type(self.params).__name__)
        self.has_parent = start.has_parent
        self.parent_result = start.parent_result  # bytes, of an HTTP target's any
        self.files = start.files  # the directory of the package's files, not to be written to
        self.work = start.work  # a directory for this run alone, removed when it has ended
        self.cancelled = threading.Event()  # set when the run is to end: run.cancelled.wait(seconds) instead of sleeping
        self.reason = ""  # why it was
        self.log = logging.Logger("run", logging.DEBUG)  # to the run's log
        self.log.addHandler(_Lines(say))
        self._say = say

    def previous(self):
        """What the parent left, the run whose outcome fired this one."""
        if not self.has_parent:
            raise Failure("the run has no parent", retryable=False)
        return json.loads(self.parent_result)

    def progress(self, percent):
        """Tells how much of the run is done: 0 to 100."""
        self._say(pb.FromPlugin(progress=pb.Progress(percent=min(max(int(percent), 0), 100))))

    def next_at(self, at):
        """Sets the next instant of the run's own task, a datetime with a zone. The last call counts."""
        self._say(pb.FromPlugin(next_at=pb.NextAt(at=round(at.timestamp() * 1_000_000))))

    def next_in(self, seconds):
        """Sets the next instant of the run's own task, as seconds from now."""
        self.next_at(datetime.datetime.now(UTC) + datetime.timedelta(seconds=seconds))

    def cancel(self, reason):
        self.reason = self.reason or reason
        self.cancelled.set()


def _instant(micros):
    if micros == 0:
        return None
    return datetime.datetime.fromtimestamp(0, UTC) + datetime.timedelta(microseconds=micros)


class _Lines(logging.Handler):
    def __init__(self, say):
        super().__init__()
        self.setFormatter(logging.Formatter("%(message)s"))
        self.say = say

    def emit(self, record):
        self.say(_line(record.levelno, self.format(record)))


def _line(level, text):
    names = ((logging.ERROR, "error"), (logging.WARNING, "warn"), (logging.INFO, "info"))
    name = next((name for least, name in names if level >= least), "debug")
    return pb.FromPlugin(log=pb.LogLine(at=time.time_ns() // 1000, level=name, text=_clean(text)))


def _clean(text):
    return text.encode("utf-8", "replace")[:MAX_LINE].decode("utf-8", "replace")


def _perform(start, say, run):
    """Calls the task's function and gives the Result, whatever the function does."""
    if start.task not in _tasks:
        return pb.Result(error="the plugin has no task %r: it has %s" % (start.task, ", ".join(sorted(_tasks))))
    try:
        return pb.Result(value=_encode(_tasks[start.task](run)))
    except Failure as failure:
        return _failed(failure, failure.retryable, failure.retry_after, failure.value)
    except BaseException as error:  # sys.exit, too, ends the run and not the process
        say(_line(logging.ERROR, traceback.format_exc()))
        return _failed("%s: %s" % (type(error).__name__, error))


def _failed(reason, retryable=True, retry_after=0, value=None):
    try:
        value = _encode(value)
    except Failure as invalid:
        reason, retryable, value = "%s; %s" % (reason, invalid), False, b""
    return pb.Result(
        error=_clean(str(reason)) or "an error that says nothing",
        value=value,
        retryable=retryable,
        retry_after_ms=round(retry_after * 1000),
    )


def _encode(result):
    if result is None:
        return b""
    try:
        value = json.dumps(result, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise Failure("the result cannot be written as JSON: %s" % error, retryable=False)
    if len(value) > MAX_RESULT:
        raise Failure("the result is %d bytes of JSON: at most %d are left to children" % (len(value), MAX_RESULT), retryable=False)
    return value


class _Server:
    def __init__(self):
        self.ending = threading.Event()
        self.lock = threading.Lock()
        self.running = set()

    def describe(self, _request, _context):
        return pb.DescribeReply(tasks=sorted(_tasks), sdk="python %s" % sys.version.split()[0])

    def run(self, messages, context):
        first = next(messages, None)
        if first is None or first.WhichOneof("kind") != "start":
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the first message of a run must be Start")
        said = queue.SimpleQueue()
        try:
            run = Run(first.start, said.put)
        except ValueError as error:
            yield pb.FromPlugin(result=pb.Result(error="the parameters are no JSON object: %s" % error))
            return
        with self.lock:
            self.running.add(run)
        context.add_callback(lambda: run.cancel("the worker ended the connection"))
        threading.Thread(target=self._await_cancel, args=(messages, run), daemon=True).start()
        threading.Thread(target=self._work, args=(first.start, said.put, run), daemon=True).start()
        while True:
            message = said.get()
            yield message
            if message.WhichOneof("kind") == "result":
                return

    def _work(self, start, say, run):
        result = _perform(start, say, run)
        with self.lock:
            self.running.discard(run)
        say(pb.FromPlugin(result=result))

    @staticmethod
    def _await_cancel(messages, run):
        try:
            for message in messages:
                if message.WhichOneof("kind") == "cancel":
                    run.cancel(message.cancel.reason)
        except grpc.RpcError:
            pass  # the call is over

    def shutdown(self, _request, _context):
        self.ending.set()
        return b""

    def cancel_all(self):
        """Has all runs end, and waits a little until they have."""
        deadline = time.monotonic() + GRACE_SECONDS / 2
        while time.monotonic() < deadline:
            with self.lock:
                running = list(self.running)
            if not running:
                return
            for run in running:
                run.cancel("the plugin's process ends")
            time.sleep(0.01)

    def handlers(self):
        def raw(function):
            return grpc.unary_unary_rpc_method_handler(function)

        return (
            grpc.method_handlers_generic_handler(
                "carillon.plugin.v1.Plugin",
                {
                    "Describe": grpc.unary_unary_rpc_method_handler(
                        self.describe, pb.DescribeRequest.FromString, pb.DescribeReply.SerializeToString
                    ),
                    "Run": grpc.stream_stream_rpc_method_handler(
                        self.run, pb.ToPlugin.FromString, pb.FromPlugin.SerializeToString
                    ),
                },
            ),
            # A HealthCheckResponse with the status SERVING.
            grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": raw(lambda _request, _context: b"\x08\x01")}),
            # By this call the worker asks the plugin to end; without it the process is killed.
            grpc.method_handlers_generic_handler("plugin.GRPCController", {"Shutdown": raw(self.shutdown)}),
        )


def _certificate():
    """Makes the certificate that the worker is shown, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=1))
        .not_valid_after(now + datetime.timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return key_pem, made.public_bytes(serialization.Encoding.PEM), made.public_bytes(serialization.Encoding.DER)


def serve(teardown=None):
    """Performs runs of the tasks until the worker that started the process ends it. teardown, when given, is called then:
    what it leaves undone when the process's grace is over, five seconds unless configured, is cut off."""
    worker_certificate = os.environ.get("PLUGIN_CLIENT_CERT", "")
    if os.environ.get("CARILLON_PLUGIN") != "4b1f6f0a5f7c4a5c9d0e8a1c2b3d4e5f" or not worker_certificate:
        sys.exit(
            "This is a plugin of Carillon with the tasks %s. A worker starts it; by itself it does nothing.\n"
            "To run a task of it here, without any server, go to the directory of its plugin.yaml and say:\n\n"
            "  carillon plugin run . --task NAME --param KEY=VALUE\n" % ", ".join(sorted(_tasks))
        )
    key, certificate, der = _certificate()
    credentials = grpc.ssl_server_credentials(
        [(key, certificate)], root_certificates=worker_certificate.encode(), require_client_auth=True
    )
    server = _Server()
    served = grpc.server(futures.ThreadPoolExecutor(THREADS), handlers=server.handlers())
    if os.name == "nt":
        address = "127.0.0.1:%d" % served.add_secure_port("127.0.0.1:0", credentials)
        network = "tcp"
    else:
        address = tempfile.mktemp(prefix="plugin", dir=os.environ.get("PLUGIN_UNIX_SOCKET_DIR") or None)
        served.add_secure_port("unix:" + address, credentials)
        network = "unix"
    served.start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the worker's terminal is not the plugin's
    signal.signal(signal.SIGTERM, lambda *_: server.ending.set())
    encoded = base64.b64encode(der).decode().rstrip("=")
    print("1|1|%s|%s|grpc|%s" % (network, address, encoded), flush=True)
    sys.stdout.reconfigure(line_buffering=True)  # what is printed from here on goes to the logs of the runs under way

    server.ending.wait()
    server.cancel_all()
    served.stop(None).wait()
    if network == "unix" and os.path.exists(address):
        os.remove(address)
    try:
        if teardown:
            teardown()
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    os._exit(0)  # without waiting for threads that do not end
