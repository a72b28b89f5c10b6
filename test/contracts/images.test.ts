import { expect, it } from 'vitest'
import { bunMedia, denoMedia, nodeMedia, workerMedia } from '../support/media-runtimes.ts'
import { bytesOf, look, lyingPng, quarters } from '../support/pictures.ts'
import { imagesContract } from './images.contract.ts'

imagesContract('sharp on Node.js', nodeMedia, { avif: true })
imagesContract('sharp on Deno', denoMedia, { avif: true })
imagesContract('Bun.Image', bunMedia, { avif: process.platform !== 'linux' })
imagesContract('photon on workerd', workerMedia, { avif: false })

it("keeps to a Worker's memory: takes a JPEG of eight megapixels, and refuses more with a sentence", async () => {
  const { images, stop } = await workerMedia()
  try {
    const large = await bytesOf(quarters(3264, 2448).jpeg())
    const made = await images.resize(large, { fit: 'inside', width: 200, height: 200 })
    expect(await look(made.bytes)).toMatchObject({ width: 200, height: 150 })
    const larger = images.resize(await lyingPng(4000, 3000), { fit: 'inside', width: 200, height: 200 })
    await expect(larger).rejects.toThrow('a picture of 4000 × 3000 pixels is too large for this server')
  } finally {
    await stop()
  }
})
