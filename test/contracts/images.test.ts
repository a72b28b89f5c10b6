import { bunMedia, denoMedia, nodeMedia, workerMedia } from '../support/media-runtimes.ts'
import { imagesContract } from './images.contract.ts'

imagesContract('a process of Node.js', nodeMedia)
imagesContract('a process of Deno', denoMedia)
imagesContract('a process of Bun', bunMedia)
imagesContract('workerd', workerMedia)
