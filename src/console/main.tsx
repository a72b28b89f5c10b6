import { render } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Form, Notice, Problem, say } from './parts.tsx'
import { App, Apps } from './screens/apps.tsx'
import { Audit } from './screens/audit.tsx'
import { Backups } from './screens/backups.tsx'
import { Events } from './screens/events.tsx'
import { Files } from './screens/files.tsx'
import { Group } from './screens/group.tsx'
import { Groups } from './screens/groups.tsx'
import { Moderation } from './screens/moderation.tsx'
import { Overview } from './screens/overview.tsx'
import { User, Users } from './screens/users.tsx'
import { Webhooks } from './screens/webhooks.tsx'
import { messageOf, pathTo, route, session, signIn, signInProblem, signOut, start } from './session.ts'

function SignIn() {
  return (
    <main class="sign-in">
      <h1>Cohort</h1>
      <p>
        Run <code>cohort console</code> where the service runs, and open the link that it prints. It is good
        once, for five minutes.
      </p>
      <Problem text={signInProblem.value} />
      <Form
        submit="Sign in"
        fields={[{ name: 'link', label: 'The link, or an operator token', required: true }]}
        run={async ({ link = '' }) => {
          await signIn(link)
          return signInProblem.value === '' ? 'Signed in.' : signInProblem.value
        }}
      />
    </main>
  )
}

function Screen() {
  const [place = '', app_id = '', list = '', item = ''] = route.value
  if (place === '') return <Overview />
  if (place === 'backups') return <Backups />
  if (place === 'apps' && app_id === '') return <Apps />
  if (place !== 'apps') return <h1>There is no such screen</h1>
  switch (list) {
    case '':
      return <App app_id={app_id} />
    case 'groups':
      return item === '' ? <Groups app_id={app_id} /> : <Group app_id={app_id} group_id={Number(item)} />
    case 'users':
      return item === '' ? <Users app_id={app_id} /> : <User app_id={app_id} user_id={Number(item)} />
    case 'files':
      return <Files app_id={app_id} />
    case 'moderation':
      return <Moderation app_id={app_id} />
    case 'events':
      return <Events app_id={app_id} />
    case 'audit':
      return <Audit app_id={app_id} />
    case 'webhooks':
      return <Webhooks app_id={app_id} />
    default:
      return <h1>There is no such screen</h1>
  }
}

const places = [
  ['', 'Overview'],
  ['apps', 'Apps'],
  ['backups', 'Backups'],
] as const

function Console() {
  const main = useRef<HTMLElement>(null)
  const here = route.value.join('/')
  // Screen readers announce the new screen.
  useEffect(() => main.current?.focus(), [here])
  const leave = () => signOut().catch(error => say(messageOf(error), true))
  return (
    <>
      <header>
        <button type="button" class="skip" onClick={() => main.current?.focus()}>
          Skip to the content
        </button>
        <strong>Cohort</strong>
        <nav aria-label="Console">
          {places.map(([path, title]) => (
            <a
              key={path}
              href={pathTo(path)}
              aria-current={(route.value[0] ?? '') === path ? 'page' : undefined}
            >
              {title}
            </a>
          ))}
          <a href="/docs">API</a>
        </nav>
        <button type="button" class="quiet" onClick={leave}>
          Sign out
        </button>
      </header>
      <main id="main" tabIndex={-1} ref={main} key={here}>
        <Screen />
      </main>
    </>
  )
}

function Root() {
  const signedIn = session.value
  return (
    <>
      {signedIn === undefined ? (
        <main>
          <p class="loading">Loading …</p>
        </main>
      ) : signedIn === null ? (
        <SignIn />
      ) : (
        <Console />
      )}
      <Notice />
    </>
  )
}

const place = document.getElementById('console')
if (place !== null) render(<Root />, place)
void start()
