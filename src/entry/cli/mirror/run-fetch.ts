import { type BucketPlace, placeUrl } from '../../../blobs/bucket-place.ts'
import type { SerialEngine } from '../../../db/engine.ts'
import type { Executor } from '../../../operation/executor.ts'
import type { Invocation } from '../command.ts'
import { CommandFailure } from '../command-failure.ts'
import { withData } from '../data.ts'
import { progressBar } from '../progress.ts'
import { type FetchReport, fetchFiles, forgetLost } from './fetch.ts'
import { mirrorStores } from './place.ts'
import { printNames } from './run-mirror.ts'

/**
 * `cohort files fetch`, and the files of `cohort restore --mirror`. Throws `CommandFailure` if files are
 * missing afterwards, and `BlobStoreError`.
 */
export async function runFetch(invocation: Invocation, place: BucketPlace): Promise<void> {
  const { runtime, config } = invocation
  const stores = mirrorStores(config, place)
  await withData(runtime, config, (executor, engine) =>
    fetchInto(invocation, place, { engine, executor, ...stores }),
  )
}

async function fetchInto(
  { options, print }: Invocation,
  place: BucketPlace,
  sides: Parameters<typeof fetchFiles>[0] & { readonly engine: SerialEngine; readonly executor: Executor },
): Promise<void> {
  const progress = progressBar('Fetch')
  const report = await fetchFiles(sides, progress).finally(progress.end)
  const { fetched, bytes, kept, lost, failed } = report
  print(`${placeUrl(place)}: ${fetched} files of ${bytes} bytes fetched, ${kept} were here already\n`)
  printNames('not fetched: ', failed)
  printNames(
    'neither here nor in the bucket: ',
    lost.map(({ object_name }) => object_name),
  )
  if (failed.length > 0) throw new CommandFailure(`${failed.length} files were not fetched: start it again`)
  if (lost.length === 0) return
  await settleLost(sides.executor, place, report, options['forget-lost'] === true)
  print(`${lost.length} files are lost and forgotten: readers get the answer for a deleted file\n`)
}

/** Forgets the lost files, if that was asked for and the bucket is the right one. Throws `CommandFailure`. */
async function settleLost(
  executor: Executor,
  place: BucketPlace,
  { lost, fetched, kept }: FetchReport,
  forget: boolean,
): Promise<void> {
  if (fetched + kept === 0)
    throw new CommandFailure(
      `none of the ${lost.length} files is in ${placeUrl(place)}: is it the right place?`,
    )
  if (!forget)
    throw new CommandFailure(
      `${lost.length} files have no bytes: cohort files fetch --forget-lost deletes them`,
    )
  await forgetLost(executor, lost)
}
