import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { s3Store } from '../../src/blobs/s3.ts'
import { readConfig } from '../../src/config.ts'
import { startScheduledBackup } from '../../src/entry/cli/scheduled-backup.ts'
import { run } from '../support/process.ts'
import { nodeProgram } from '../support/programs.ts'
import { startS3Server } from '../support/s3-server.ts'
import { testFolder } from '../support/test-folder.ts'

const { place, onNode } = testFolder()

describe('scheduled backups', () => {
  const open: Scheduled[] = []
  afterEach(async () => {
    for (const { stop } of open.splice(0)) await stop()
  })

  interface Scheduled {
    readonly lines: {
      readonly event?: unknown
      readonly error?: unknown
      readonly removed?: unknown
      readonly bytes?: unknown
    }[]
    /** Resolves when so many lines are in the log. */
    logged(lines: number): Promise<void>
    stop(): Promise<void>
  }

  /** One after the other, without a pause worth mentioning. */
  function schedule(environment: Readonly<Record<string, string>>, command = nodeProgram): Scheduled {
    const lines: Scheduled['lines'] = []
    const waiting = new Set<() => void>()
    const add = (line: Scheduled['lines'][number]) => {
      lines.push(line)
      for (const wake of waiting) wake()
    }
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
    const running = startScheduledBackup(
      { command: ['env', ...variables, ...command] },
      readConfig(environment),
      { info: add, warn: add, error: add },
      10,
    )
    const scheduled = {
      lines,
      stop: running.stop,
      logged: (many: number) =>
        new Promise<void>(resolve => {
          const look = () => void (lines.length >= many && waiting.delete(look) && resolve())
          waiting.add(look)
          look()
        }),
    }
    open.push(scheduled)
    return scheduled
  }

  it('go to a folder, where the latest are kept and other files left alone', async () => {
    const source = onNode()
    await source.done('app', 'create', 'kept')
    const target = join(source.data, 'backups')
    mkdirSync(target)
    writeFileSync(join(target, 'notes.txt'), '')
    const { lines, logged, stop } = schedule({ DATA_DIR: source.data, BACKUP_KEEP: '2' })
    await logged(4)
    await stop()
    const kept = readdirSync(target).sort()
    expect(kept).toEqual([
      expect.stringMatching(/^cohort-\d{8}T\d{9}Z\.db$/),
      expect.stringMatching(/^cohort-.*\.db$/),
      'notes.txt',
    ])
    expect(lines.slice(0, 4)).toEqual(
      [0, 0, 1, 1].map(removed => expect.objectContaining({ event: 'backup', removed })),
    )
    expect(lines[0]?.bytes).toBeGreaterThan(4096)
    const copy = onNode()
    await copy.done('restore', join(target, kept[1] ?? ''))
    expect(await copy.done('app', 'list')).toBe('kept\n')
  })

  it('go to the bucket, from which restore takes them', async () => {
    const s3 = await startS3Server()
    const source = onNode()
    await source.done('app', 'create', 'kept')
    const bucket = {
      S3_ENDPOINT: s3.endpoint,
      S3_REGION: s3.region,
      S3_BUCKET: s3.bucket,
      S3_ACCESS_KEY_ID: s3.accessKeyId,
      S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    }
    const { lines, logged, stop } = schedule({
      DATA_DIR: source.data,
      BACKUP_KEEP: '2',
      BACKUP_TO: 's3',
      ...bucket,
    })
    await logged(3)
    await stop()
    expect(lines.map(line => line.error).filter(error => error !== undefined)).toEqual([])
    const { files } = readConfig(bucket)
    if (files.store !== 's3') throw new Error('no bucket')
    const names: string[] = []
    for await (const key of s3Store(files.s3).list('')) names.push(key)
    expect(names).toEqual([
      expect.stringMatching(/^cohort\.backups\/cohort-\d{8}T\d{9}Z\.db$/),
      expect.any(String),
    ])
    expect(readdirSync(source.data)).toEqual(['cohort.db'])

    const copy = onNode()
    const restore = (name: string) =>
      run([...nodeProgram, 'restore', `s3:${name}`], { DATA_DIR: copy.data, ...bucket })
    const name = names[0]?.slice('cohort.backups/'.length) ?? ''
    expect(await restore('never')).toMatchObject({ code: 1, stderr: expect.stringContaining(name) })
    expect(await restore(name)).toMatchObject({ code: 0 })
    expect(await copy.done('app', 'list')).toBe('kept\n')
    await s3.stop()
  })

  it('that fail are lines in the log, and the next one is tried', async () => {
    const { lines, logged } = schedule({ DATA_DIR: onNode().data, BACKUP_TO: place('backups') })
    await logged(2)
    expect(lines[1]).toMatchObject({ event: 'backup', error: expect.stringMatching(/there is no database/) })
  })

  it('end with the service, and leave nothing half done', async () => {
    const target = place('backups')
    // Takes for ever.
    const slow = [
      'node',
      '-e',
      'fs.writeFileSync(process.argv[2] + "." + process.pid + ".tmp", ""); setInterval(() => {}, 1000)',
      '--',
    ]
    const { lines, stop } = schedule({ DATA_DIR: onNode().data, BACKUP_TO: target }, slow)
    while (!existsSync(target) || readdirSync(target).length === 0)
      await new Promise(resolve => setTimeout(resolve, 5))
    await stop()
    expect(readdirSync(target)).toEqual([])
    expect(lines).toEqual([])
  })

  it('are started by serve, which refuses a bucket that is not there', async () => {
    const service = onNode()
    const instance = await service.serve({ BACKUP_EVERY: '1' })
    const metrics = await (await fetch(`${instance.url}/metrics`)).text()
    expect(metrics).toMatch(/^cohort_backup_age_seconds \d/m)
    // Neither Litestream nor a mirror was asked for.
    expect(metrics).not.toMatch(/cohort_(replica|mirror)_age_seconds/)
    await instance.stop()
    const { code, stderr } = await run([...nodeProgram, 'serve'], {
      DATA_DIR: service.data,
      PORT: '0',
      BACKUP_EVERY: '1',
      BACKUP_TO: 's3',
    })
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/BACKUP_TO is s3, but S3_BUCKET is not set/),
    })
  })
})
