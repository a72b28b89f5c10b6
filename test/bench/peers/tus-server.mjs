// A server of @tus/server with its store of files, as its documentation has it.
import { createServer } from 'node:http'
import { FileStore } from '@tus/file-store'
import { Server } from '@tus/server'

const { PORT, FOLDER } = process.env
const tus = new Server({ path: '/files', datastore: new FileStore({ directory: FOLDER }) })
createServer(tus.handle.bind(tus)).listen(Number(PORT), '127.0.0.1', () => process.stderr.write('ready\n'))
process.on('SIGTERM', () => process.exit(0))
