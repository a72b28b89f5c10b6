import { connect, type Socket } from 'node:net'
import { type ByteStream, ScanError, type Scanner } from '../platform.ts'
import type { ClamdAddress } from './scanner-address.ts'

/** How long clamd may take to accept a connection, and from then on to look at a file, milliseconds. */
const connectTimeoutMs = 5_000
const scanTimeoutMs = 60_000
/** Bytes in one piece of INSTREAM. */
const pieceBytes = 64 * 1024
/** An answer of clamd is one short line. */
const maxAnswerChars = 4096

/**
 * Looks at files by clamd, by its command INSTREAM: pieces with their length in front, and an empty piece at
 * the end (man 8 clamd). Every file has a connection of its own, and no more of a file is read than clamd
 * takes.
 */
export function clamdScanner(address: ClamdAddress): Scanner {
  const probe = async () => {
    const clamd = await Connection.open(address)
    try {
      const answer = await clamd.ping()
      if (answer !== 'PONG') throw new ScanError(`clamd answers "${answer}" and not PONG`)
    } finally {
      clamd.end()
    }
  }
  return {
    probe,
    async scan({ open }) {
      const clamd = await Connection.open(address)
      try {
        const body = await open()
        if (body === undefined) throw new ScanError('the file is gone from the object storage')
        return verdictOf(await clamd.instream(body))
      } catch (error) {
        if (!clamd.wasCutOff) throw error
        // clamd closes the connection right after it has said that a file is too large, and the operating
        // system may then drop what it said. A clamd that is still there did not want the rest.
        await probe()
        throw tooLarge()
      } finally {
        clamd.end()
      }
    },
  }
}

const tooLarge = () =>
  new ScanError('the file is larger than clamd takes (its StreamMaxLength)', { tooLarge: true })

/** `stream: OK`, `stream: NAME FOUND` or `… ERROR`. */
function verdictOf(answer: string): string | undefined {
  if (answer === 'stream: OK') return undefined
  const [, found] = /^stream: (.+) FOUND$/.exec(answer) ?? []
  if (found !== undefined) return found
  throw /size limit exceeded/i.test(answer)
    ? tooLarge()
    : new ScanError(`clamd answers "${answer.slice(0, 200)}"`)
}

/** A connection to clamd for one command. */
class Connection {
  private readonly socket: Socket
  /** The answer, or the error that ended the connection. It may come before everything was sent. */
  private readonly answer: Promise<string>
  private isOver = false
  private isStreaming = false
  private isCutOff = false
  private readonly timer: ReturnType<typeof setTimeout>

  static open(address: ClamdAddress): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(address)
      const fail = (error: Error) => {
        socket.destroy()
        reject(new ScanError(`clamd cannot be reached: ${error.message}`))
      }
      const timer = setTimeout(() => fail(new Error('it does not accept a connection')), connectTimeoutMs)
      socket.once('error', error => {
        clearTimeout(timer)
        fail(error)
      })
      socket.once('connect', () => {
        clearTimeout(timer)
        socket.removeAllListeners('error')
        resolve(new Connection(socket))
      })
    })
  }

  /** Whether clamd ended the connection without an answer to a file. */
  get wasCutOff(): boolean {
    return this.isCutOff
  }

  private constructor(socket: Socket) {
    this.socket = socket
    this.timer = setTimeout(() => {
      this.isStreaming = false
      socket.destroy(new Error(`no answer within ${scanTimeoutMs / 1000} s`))
    }, scanTimeoutMs)
    this.answer = new Promise<string>((resolve, reject) => {
      let text = ''
      socket.setEncoding('utf8')
      socket.on('data', (piece: string) => {
        text += piece
        const end = text.indexOf('\0')
        if (end >= 0) resolve(text.slice(0, end))
        else if (text.length > maxAnswerChars) socket.destroy(new Error('its answer is too long'))
      })
      socket.on('error', error => reject(new ScanError(`clamd failed: ${error.message}`)))
      socket.on('close', () => reject(new ScanError('clamd closed the connection')))
    })
    // Also keeps a failure that nobody waits for yet from being unhandled.
    this.answer.then(
      () => {
        this.isOver = true
      },
      () => {
        this.isOver = true
        this.isCutOff = this.isStreaming
      },
    )
  }

  ping(): Promise<string> {
    this.socket.write('zPING\0')
    return this.answer
  }

  /** Sends a stream. Stops as soon as clamd has answered. */
  async instream(body: ByteStream): Promise<string> {
    const reader = body.getReader()
    this.isStreaming = true
    try {
      await this.write(new TextEncoder().encode('zINSTREAM\0'))
      while (!this.isOver) {
        const { done, value } = await reader.read()
        if (done) break
        for (let at = 0; at < value.byteLength && !this.isOver; at += pieceBytes)
          await this.write(piece(value.subarray(at, at + pieceBytes)))
      }
      if (!this.isOver) await this.write(piece(new Uint8Array(0)))
    } finally {
      await reader.cancel().catch(() => undefined)
    }
    return this.answer
  }

  /** Resolves when the socket takes more, or when clamd has answered. */
  private async write(bytes: Uint8Array): Promise<void> {
    if (this.socket.write(bytes)) return
    const drained = new Promise<void>(resolve => this.socket.once('drain', resolve))
    await Promise.race([drained, this.answer.then(ignore, ignore)])
  }

  end(): void {
    clearTimeout(this.timer)
    this.socket.destroy()
  }
}

const ignore = () => undefined

/** A piece of INSTREAM: its length in four bytes, the highest first, and the bytes. */
function piece(bytes: Uint8Array): Uint8Array {
  const framed = new Uint8Array(4 + bytes.byteLength)
  new DataView(framed.buffer).setUint32(0, bytes.byteLength)
  framed.set(bytes, 4)
  return framed
}
