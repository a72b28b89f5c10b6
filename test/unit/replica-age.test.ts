import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { copiedPosition, litestreamFigures } from '../../src/entry/cli/copies/litestream-position.ts'
import { type Look, ReplicaAge } from '../../src/entry/cli/copies/replica-age.ts'
import { removeFolder, temporaryFolder } from '../support/process.ts'

/**
 * A look at `at`: so many copies into the folder, which is at this offset of log file 7, and the upload too.
 */
const look = (
  at: number,
  copies: number,
  copied: number,
  uploaded: number | undefined,
  more: Partial<Look> = {},
): Look => ({
  at,
  copies,
  copied: { generation: 'a', index: 7, offset: copied },
  uploaded: uploaded === undefined ? undefined : { index: 7, offset: uploaded },
  ...more,
})

/** Up to when changes are in the replica, after each of these looks. */
function ages(looks: readonly Look[]): number[] {
  const age = new ReplicaAge(0)
  return looks.map(one => {
    age.add(one)
    return age.replicatedAt
  })
}

describe('the age of the replica', () => {
  it('is that of the look before the copy whose end was uploaded', () => {
    expect(
      ages([
        look(100, 1, 50, 40),
        look(200, 4, 60, 50),
        // The folder was at 60 after a copy that began after 100.
        look(300, 7, 70, 60),
        look(400, 10, 80, 80),
      ]),
    ).toEqual([0, 0, 100, 300])
  })

  it('does not move while no whole copy was made, or nothing is uploaded', () => {
    expect(ages([look(100, 1, 50, 40), look(200, 2, 50, 50), look(300, 3, 60, 60)])).toEqual([0, 0, 100])
    expect(ages([look(100, 1, 50, 40), look(200, 4, 60, 40), look(300, 7, 70, 40)])).toEqual([0, 0, 0])
    expect(ages([look(100, 1, 50, undefined), look(200, 4, 60, undefined)])).toEqual([0, 0])
  })

  it('takes no upload of another generation for one of this', () => {
    const next = { generation: 'b', index: 0 }
    expect(
      ages([
        look(100, 1, 50, 90),
        look(200, 4, 90, 91),
        look(300, 7, 0, 95, { copied: { ...next, offset: 10 } }),
        look(400, 10, 0, 95, { copied: { ...next, offset: 20 } }),
        look(500, 13, 0, 0, { copied: { ...next, offset: 20 }, uploaded: { index: 0, offset: 20 } }),
      ]),
    ).toEqual([0, 100, 100, 100, 400])
  })

  it('begins its count anew when Litestream was started again', () => {
    expect(
      ages([look(100, 50, 50, 40), look(200, 1, 60, undefined), look(300, 2, 60, 60), look(400, 4, 60, 60)]),
    ).toEqual([0, 0, 0, 200])
  })
})

describe('what is read of Litestream', () => {
  const folder = temporaryFolder()
  const database = join(folder, 'cohort.db')
  afterAll(() => removeFolder(folder))

  it('is the end of the newest log in its folder', async () => {
    expect(await copiedPosition(database)).toBeUndefined()
    const logs = join(folder, '.cohort.db-litestream', 'generations', 'abcd', 'wal')
    mkdirSync(logs, { recursive: true })
    writeFileSync(join(folder, '.cohort.db-litestream', 'generation'), 'abcd\n')
    expect(await copiedPosition(database)).toBeUndefined()
    for (const [name, size] of [
      ['00000009.wal', 5],
      ['0000000a.wal', 7],
      ['0000000b.wal.tmp', 9],
    ] as const)
      writeFileSync(join(logs, name), new Uint8Array(size))
    expect(await copiedPosition(database)).toEqual({ generation: 'abcd', index: 10, offset: 7 })
  })

  it('are the figures of this database, and of the replica that is furthest behind', async () => {
    const of = (db: string) => `litestream_sync_count{db="${db}"} 12
litestream_sync_error_count{db="${db}"} 2
litestream_replica_wal_index{db="${db}",name="far"} 3
litestream_replica_wal_offset{db="${db}",name="far"} 1.048576e+06
`
    let text = of(database) + of('/other/cohort.db').replaceAll('12', '99')
    const server = createServer((_, answer) => answer.end(text)).listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    expect(await litestreamFigures(url, database)).toEqual({
      copies: 10,
      uploaded: { index: 3, offset: 1_048_576 },
    })
    text = of('/other/cohort.db')
    await expect(litestreamFigures(url, database)).rejects.toThrow(/does not replicate/)
    server.close()
    await expect(litestreamFigures('http://127.0.0.1:1/metrics', database)).rejects.toThrow()
  })
})
