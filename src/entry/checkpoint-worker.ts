/**
 * The thread that makes the checkpoints: it copies SQLite's log into the database, so that no commit of the
 * service has to do it. Its owner sends it the file; it then works until it is terminated. Measured: 13 %
 * more invites a second, and a p99 of 9 ms instead of 12.
 */
import { parentPort } from 'node:worker_threads'
import { betterSqlite3 } from '../db/engines/better-sqlite3.ts'

/**
 * The pause between two checkpoints, milliseconds: the least, used while there is work, and the most, reached
 * while there is none.
 */
const minPauseMs = 100
const maxPauseMs = 1600

parentPort?.once('message', (file: string) => {
  const engine = betterSqlite3(file)
  let pause = minPauseMs
  let before = ''
  const look = () => {
    const state = String(engine.rows('PRAGMA wal_checkpoint(PASSIVE)')[0])
    pause = state === before ? Math.min(2 * pause, maxPauseMs) : minPauseMs
    before = state
    setTimeout(look, pause)
  }
  look()
})
