import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runSuites } from '../suites/all.ts'
import { fileSuites } from '../suites/files.ts'
import { type S3Server, startS3Server } from '../support/s3-server.ts'
import { s3Target, s3Uploads } from '../support/s3-target.ts'

for (const upload of s3Uploads) {
  describe(`S3_UPLOAD=${upload}`, () => {
    let server: S3Server
    beforeAll(async () => {
      server = await startS3Server()
    })
    afterAll(() => server.stop())

    runSuites(
      s3Target(() => server, upload),
      fileSuites,
    )

    it('leaves no upload half done in the bucket', async () => {
      expect(await server.openUploads()).toEqual([])
    })
  })
}
