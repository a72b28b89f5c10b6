import type { Page } from 'playwright-core'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { serviceAndSite } from '../support/browser.ts'
import { avatarOf, expectBytes, read, sendFile, toUser, withQuery } from '../support/files.ts'
import { hostileFiles, jpeg, png, polyglot, someBytes, text, voice } from '../support/fixtures.ts'
import { dataOf, people, type User } from '../support/groups.ts'
import type { UploadTarget } from '../support/uploads.ts'

/** What browsers do with files of the service, on a page that is not the service's. */
describe('a page of another origin, in Chromium', () => {
  const home = serviceAndSite()
  let page: Page
  let sender: User
  let friend: User
  beforeAll(async () => {
    const couple = await people(home.service, ['sender', 'friend'])
    sender = couple.sender
    friend = couple.friend
  })
  beforeEach(async () => {
    page = await home.openPage()
  })
  afterEach(() => page.close())

  /** With all credentials in it, as a page must write it into an element. */
  const inUrl = (url: string, query: Readonly<Record<string, string | number>> = {}) =>
    withQuery(url, { ...friend.headers, ...query })

  it('shows thumbnails, covers and avatars in <img>', async () => {
    const url = await sendFile(sender, { ...toUser(friend), file_type: 102 }, await jpeg(400, 200))
    const avatar = await avatarOf(sender, await png(60, 40))
    const sizeOf = (src: string) =>
      page.evaluate(async source => {
        const image = new Image()
        image.src = source
        document.body.append(image)
        await image.decode()
        return [image.naturalWidth, image.naturalHeight]
      }, src)
    expect(await sizeOf(inUrl(url, { image_type: 2 }))).toEqual([200, 100])
    expect(await sizeOf(inUrl(url, { image_type: 3, w: 50, h: 50 }))).toEqual([50, 50])
    expect(await sizeOf(inUrl(url))).toEqual([400, 200])
    expect(await sizeOf(inUrl(avatar))).toEqual([60, 40])
    await expect(sizeOf(url)).rejects.toThrow()
  })

  it('plays voice as MP3 in <audio>', async () => {
    const url = await sendFile(sender, { ...toUser(friend), file_type: 101 }, voice(1))
    await page.evaluate(
      source => {
        const audio = document.createElement('audio')
        audio.src = source
        const button = document.createElement('button')
        button.textContent = 'Play'
        button.onclick = () => void audio.play()
        document.body.append(audio, button)
      },
      inUrl(url, { format: 'mp3' }),
    )
    const ended = page.evaluate(
      () =>
        new Promise<{ duration: number; played: number }>((resolve, reject) => {
          const audio = document.querySelector('audio') as HTMLAudioElement
          audio.onended = () => resolve({ duration: audio.duration, played: audio.currentTime })
          audio.onerror = () => reject(new Error(audio.error?.message))
        }),
    )
    await page.click('button')
    const { duration, played } = await ended
    expect(Math.floor(duration)).toBe(1)
    expect(played).toBeGreaterThanOrEqual(1)
  })

  it('uploads a form and reads it back, with its token in headers', async () => {
    const bytes = someBytes(30_000)
    const result = await page.evaluate(
      async ({ base, to_id, headers, content }) => {
        const file = new File([new Uint8Array(content)], 'a "name".bin', { type: 'text/html' })
        const asked = await fetch(`${base}/file/upload/chat?file_type=100&to_id=${to_id}`, { headers })
        const { data } = await asked.json()
        const form = new FormData()
        form.append('key', 'undefined')
        for (const [name, value] of Object.entries<string>(data.oss_body_param)) form.append(name, value)
        form.append('file', file)
        // With listeners of progress, as chat pages upload: this asks the service first.
        const answer = await new Promise<string>((resolve, reject) => {
          const request = new XMLHttpRequest()
          request.open(data.upload_method, data.upload_url)
          request.upload.onprogress = () => undefined
          request.onload = () => resolve(request.responseText)
          request.onerror = () => reject(new Error('refused'))
          request.send(form)
        })
        const part = await fetch(data.download_url, { headers: { ...headers, range: 'bytes=0-9' } })
        const length = (await part.arrayBuffer()).byteLength
        return { url: data.download_url as string, answer, status: part.status, length }
      },
      { base: home.service.url, to_id: friend.id, headers: sender.headers, content: [...bytes] },
    )
    expect(result).toMatchObject({
      answer: '{"code":200,"data":true,"message":null}',
      status: 206,
      length: 10,
    })
    expectBytes(await read(friend, result.url), bytes)
  })

  it('uploads raw bytes by PUT, and hears why a file is refused', async () => {
    const place: UploadTarget = dataOf(await sender.get('/file/upload/avatar/user'))
    const put = (content: readonly number[]) =>
      page.evaluate(
        async ({ url, body }) => {
          const response = await fetch(url, {
            method: 'PUT',
            body: new Uint8Array(body),
            headers: { 'content-type': 'image/png' },
          })
          return { status: response.status, message: (await response.json()).message as string | null }
        },
        { url: place.upload_url, body: content },
      )
    const refused = await put([...text('<svg xmlns="http://www.w3.org/2000/svg"/>')])
    expect(refused.status).toBe(415)
    expect(refused.message).toMatch(/picture/)
    expect(await put([...(await png())])).toEqual({ status: 200, message: null })
  })

  describe('does not run what was uploaded (security 1)', () => {
    const code = () => `new Image().src="${home.site.url}/executed";document.title="executed"`
    const hostile = () => Object.entries(hostileFiles(code()))
    const sent = (bytes: Uint8Array<ArrayBuffer>) => sendFile(sender, toUser(friend), bytes)

    it('which it would, were it served as what it claims to be', async () => {
      const { HTML, SVG, XHTML } = hostileFiles(code())
      for (const [path, type, bytes] of [
        ['/page', 'text/html', HTML],
        ['/picture', 'image/svg+xml', SVG],
        ['/xhtml', 'application/xhtml+xml', XHTML],
      ] as const) {
        const before = home.site.executed()
        home.site.publish(path, type, bytes)
        const called = page.waitForRequest(`${home.site.url}/executed`)
        await page.goto(home.site.url + path)
        await (await called).response()
        expect(home.site.executed()).toBe(before + 1)
      }
    })

    it('when it is opened, alone or in a frame: it is saved', async () => {
      const before = home.site.executed()
      for (const [name, bytes] of hostile()) {
        const url = inUrl(await sent(bytes))
        const frame = page.waitForEvent('download')
        await page.evaluate(source => {
          const element = document.createElement('iframe')
          element.src = source
          document.body.append(element)
        }, url)
        expect((await frame).url(), name).toBe(url)
        const alone = await home.context.newPage()
        const saved = alone.waitForEvent('download')
        await alone.goto(url).catch(() => undefined)
        expect((await saved).url(), name).toBe(url)
        expect(await alone.title(), name).not.toBe('executed')
        await alone.close()
      }
      expect(home.site.executed()).toBe(before)
    })

    it('when a page asks for it as a script, a picture or a style', async () => {
      const before = home.site.executed()
      for (const [name, bytes] of [
        ...hostile(),
        ['polyglot', await polyglot(hostileFiles(code()).HTML)] as const,
      ]) {
        const url = inUrl(await sent(bytes))
        const outcome = (tag: 'script' | 'link' | 'img') =>
          page.evaluate(
            ({ tag, source }) =>
              new Promise<string>(resolve => {
                const element = document.createElement(tag)
                element.addEventListener('load', () => resolve('load'))
                element.addEventListener('error', () => resolve('error'))
                element.setAttribute(tag === 'link' ? 'href' : 'src', source)
                if (tag === 'link') element.setAttribute('rel', 'stylesheet')
                document.head.append(element)
              }),
            { tag, source: url },
          )
        expect({ name, outcome: await outcome('script') }).toEqual({ name, outcome: 'error' })
        expect({ name, outcome: await outcome('link') }).toEqual({ name, outcome: 'error' })
        expect({ name, outcome: await outcome('img') }).toEqual({
          name,
          outcome: name === 'polyglot' ? 'load' : 'error',
        })
      }
      expect(home.site.executed()).toBe(before)
      expect(await page.title()).not.toBe('executed')
    })

    it('when a picture goes on as HTML: it is shown as the picture', async () => {
      const before = home.site.executed()
      await page.goto(inUrl(await sent(await polyglot(hostileFiles(code()).HTML))))
      expect(await page.evaluate(() => document.contentType)).toBe('image/png')
      expect(await page.title()).not.toBe('executed')
      expect(home.site.executed()).toBe(before)
    })
  })

  it('does not tell other sites where it was: no referrer leaves with a token in it', async () => {
    const url = await sendFile(sender, { ...toUser(friend), file_type: 102 }, await png())
    await page.goto(inUrl(url))
    const request = page.waitForRequest(`${home.site.url}/`)
    await page.evaluate(target => {
      location.href = target
    }, `${home.site.url}/`)
    expect((await request).headers()).not.toHaveProperty('referer')
  })
})
