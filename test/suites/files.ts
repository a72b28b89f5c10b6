import type { Suite } from './all.ts'
import { fileAccess } from './files/access.ts'
import { fileCredentials } from './files/credentials.ts'
import { deletion } from './files/deletion.ts'
import { downloads } from './files/downloads.ts'
import { forwards } from './files/forwards.ts'
import { uploadLimits } from './files/limits.ts'
import { fileNames } from './files/names.ts'
import { pictures } from './files/pictures.ts'
import { quarantine } from './files/quarantine.ts'
import { rangesAndTags } from './files/ranges-and-tags.ts'
import { retention } from './files/retention.ts'
import { uploadRights } from './files/rights.ts'
import { storedUrls } from './files/stored-urls.ts'
import { uploads } from './files/uploads.ts'
import { voices } from './files/voice.ts'

/**
 * The file half of the API, by topic: every target runs these, and Node runs them with each kind of store.
 */
export const fileSuites: Readonly<Record<string, Suite>> = {
  'file rights': uploadRights,
  'file uploads': uploads,
  'file limits': uploadLimits,
  'file access': fileAccess,
  'file credentials': fileCredentials,
  'file downloads': downloads,
  'file ranges and tags': rangesAndTags,
  'file names': fileNames,
  'file pictures': pictures,
  'file voice': voices,
  'file forwards': forwards,
  'file deletion': deletion,
  'file retention': retention,
  'file quarantine': quarantine,
  'stored URLs': storedUrls,
}
