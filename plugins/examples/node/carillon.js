'use strict'

// What a Node program needs to be a plugin of Carillon: copy this file and plugin.proto beside your own.
//
//   const carillon = require('./carillon')
//
//   carillon.serve({
//     async greet (run) {
//       run.log.info(`greeting ${run.params.name}`)
//       return { greeting: `Hello, ${run.params.name}` }
//     }
//   })
//
// A task's function gets a Run and returns what is left to the task's children: anything that JSON can write, at most 1 MiB
// of it, or undefined for nothing. To fail it throws a Failure; any other error fails the run, too, and its stack goes to the
// run's log. Several runs may be under way at once, all in one thread: what computes for long keeps the others waiting.

const crypto = require('node:crypto')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const util = require('node:util')
const grpc = require('@grpc/grpc-js')
const loader = require('@grpc/proto-loader')
const selfsigned = require('selfsigned')

const COOKIE = '4b1f6f0a5f7c4a5c9d0e8a1c2b3d4e5f'
const MAX_RESULT = 1 << 20 // bytes of JSON
const MAX_LINE = 16 << 10 // bytes of a line of the log
const GRACE_MS = Number(process.env.CARILLON_PLUGIN_GRACE_MS || 2000) // what the process has to end when it is asked to

// Failure fails a run. It is tried again when the task's retry policy says so, unless retryable is false; then not before
// retryAfter milliseconds. value is left to the children all the same.
class Failure extends Error {
  constructor (reason, { retryable = true, retryAfter = 0, value } = {}) {
    super(reason)
    Object.assign(this, { retryable, retryAfter, value })
  }
}

// Run is one run of a task, while it is under way.
class Run {
  constructor (start, say) {
    this.id = start.runId
    this.occurrence = start.occurrenceId // the same for all attempts at one firing: the key to be idempotent by
    this.attempt = start.attempt // counted from 1
    this.task = start.task
    this.taskId = start.taskId
    this.trigger = start.trigger // schedule, manual, parent, retry or replay
    this.due = instant(start.due)
    this.deadline = instant(start.deadline) // null for never
    this.shard = start.shard // from 0
    this.shards = start.shards // 0 when this is the only run of its firing
    this.params = JSON.parse(start.params.length > 0 ? start.params.toString() : '{}') // of the types that plugin.yaml gives them
    if (this.params === null || typeof this.params !== 'object' || Array.isArray(this.params)) throw new TypeError(util.inspect(this.params))
    this.hasParent = start.hasParent
    this.parentResult = start.parentResult // a Buffer, of an HTTP target's any bytes
    this.files = start.files // the directory of the package's files, not to be written to
    this.work = start.work // a directory for this run alone, removed when it has ended
    this.controller = new AbortController()
    this.signal = this.controller.signal // aborted when the run is to end; its reason says why
    this.say = say
    // To the run's log. What follows the message is written as console.log does.
    this.log = {}
    for (const level of ['debug', 'info', 'warn', 'error']) {
      this.log[level] = (...words) => say(line(level, util.format(...words)))
    }
  }

  // previous is what the parent left, the run whose outcome fired this one.
  previous () {
    if (!this.hasParent) throw new Failure('the run has no parent', { retryable: false })
    return JSON.parse(this.parentResult.toString())
  }

  // progress tells how much of the run is done: 0 to 100.
  progress (percent) {
    this.say({ progress: { percent: Math.min(Math.max(Math.trunc(percent), 0), 100) } })
  }

  // nextAt sets the next instant of the run's own task, a Date. The last call counts.
  nextAt (at) {
    this.say({ nextAt: { at: at.getTime() * 1000 } })
  }

  // nextIn sets the next instant of the run's own task, as milliseconds from now.
  nextIn (wait) {
    this.nextAt(new Date(Date.now() + wait))
  }

  cancel (reason) {
    this.controller.abort(new Failure(reason))
  }
}

function instant (micros) {
  return micros === 0 ? null : new Date(micros / 1000)
}

function line (level, text) {
  return { log: { at: Date.now() * 1000, level, text: cut(text) } }
}

function cut (text) {
  return Buffer.byteLength(text) > MAX_LINE ? Buffer.from(text).subarray(0, MAX_LINE).toString() : text
}

// perform calls the task's function and gives the Result, whatever the function does.
async function perform (tasks, run) {
  if (!Object.hasOwn(tasks, run.task)) {
    return { error: `the plugin has no task "${run.task}": it has ${Object.keys(tasks).sort().join(', ')}` }
  }
  try {
    return { value: encode(await tasks[run.task](run)) }
  } catch (error) {
    if (error instanceof Failure) return failed(error)
    run.say(line('error', error instanceof Error ? error.stack : util.inspect(error)))
    return failed(new Failure(String(error)))
  }
}

function failed (failure) {
  const result = { error: cut(failure.message) || 'an error that says nothing', retryable: failure.retryable, retryAfterMs: failure.retryAfter }
  try {
    result.value = encode(failure.value)
  } catch (invalid) {
    result.error += `; ${invalid.message}`
    result.retryable = false
  }
  return result
}

function encode (result) {
  let text
  try {
    text = JSON.stringify(result)
  } catch (error) {
    throw new Failure(`the result cannot be written as JSON: ${error.message}`, { retryable: false })
  }
  const value = Buffer.from(text === undefined || text === 'null' ? '' : text)
  if (value.length > MAX_RESULT) {
    throw new Failure(`the result is ${value.length} bytes of JSON: at most ${MAX_RESULT} are left to children`, { retryable: false })
  }
  return value
}

// implementation is the service that plugin.proto describes.
function implementation (tasks, running) {
  return {
    describe (_call, reply) {
      reply(null, { tasks: Object.keys(tasks).sort(), sdk: `node ${process.versions.node}` })
    },
    run (stream) {
      let run = null
      let over = false
      const say = (message) => { if (!over) stream.write(message) }
      const finish = (result) => {
        say({ result })
        over = true
        stream.end()
        running.delete(run)
      }
      stream.on('data', (message) => {
        if (message.cancel && run) return run.cancel(message.cancel.reason)
        if (!message.start || run) return
        try {
          run = new Run(message.start, say)
        } catch (error) {
          return finish({ error: `the parameters are no JSON object: ${error.message}` })
        }
        running.set(run, perform(tasks, run).then(finish))
      })
      stream.on('end', () => {
        if (!run) stream.emit('error', { code: grpc.status.INVALID_ARGUMENT, details: 'the first message of a run must be Start' })
      })
      stream.on('cancelled', () => {
        if (!over && run) run.cancel('the worker ended the connection')
        over = true
      })
    }
  }
}

// raw is a service whose calls take and give bytes as they are.
function raw (service, call) {
  const asIs = (bytes) => bytes
  return {
    [call]: {
      path: `/${service}/${call}`, requestStream: false, responseStream: false,
      requestSerialize: asIs, requestDeserialize: asIs, responseSerialize: asIs, responseDeserialize: asIs
    }
  }
}

async function makeServer (tasks, running, end) {
  const definition = loader.loadSync(path.join(__dirname, 'plugin.proto'), { longs: Number, defaults: true })
  const service = grpc.loadPackageDefinition(definition).carillon.plugin.v1.Plugin.service
  const server = new grpc.Server()
  server.addService(service, implementation(tasks, running))
  // A HealthCheckResponse with the status SERVING.
  server.addService(raw('grpc.health.v1.Health', 'Check'), { Check: (_call, reply) => reply(null, Buffer.from([8, 1])) })
  // By this call the worker asks the plugin to end; without it the process is killed.
  server.addService(raw('plugin.GRPCController', 'Shutdown'), {
    Shutdown (_call, reply) {
      reply(null, Buffer.alloc(0))
      end(server)
    }
  })
  return server
}

// listen gives the network and the address that the server is at.
async function listen (server, credentials) {
  const bind = util.promisify(server.bindAsync.bind(server))
  if (process.platform === 'win32') {
    return ['tcp', `127.0.0.1:${await bind('127.0.0.1:0', credentials)}`]
  }
  const socket = path.join(process.env.PLUGIN_UNIX_SOCKET_DIR || os.tmpdir(), `plugin${crypto.randomBytes(6).toString('hex')}`)
  await bind(`unix:${socket}`, credentials)
  process.on('exit', () => fs.rmSync(socket, { force: true }))
  return ['unix', socket]
}

// certificate makes the certificate that the worker is shown, and its key.
function certificate () {
  return selfsigned.generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - 60_000),
    notAfterDate: new Date(Date.now() + 3650 * 86_400_000),
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }]
  })
}

// serve performs runs of the tasks, functions by their name, until the worker that started the process ends it. teardown, when
// given, is called then: what it leaves undone when the process's grace is over, five seconds unless configured, is cut off.
async function serve (tasks, { teardown } = {}) {
  const worker = process.env.PLUGIN_CLIENT_CERT
  if (process.env.CARILLON_PLUGIN !== COOKIE || !worker) {
    console.error(`This is a plugin of Carillon with the tasks ${Object.keys(tasks).sort().join(', ')}. A worker starts it; by itself it does nothing.
To run a task of it here, without any server, go to the directory of its plugin.yaml and say:

  carillon plugin run . --task NAME --param KEY=VALUE`)
    process.exit(1)
  }
  const running = new Map() // runs under way, and what they wait for
  let ending = false
  const end = async (server) => {
    if (ending) return
    ending = true
    for (const run of running.keys()) run.cancel("the plugin's process ends")
    const late = new Promise((resolve) => setTimeout(resolve, GRACE_MS / 2))
    await Promise.race([Promise.allSettled(running.values()), late])
    server.forceShutdown()
    try {
      await teardown?.()
    } catch (error) {
      console.error(error)
    }
    process.exit(0)
  }
  const { private: key, cert } = await certificate()
  const credentials = grpc.ServerCredentials.createSsl(
    Buffer.from(worker), [{ private_key: Buffer.from(key), cert_chain: Buffer.from(cert) }], true)
  const server = await makeServer(tasks, running, end)
  const [network, address] = await listen(server, credentials)
  process.on('SIGINT', () => {}) // the worker's terminal is not the plugin's
  process.on('SIGTERM', () => end(server))
  const der = new crypto.X509Certificate(cert).raw.toString('base64').replace(/=+$/, '')
  console.log(`1|1|${network}|${address}|grpc|${der}`)
}

module.exports = { serve, Failure }
