import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CreateBucketCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3'
import { installed } from './installed.ts'
import { freePort, removeFolder, temporaryFolder } from './process.ts'

/** Whether Debian's Ceph is on this machine: packages radosgw, ceph-mon and ceph-osd. */
export const hasRadosgw = (): boolean => installed('radosgw', 'radosgw-admin', 'ceph-mon', 'ceph-osd', 'ceph')

export interface Radosgw {
  readonly endpoint: string
  readonly bucket: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  openUploads(): Promise<readonly string[]>
  stop(): Promise<void>
}

/**
 * A real Ceph of one monitor, one store in memory and its S3 gateway, on free loopback ports, with an empty
 * bucket. Starts in about five seconds.
 */
export async function startRadosgw(): Promise<Radosgw> {
  const folder = temporaryFolder()
  const [monitorPort, port] = [await freePort(), await freePort()]
  const configuration = join(folder, 'ceph.conf')
  const [fsid, osd] = [crypto.randomUUID(), crypto.randomUUID()]
  const monitor = `[v2:127.0.0.1:${monitorPort}/0]`
  writeFileSync(configuration, configurationOf(folder, fsid, monitor, port))
  for (const name of ['mon', 'osd', 'rgw']) mkdirSync(join(folder, name))
  const run = (program: string, ...args: string[]) =>
    execFileSync(program, ['-c', configuration, ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 60_000,
    })

  const map = join(folder, 'monmap')
  execFileSync('monmaptool', ['--create', '--fsid', fsid, '--addv', 'a', monitor, map], { stdio: 'ignore' })
  run('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map)
  run('ceph-mon', '-i', 'a')
  run('ceph', 'osd', 'new', osd, '0')
  run('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', osd)
  run('ceph-osd', '-i', '0')
  await until(() => run('ceph', 'osd', 'stat').toString().includes('1 up'))
  const [accessKeyId, secretAccessKey] = ['key-of-tests', 'secret-of-tests']
  const keys = ['--access-key', accessKeyId, '--secret-key', secretAccessKey]
  run('radosgw-admin', '-n', 'client.rgw', 'user', 'create', '--uid', 't', '--display-name', 't', ...keys)
  const gateway = spawn('radosgw', ['-c', configuration, '-n', 'client.rgw', '-f'], { stdio: 'ignore' })
  const daemons = ['mon.a', 'osd.0'].map(name => Number(readFileSync(join(folder, `${name}.pid`), 'utf8')))
  const endAll = () => {
    gateway.kill('SIGKILL')
    for (const pid of daemons) kill(pid)
  }
  process.once('exit', endAll)

  const endpoint = `http://127.0.0.1:${port}`
  await until(() =>
    fetch(endpoint).then(
      () => true,
      () => false,
    ),
  )
  const [region, Bucket] = ['default', 'cohort-test']
  const credentials = { accessKeyId, secretAccessKey }
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
  await client.send(new CreateBucketCommand({ Bucket }))
  return {
    endpoint,
    bucket: Bucket,
    region,
    ...credentials,
    async openUploads() {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
      return Uploads.map(({ UploadId }) => UploadId ?? '')
    },
    async stop() {
      process.off('exit', endAll)
      endAll()
      await removeFolder(folder)
    },
  }
}

/** Without authentication among its parts, and with one copy of everything: it is thrown away. */
const configurationOf = (folder: string, fsid: string, monitor: string, port: number): string => `[global]
fsid = ${fsid}
mon host = ${monitor}
public addr = 127.0.0.1
ms bind msgr1 = false
ms mon client mode = crc
auth cluster required = none
auth service required = none
auth client required = none
run dir = ${folder}
log file = ${folder}/$name.log
admin socket = ${folder}/$name.asok
pid file = ${folder}/$name.pid
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd crush chooseleaf type = 0
mon data avail crit = 1
[mon.a]
mon data = ${folder}/mon
[osd.0]
osd data = ${folder}/osd
osd objectstore = memstore
memstore device bytes = 2147483648
[client.rgw]
rgw data = ${folder}/rgw
rgw frontends = beast endpoint=127.0.0.1:${port}
`

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await condition()); tries++) {
    if (tries === 150) throw new Error('Ceph does not start')
    await new Promise(resolve => setTimeout(resolve, 200))
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}
