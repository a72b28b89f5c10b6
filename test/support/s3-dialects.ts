/** What a service does with `If-None-Match: *` on a write. */
type Condition = 'honoured' | 'refused' | 'ignored'

/** In what a service differs from S3 as AWS documents it (docs/s3.md). */
export interface S3Dialect {
  readonly putCondition: Condition
  /** The same at the end of an upload in parts. */
  readonly completeCondition: Condition
  /** The text of `ETag` in the answer to CompleteMultipartUpload. */
  completeTag(etag: string): string
  /** Whether HEAD and GET say Content-Length: only who takes no compressed answer may hear it. */
  readonly tellsLength: 'always' | 'identity' | 'never'
}

const aws: S3Dialect = {
  putCondition: 'honoured',
  completeCondition: 'honoured',
  completeTag: etag => `&quot;${etag}&quot;`,
  tellsLength: 'always',
}

/** The services in the field that tests stand in for. */
export const dialects = {
  aws,
  /** Ceph's gateway 16.2, as Debian 12 has it. */
  ceph: { ...aws, completeCondition: 'ignored', completeTag: () => '' },
  minio: { ...aws, completeTag: etag => `&#34;${etag}&#34;` },
  garage: { ...aws, putCondition: 'ignored', completeCondition: 'ignored', completeTag: etag => etag },
  /** Refuses the condition at all, and what stands before it streams every answer. */
  plain: { ...aws, putCondition: 'refused', completeCondition: 'refused', tellsLength: 'never' },
  r2: { ...aws, completeCondition: 'refused', tellsLength: 'identity' },
} as const satisfies Record<string, S3Dialect>

export type Dialect = keyof typeof dialects
