import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { serviceAndSite } from '../support/browser.ts'
import { sendFile, toUser, withQuery } from '../support/files.ts'
import { formatFiles, SECONDS, SHOWN } from '../support/format-files.ts'
import { formatTable } from '../support/format-table.ts'
import { people, type User } from '../support/groups.ts'
import { distance } from '../support/pictures.ts'

/** Chromium has no decoder for these. Phones have one, and `format=mp3` is for browsers. */
const onlyOnPhones = ['AMR, narrow band', 'AMR, wide band']

/** What docs/media.md says is shown, in an element of a page of another origin. */
describe('what is said to be shown, in Chromium', () => {
  const home = serviceAndSite()
  let page: Page
  let sender: User
  let friend: User
  beforeAll(async () => {
    page = await home.openPage()
    const couple = await people(home.service, ['sender', 'friend'])
    sender = couple.sender
    friend = couple.friend
  })

  /** The size and the colour in the middle, as the browser draws it. */
  const drawn = (source: string) =>
    page.evaluate(async url => {
      const image = new Image()
      image.crossOrigin = 'anonymous'
      image.src = url
      await image.decode()
      const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight)
      const context = canvas.getContext('2d')
      context?.drawImage(image, 0, 0)
      const { data } = context?.getImageData(canvas.width / 2, canvas.height / 2, 1, 1) ?? { data: [] }
      const [red = 0, green = 0, blue = 0, alpha = 0] = data
      return { size: [canvas.width, canvas.height], colour: [red, green, blue, alpha] as const }
    }, source)

  /**
   * How long it is, where it is after a jump to the middle, and whether it plays on from there to its end.
   */
  const played = (source: string, element: 'audio' | 'video') =>
    page.evaluate(
      async ([url = '', tag = '']) => {
        const media = document.createElement(tag) as HTMLMediaElement
        const next = (event: string) =>
          new Promise<void>((resolve, reject) => {
            media.addEventListener(event, () => resolve(), { once: true })
            media.addEventListener('error', () => reject(new Error(media.error?.message)), { once: true })
          })
        media.muted = true
        media.preload = 'auto'
        const loaded = next('loadeddata')
        media.src = url
        document.body.append(media)
        await loaded
        const { duration } = media
        const sought = next('seeked')
        media.currentTime = duration / 2
        await sought
        const middle = media.currentTime / duration
        const ended = next('ended')
        await media.play()
        await ended
        media.remove()
        return { duration, middle }
      },
      [source, element],
    )

  it.each(formatTable().filter(({ isShown }) => isShown))('$format', async ({ format, contentType }) => {
    const file = formatFiles[format]
    if (file === undefined) throw new Error(`no file of ${format}`)
    const url = await sendFile(sender, { ...toUser(friend), file_type: file.file_type }, await file.make())
    const asked = withQuery(url, {
      ...friend.headers,
      ...(onlyOnPhones.includes(format) && { format: 'mp3' }),
    })
    if (contentType.startsWith('image/')) {
      const { size, colour } = await drawn(asked)
      expect(size).toEqual([60, 40])
      expect(distance(colour, SHOWN), `${colour}`).toBeLessThanOrEqual(6)
      return
    }
    const { duration, middle } = await played(asked, contentType.startsWith('video/') ? 'video' : 'audio')
    expect(Math.abs(duration - SECONDS)).toBeLessThan(0.1)
    expect(Math.abs(middle - 0.5)).toBeLessThan(0.1)
  })
})
