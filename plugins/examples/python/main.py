#!/usr/bin/python3 -B
"""A plugin with a task for each thing that a plugin can do. The examples in Go and in Node have the same ones."""

import os

import carillon


@carillon.task("greet")
def greet(run):
    """Takes parameters, writes a line to the run's log, and leaves a result to its children."""
    name, times = text(run, "name"), integer(run, "times", 1)
    run.log.info("greeting name=%s times=%d", name, times)
    return {"greeting": " ".join(["Hello, " + name + "!"] * times)}


@carillon.task("count")
def count(run):
    """Takes its time, tells how far it is, and ends early when it is asked to."""
    to, pause = integer(run, "to", 10), run.params.get("pause", 1)
    for n in range(1, to + 1):
        if run.cancelled.wait(pause):
            run.log.warning("ended early counted=%d", n - 1)
            raise carillon.Failure(run.reason, value={"counted": n - 1})
        run.log.info("counted n=%d", n)
        run.progress(n * 100 // to)
    return {"counted": to}


@carillon.task("about")
def about(run):
    """Tells what a run knows of itself and of its package's files, and writes a file where it may."""
    with open(os.path.join(run.work, "about.txt"), "w", encoding="utf-8") as file:
        file.write(run.id)
    return {
        "run": run.id,
        "occurrence": run.occurrence,
        "attempt": run.attempt,
        "task": run.task_id,
        "trigger": run.trigger,
        "due": run.due.isoformat(),
        "deadline": run.deadline.isoformat() if run.deadline else "",
        "shard": run.shard,
        "shards": run.shards,
        "files": sorted(os.listdir(run.files)),
    }


@carillon.task("follow")
def follow(run):
    """Is for a child: it leaves what its parent left to it."""
    return {"previous": run.previous()}


@carillon.task("again")
def again(run):
    """Sets the next instant of its own task."""
    run.next_in(run.params["wait"])


@carillon.task("fill")
def fill(run):
    """Leaves a result of a size."""
    return "a" * integer(run, "bytes", 0)


@carillon.task("fail")
def fail(run):
    """Fails in the way that it is asked to."""
    how, reason = run.params.get("how"), "the mill is closed"
    if how == "permanently":
        raise carillon.Failure(reason, retryable=False)
    if how == "for a minute":
        raise carillon.Failure(reason, retry_after=60)
    if how == "halfway":
        raise carillon.Failure(reason, value={"ground": 3})
    if how == "by surprise":
        return [][2]  # raises: the run fails, and its log has the traceback
    raise carillon.Failure(reason)


def text(run, name):
    value = run.params.get(name)
    if not isinstance(value, str):
        raise carillon.Failure('parameter "%s" must be a text' % name, retryable=False)
    return value


def integer(run, name, default):
    value = run.params.get(name, default)
    if not isinstance(value, int):
        raise carillon.Failure('parameter "%s" must be a whole number' % name, retryable=False)
    return value


carillon.serve()
