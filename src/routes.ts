import { recipients } from './authz/recipients.ts'
import { feed } from './events/feed-route.ts'
import { mine, stream } from './events/stream-routes.ts'
import { downloadAvatar, downloadChat } from './file/download/download.ts'
import { scannedObject } from './file/scanned-object.ts'
import { receiveUpload } from './file/upload/receive.ts'
import { clientFile, consoleRoutes, docsRoutes } from './http/asset-routes.ts'
import type { Route } from './http/route.ts'
import { docs, healthz, metrics, openApiDocument, readyz, root } from './http/service-routes.ts'
import { centrifugoPublish, centrifugoSubscribe } from './integrations/centrifugo.ts'
import { getHealth, listBackups, listJobs, makeBackup, runJob } from './operator/service-routes.ts'
import { currentSession, endSessionRoute, listSessions, openSessionRoute } from './operator/session-routes.ts'
import { appToken } from './operator/token-route.ts'
import { exportUserRoute } from './user/export-route.ts'

/**
 * Everything that answers HTTP beside the operations: bytes, streams and the service itself. With
 * `operations.ts` this is the only registry.
 */
export const routes: readonly Route[] = [
  receiveUpload,
  downloadAvatar,
  downloadChat,
  scannedObject,
  recipients,
  exportUserRoute,
  centrifugoSubscribe,
  centrifugoPublish,
  feed,
  stream,
  mine,
  root,
  healthz,
  readyz,
  metrics,
  clientFile,
  ...consoleRoutes,
  openApiDocument,
  docs,
  ...docsRoutes,
  openSessionRoute,
  currentSession,
  listSessions,
  endSessionRoute,
  appToken,
  getHealth,
  listJobs,
  runJob,
  listBackups,
  makeBackup,
]
