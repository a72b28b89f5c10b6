import { bunMedia, denoMedia, nodeMedia, workerMedia } from '../support/media-runtimes.ts'
import { voiceContract } from './voice.contract.ts'

voiceContract('a thread of Node.js', nodeMedia)
voiceContract('a thread of Deno', denoMedia)
voiceContract('a thread of Bun', bunMedia)
voiceContract('workerd', workerMedia)
