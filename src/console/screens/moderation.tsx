import { useState } from 'preact/hooks'
import { formatBytes, formatTime } from '../format.ts'
import { Action, Form, PagedTable } from '../parts.tsx'
import { appClient, pathTo } from '../session.ts'
import { AppLinks } from './apps.tsx'
import { Thumbnail } from './files.tsx'

/** The files of an app under quarantine: to be released, or deleted for everybody. */
export function Moderation({ app_id }: { readonly app_id: string }) {
  const api = appClient(app_id)
  const [turn, setTurn] = useState(0)
  const changed = (text: string): string => {
    setTurn(turn + 1)
    return text
  }
  return (
    <>
      <h1>{app_id}: moderation</h1>
      <AppLinks app_id={app_id} here="moderation" />
      <p>
        Nobody but administrators reads a file that is under quarantine, and its sender is told the reason.
        The virus scanner puts files here, and so does who runs the app: by the list of files, or by a
        download URL.
      </p>
      <Form
        submit="Quarantine"
        fields={[
          { name: 'url', label: 'Download URL of the file', required: true },
          { name: 'reason', label: 'Reason, for the sender' },
        ]}
        run={async ({ url = '', reason = '' }) => {
          await api.moderation.quarantine({ ...fileIn(url), reason })
          return changed('The file is under quarantine.')
        }}
      />
      <PagedTable
        caption="Files under quarantine"
        empty="No file is under quarantine."
        keys={[app_id, turn]}
        list={() => api.moderation.quarantinedFiles({ limit: 50 })}
        columns={[
          {
            title: 'File',
            cell: file => (
              <Thumbnail
                api={api}
                download={file.download}
                type={file.content_type}
                name={file.name || file.object_name}
              />
            ),
          },
          { title: 'Reason', cell: file => file.reason },
          { title: 'Since', cell: file => formatTime(file.quarantined_at) },
          {
            title: 'By',
            cell: file => <a href={pathTo('apps', app_id, 'users', file.user_id)}>{file.user_id}</a>,
          },
          { title: 'Size', numeric: true, cell: file => formatBytes(file.size) },
          {
            title: 'Actions',
            cell: ({ object_name }) => (
              <div class="row">
                <Action
                  label="Release"
                  run={async () => {
                    await api.moderation.release({ object_name })
                    return changed('The file is released: whoever could read it before reads it again.')
                  }}
                />
                <Action
                  label="Delete"
                  danger
                  ask="The file goes for everybody, with all its URLs, forwards and records. This cannot be undone."
                  run={async () => {
                    await api.moderation.delete({ object_name })
                    return changed('The file is deleted.')
                  }}
                />
              </div>
            ),
          },
        ]}
      />
    </>
  )
}

/** The file that a download URL names. Anything else is taken for the name of an object. */
function fileIn(text: string): { file_sign: string } | { object_name: string } {
  const query = new URLSearchParams(text.slice(text.indexOf('?') + 1))
  const file_sign = query.get('file_sign')
  return file_sign === null ? { object_name: query.get('object_name') ?? text } : { file_sign }
}
