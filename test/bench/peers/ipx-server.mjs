// A server of ipx for the pictures of a folder, as its documentation has it.
import { createServer } from 'node:http'
import { createIPX, createIPXNodeServer, ipxFSStorage } from 'ipx'

const { PORT, FOLDER } = process.env
const serve = createIPXNodeServer(createIPX({ storage: ipxFSStorage({ dir: FOLDER }) }))
createServer(serve).listen(Number(PORT), '127.0.0.1', () => process.stderr.write('ready\n'))
process.on('SIGTERM', () => process.exit(0))
