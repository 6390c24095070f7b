#!/usr/bin/env node
'use strict'

// A plugin with a task for each thing that a plugin can do. The examples in Go and in Python have the same ones.

const fs = require('node:fs')
const path = require('node:path')
const timers = require('node:timers/promises')
const carillon = require('./carillon')

carillon.serve({
  // greet takes parameters, writes a line to the run's log, and leaves a result to its children.
  async greet (run) {
    const name = text(run, 'name')
    const times = integer(run, 'times', 1)
    run.log.info(`greeting name=${name} times=${times}`)
    return { greeting: Array(times).fill(`Hello, ${name}!`).join(' ') }
  },

  // count takes its time, tells how far it is, and ends early when it is asked to.
  async count (run) {
    const to = integer(run, 'to', 10)
    const { pause = 1 } = run.params
    for (let n = 1; n <= to; n++) {
      await timers.setTimeout(pause * 1000, null, { signal: run.signal }).catch(() => {})
      if (run.signal.aborted) {
        const reason = run.signal.reason.message
        run.log.warn(`ended early counted=${n - 1}`)
        throw new carillon.Failure(reason, { value: { counted: n - 1 } })
      }
      run.log.info(`counted n=${n}`)
      run.progress(n * 100 / to)
    }
    return { counted: to }
  },

  // about tells what a run knows of itself and of its package's files, and writes a file where it may.
  async about (run) {
    fs.writeFileSync(path.join(run.work, 'about.txt'), run.id)
    return {
      run: run.id,
      occurrence: run.occurrence,
      attempt: run.attempt,
      task: run.taskId,
      trigger: run.trigger,
      due: run.due,
      deadline: run.deadline || '',
      shard: run.shard,
      shards: run.shards,
      files: fs.readdirSync(run.files).sort()
    }
  },

  // follow is for a child: it leaves what its parent left to it.
  async follow (run) {
    return { previous: run.previous() }
  },

  // again sets the next instant of its own task.
  async again (run) {
    run.nextIn(run.params.wait * 1000)
  },

  // fill leaves a result of a size.
  async fill (run) {
    return 'a'.repeat(integer(run, 'bytes', 0))
  },

  // fail fails in the way that it is asked to.
  async fail (run) {
    const reason = 'the mill is closed'
    switch (run.params.how) {
      case 'permanently':
        throw new carillon.Failure(reason, { retryable: false })
      case 'for a minute':
        throw new carillon.Failure(reason, { retryAfter: 60_000 })
      case 'halfway':
        throw new carillon.Failure(reason, { value: { ground: 3 } })
      case 'by surprise':
        return [].words.length // throws: the run fails, and its log has the stack
    }
    throw new carillon.Failure(reason)
  }
})

function text (run, name) {
  const value = run.params[name]
  if (typeof value !== 'string') throw new carillon.Failure(`parameter "${name}" must be a text`, { retryable: false })
  return value
}

function integer (run, name, byDefault) {
  const value = run.params[name] ?? byDefault
  if (!Number.isInteger(value)) throw new carillon.Failure(`parameter "${name}" must be a whole number`, { retryable: false })
  return value
}
