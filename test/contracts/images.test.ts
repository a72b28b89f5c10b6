import { bunMedia, denoMedia, nodeMedia, workerMedia } from '../support/media-runtimes.ts'
import { imagesContract } from './images.contract.ts'

imagesContract('sharp on Node.js', nodeMedia, { avif: true })
imagesContract('sharp on Deno', denoMedia, { avif: true })
imagesContract('Bun.Image', bunMedia, { avif: process.platform !== 'linux' })
imagesContract('photon on workerd', workerMedia, { avif: false })
