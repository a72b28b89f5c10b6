import { createHash, randomBytes } from 'node:crypto'
import type { S3Dialect } from './s3-dialects.ts'
import { S3Refusal, type SignedRequest } from './s3-signature.ts'

export interface S3Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | string
  readonly withoutLength?: boolean
}

interface Stored {
  readonly bytes: Uint8Array
  readonly etag: string
  readonly contentType: string
  /** The headers `x-amz-meta-…` it was stored with. */
  readonly metadata: Readonly<Record<string, string>>
  readonly storedAt: Date
}

interface Upload extends Pick<Stored, 'contentType' | 'metadata'> {
  readonly key: string
  readonly parts: Map<number, { bytes: Uint8Array; md5: string }>
}

const pageSize = 1000
const smallestPart = 5 * 1024 * 1024
const unknownType = 'binary/octet-stream'
const overrides = [
  'content-type',
  'content-disposition',
  'cache-control',
  'content-language',
  'content-encoding',
  'expires',
]

/**
 * One bucket in memory that answers S3's object calls, with the limits and the conditional writes of S3
 * itself, but for the differences of the dialect. It never waits, so every call is atomic, as it is there.
 */
export class S3Bucket {
  readonly name: string
  readonly #dialect: S3Dialect
  readonly #objects = new Map<string, Stored>()
  readonly #uploads = new Map<string, Upload>()

  constructor(name: string, dialect: S3Dialect) {
    this.name = name
    this.#dialect = dialect
  }

  /** The ids of uploads neither completed nor aborted. */
  openUploads(): string[] {
    return [...this.#uploads.keys()]
  }

  answer(request: SignedRequest): S3Answer | S3Refusal {
    const { pathname, searchParams: query } = new URL(request.url, 'http://s3')
    const [, bucket = '', ...segments] = pathname.split('/')
    const key = decodeURIComponent(segments.join('/'))
    if (bucket !== this.name) return new S3Refusal(404, 'NoSuchBucket')
    const uploadId = query.get('uploadId')
    switch (
      `${request.method} ${key === '' ? 'bucket' : uploadId !== null ? 'upload' : query.has('uploads') ? 'uploads' : 'object'}`
    ) {
      case 'GET bucket':
        return query.get('list-type') === '2' ? this.#list(query) : this.#listOld(query)
      case 'POST bucket':
        return query.has('delete') ? this.#deleteAll(request) : new S3Refusal(501, 'NotImplemented')
      case 'GET object':
      case 'HEAD object':
        return this.#get(request, key, query)
      case 'PUT object':
        if (request.headers['x-amz-copy-source'] !== undefined)
          return this.#copy(key, String(request.headers['x-amz-copy-source']))
        return (
          this.#refuseTaken(request, key, this.#dialect.putCondition) ??
          this.#store(key, { bytes: request.body, etag: md5(request.body), ...describedBy(request) })
        )
      case 'DELETE object':
        this.#objects.delete(key)
        return { status: 204, headers: {}, body: '' }
      case 'POST uploads':
        return this.#startUpload(key, describedBy(request))
    }
    const upload = this.#uploads.get(uploadId ?? '')
    if (uploadId === null) return new S3Refusal(501, 'NotImplemented')
    if (upload?.key !== key) return new S3Refusal(404, 'NoSuchUpload')
    switch (request.method) {
      case 'GET':
        return listParts(upload, Number(query.get('part-number-marker')), Number(query.get('max-parts')))
      case 'PUT':
        return putPart(upload, Number(query.get('partNumber')), request.body)
      case 'POST':
        return this.#completeUpload(request, uploadId, upload)
      case 'DELETE':
        this.#uploads.delete(uploadId)
        return { status: 204, headers: {}, body: '' }
      default:
        return new S3Refusal(405, 'MethodNotAllowed')
    }
  }

  #copy(key: string, source: string): S3Answer | S3Refusal {
    const [, from = ''] = /^\/?[^/]+\/(.+)$/.exec(decodeURIComponent(source)) ?? []
    const object = this.#objects.get(from)
    if (object === undefined) return new S3Refusal(404, 'NoSuchKey')
    this.#objects.set(key, object)
    const body = `<?xml version="1.0" encoding="UTF-8"?><CopyObjectResult><ETag>"${object.etag}"</ETag></CopyObjectResult>`
    return { status: 200, headers: { 'content-type': 'application/xml' }, body }
  }

  /** A browser's upload, its policy already checked. */
  async answerForm(form: FormData): Promise<S3Answer | S3Refusal> {
    const file = form.get('file')
    if (!(file instanceof File)) return new S3Refusal(400, 'InvalidArgument')
    const type = form.get('Content-Type')
    const bytes = await file.bytes()
    const contentType = typeof type === 'string' ? type : unknownType
    const stored = this.#store(String(form.get('key')), {
      bytes,
      etag: md5(bytes),
      contentType,
      metadata: {},
    })
    return { ...stored, status: 204 }
  }

  #refuseTaken(
    request: SignedRequest,
    key: string,
    condition: S3Dialect['putCondition'],
  ): S3Refusal | undefined {
    if (request.headers['if-none-match'] === undefined || condition === 'ignored') return undefined
    if (condition === 'refused' || request.headers['if-none-match'] !== '*')
      return new S3Refusal(501, 'NotImplemented')
    return this.#objects.has(key) ? new S3Refusal(412, 'PreconditionFailed') : undefined
  }

  #store(key: string, object: Omit<Stored, 'storedAt'>): S3Answer {
    this.#objects.set(key, { ...object, storedAt: new Date() })
    return { status: 200, headers: { etag: `"${object.etag}"` }, body: '' }
  }

  #get(request: SignedRequest, key: string, query: URLSearchParams): S3Answer | S3Refusal {
    const object = this.#objects.get(key)
    if (!object) return new S3Refusal(404, 'NoSuchKey')
    const expected = request.headers['if-match']
    if (expected !== undefined && expected !== `"${object.etag}"`)
      return new S3Refusal(412, 'PreconditionFailed')
    const headers: Record<string, string> = {
      'accept-ranges': 'bytes',
      etag: `"${object.etag}"`,
      'content-type': object.contentType,
      ...object.metadata,
    }
    for (const name of overrides) headers[name] = query.get(`response-${name}`) ?? headers[name] ?? ''
    const size = object.bytes.length
    // What it might compress it announces no length of.
    const { tellsLength } = this.#dialect
    const withoutLength =
      tellsLength === 'never' ||
      (tellsLength === 'identity' && request.headers['accept-encoding'] !== 'identity')
    const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '') ?? []
    if (from === '' && to === '')
      return { status: 200, headers: given(headers), body: object.bytes, withoutLength }
    const start = from === '' ? Math.max(0, size - Number(to)) : Number(from)
    const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1)
    if (start > end) return new S3Refusal(416, 'InvalidRange')
    headers['content-range'] = `bytes ${start}-${end}/${size}`
    return {
      status: 206,
      headers: given(headers),
      body: object.bytes.subarray(start, end + 1),
      withoutLength,
    }
  }

  #list(query: URLSearchParams): S3Answer {
    const prefix = query.get('prefix') ?? ''
    const token = query.get('continuation-token')
    const after = token === null ? '' : Buffer.from(token, 'base64url').toString()
    const keys = [...this.#objects.keys()].filter(key => key.startsWith(prefix) && key > after).sort()
    const page = keys.slice(0, pageSize)
    const next = keys.length > page.length ? Buffer.from(page.at(-1) ?? '').toString('base64url') : undefined
    return xml(
      'ListBucketResult',
      `<Name>${this.name}</Name><Prefix>${escaped(prefix)}</Prefix><KeyCount>${page.length}</KeyCount><MaxKeys>${pageSize}</MaxKeys>`,
      `<IsTruncated>${next !== undefined}</IsTruncated>${next === undefined ? '' : `<NextContinuationToken>${next}</NextContinuationToken>`}`,
      ...page.map(key => this.#contentsOf(key)),
    )
  }

  /** The first version of the list, which Litestream uses: a marker instead of a token, and a delimiter. */
  #listOld(query: URLSearchParams): S3Answer | S3Refusal {
    if ([...query.keys()].some(name => !['prefix', 'marker', 'delimiter', 'max-keys'].includes(name)))
      return new S3Refusal(501, 'NotImplemented')
    const prefix = query.get('prefix') ?? ''
    const marker = query.get('marker') ?? ''
    const delimiter = query.get('delimiter') ?? ''
    /**
     * The part of a key up to the delimiter, which stands for all keys that begin with it; or the key itself.
     */
    const nameOf = (key: string): string => {
      const end = delimiter !== '' ? key.indexOf(delimiter, prefix.length) : -1
      return end < 0 ? key : key.slice(0, end + 1)
    }
    const keys = [...this.#objects.keys()].filter(key => key.startsWith(prefix))
    const names = [...new Set(keys.map(nameOf))].filter(name => name > marker).sort()
    const page = names.slice(0, Number(query.get('max-keys') ?? pageSize))
    return xml(
      'ListBucketResult',
      `<Name>${this.name}</Name><Prefix>${escaped(prefix)}</Prefix><IsTruncated>${names.length > page.length}</IsTruncated>`,
      `<NextMarker>${escaped(page.at(-1) ?? '')}</NextMarker>`,
      ...page.map(name =>
        this.#objects.has(name)
          ? this.#contentsOf(name)
          : `<CommonPrefixes><Prefix>${escaped(name)}</Prefix></CommonPrefixes>`,
      ),
    )
  }

  #contentsOf(key: string): string {
    const { etag, bytes, storedAt } = this.#objects.get(key) ?? { etag: '', bytes: [], storedAt: new Date(0) }
    return `<Contents><Key>${escaped(key)}</Key><LastModified>${storedAt.toISOString()}</LastModified><ETag>&quot;${etag}&quot;</ETag><Size>${bytes.length}</Size></Contents>`
  }

  /** Deletes up to a thousand objects by one call, which Litestream does. */
  #deleteAll({ body }: SignedRequest): S3Answer {
    for (const [, key = ''] of Buffer.from(body)
      .toString()
      .matchAll(/<Key>(.*?)<\/Key>/gs))
      this.#objects.delete(unescaped(key))
    return xml('DeleteResult')
  }

  #startUpload(key: string, described: Pick<Stored, 'contentType' | 'metadata'>): S3Answer {
    const id = randomBytes(16).toString('hex')
    this.#uploads.set(id, { key, ...described, parts: new Map() })
    return xml(
      'InitiateMultipartUploadResult',
      `<Bucket>${this.name}</Bucket><Key>${escaped(key)}</Key><UploadId>${id}</UploadId>`,
    )
  }

  #completeUpload(
    request: SignedRequest,
    id: string,
    { key, contentType, metadata, parts }: Upload,
  ): S3Answer | S3Refusal {
    const list = [
      ...Buffer.from(request.body)
        .toString()
        .matchAll(/<Part>(.*?)<\/Part>/gs),
    ].map(([, part = '']) => ({
      number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
      md5: /<ETag>(?:"|&quot;|&#34;)?(\w+)/.exec(part)?.[1],
    }))
    const chosen: { bytes: Uint8Array; md5: string }[] = []
    for (const [index, { number, md5 }] of list.entries()) {
      const part = parts.get(number)
      if (!part || part.md5 !== md5) return new S3Refusal(400, 'InvalidPart')
      if (number <= (list[index - 1]?.number ?? 0)) return new S3Refusal(400, 'InvalidPartOrder')
      if (part.bytes.length < smallestPart && index < list.length - 1)
        return new S3Refusal(400, 'EntityTooSmall')
      chosen.push(part)
    }
    if (chosen.length === 0) return new S3Refusal(400, 'MalformedXML')
    const refusal = this.#refuseTaken(request, key, this.#dialect.completeCondition)
    if (refusal) return refusal
    this.#uploads.delete(id)
    const etag = `${md5(Buffer.from(chosen.map(part => part.md5).join(''), 'hex'))}-${chosen.length}`
    this.#store(key, { bytes: Buffer.concat(chosen.map(part => part.bytes)), etag, contentType, metadata })
    return xml(
      'CompleteMultipartUploadResult',
      `<Bucket>${this.name}</Bucket><Key>${escaped(key)}</Key><ETag>${this.#dialect.completeTag(etag)}</ETag>`,
    )
  }
}

function putPart({ parts }: Upload, number: number, bytes: Uint8Array): S3Answer | S3Refusal {
  if (!(number >= 1 && number <= 10_000)) return new S3Refusal(400, 'InvalidArgument')
  const part = { bytes, md5: md5(bytes) }
  parts.set(number, part)
  return { status: 200, headers: { etag: `"${part.md5}"` }, body: '' }
}

function listParts({ key, parts }: Upload, after: number, max: number): S3Answer {
  const page = [...parts].filter(([number]) => number > after).sort(([a], [b]) => a - b)
  return xml(
    'ListPartsResult',
    `<Key>${escaped(key)}</Key><IsTruncated>${page.length > max}</IsTruncated>`,
    ...page
      .slice(0, max)
      .map(
        ([number, { bytes, md5 }]) =>
          `<Part><PartNumber>${number}</PartNumber><ETag>&quot;${md5}&quot;</ETag><Size>${bytes.length}</Size></Part>`,
      ),
  )
}

/** What a request says of the object it stores. */
function describedBy({ headers }: SignedRequest): Pick<Stored, 'contentType' | 'metadata'> {
  const metadata = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith('x-amz-meta-') ? [[name, String(value)]] : [],
  )
  return { contentType: headers['content-type'] ?? unknownType, metadata: Object.fromEntries(metadata) }
}

function xml(root: string, ...content: string[]): S3Answer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content.join('')}</${root}>`
  return { status: 200, headers: { 'content-type': 'application/xml' }, body }
}

function given(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ''))
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}
