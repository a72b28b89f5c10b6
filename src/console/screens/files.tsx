import { useEffect, useState } from 'preact/hooks'
import type { AdminFilesInput, Cohort } from '../../client/client.ts'
import { formatBytes, formatTime } from '../format.ts'
import { Action, Facts, PagedTable, useLoad } from '../parts.tsx'
import { appClient, pathTo } from '../session.ts'
import { AppLinks } from './apps.tsx'

export function Files({ app_id }: { readonly app_id: string }) {
  const api = appClient(app_id)
  const usage = useLoad(() => api.admin.usage(), [app_id])
  return (
    <>
      <h1>{app_id}: files</h1>
      <AppLinks app_id={app_id} here="files" />
      {usage.data !== undefined && (
        <Facts
          facts={[
            ['Files', usage.data.files],
            ['Stored', formatBytes(usage.data.file_bytes)],
            ['Limit', usage.data.app_quota_bytes === 0 ? 'none' : formatBytes(usage.data.app_quota_bytes)],
          ]}
        />
      )}
      <FileTable api={api} app_id={app_id} input={{}} />
    </>
  )
}

interface FileTableProps {
  readonly api: Cohort
  readonly app_id: string
  readonly input: AdminFilesInput
}

/** Stored files, the largest first, with a picture of each that is one. */
export function FileTable({ api, app_id, input }: FileTableProps) {
  const [turn, setTurn] = useState(0)
  return (
    <PagedTable
      caption="Files"
      empty="No file."
      keys={[app_id, JSON.stringify(input), turn]}
      list={() => api.admin.files({ ...input, limit: 50 })}
      columns={[
        {
          title: 'File',
          cell: file => (
            <Thumbnail api={api} download={file.download} type={file.content_type} name={file.object_name} />
          ),
        },
        { title: 'Size', numeric: true, cell: file => formatBytes(file.size) },
        { title: 'Type', cell: file => file.content_type },
        {
          title: 'By',
          cell: file => <a href={pathTo('apps', app_id, 'users', file.user_id)}>{file.user_id}</a>,
        },
        { title: 'At', cell: file => formatTime(file.created_at) },
        {
          title: 'Readers',
          cell: ({ object_name, quarantined }) =>
            quarantined ? (
              <a href={pathTo('apps', app_id, 'moderation')}>under quarantine</a>
            ) : (
              <Action
                label="Quarantine"
                ask="Nobody but administrators will read this file until it is released."
                run={async () => {
                  await api.moderation.quarantine({ object_name })
                  setTurn(turn + 1)
                  return 'The file is under quarantine.'
                }}
              />
            ),
        },
      ]}
    />
  )
}

interface ThumbnailProps {
  readonly api: Cohort
  readonly download: string
  readonly type: string
  readonly name: string
}

/** As a data URL: a session's calls carry a header, which an img element cannot send. */
export function Thumbnail({ api, download, type, name }: ThumbnailProps) {
  const [source, setSource] = useState('')
  useEffect(() => {
    if (!type.startsWith('image/')) return
    api.files
      .download(download, { kind: 'thumbnail', width: 64, height: 64 })
      .then(blob => {
        const reader = new FileReader()
        reader.onload = () => setSource(String(reader.result))
        reader.readAsDataURL(blob)
      })
      .catch(() => undefined)
  }, [download])
  return (
    <span class="file">
      {source !== '' && <img src={source} alt="" width={32} height={32} />}
      <code>{name}</code>
    </span>
  )
}
