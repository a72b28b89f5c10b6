import type { Answered, Asked } from './conversation.ts'

/** A difference on purpose between what a released version answers and what this one does. */
export interface Change {
  /** The section of docs/behaviour.md that has it, and the rule in a few words. */
  readonly why: string
  /** Requests that it is about: method, path, claims, headers, body. Default: all. */
  readonly of?: RegExp
  /** What stands in the answer, as `textOf` writes it, and what stands there now. */
  readonly was: string | RegExp
  readonly is: string
}

/** An answer as text: status, headers, an empty line, body. */
export function textOf({ status, headers, body }: Answered): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return [status, ...lines.sort(), '', body].join('\n')
}

/** Since 0.1.0. Those that are about any request come first, then by the story's order. */
const since010: readonly Change[] = [
  {
    why: '1: writes take an Idempotency-Key',
    was: 'x-cohort-bookmark, retry-after',
    is: 'x-cohort-bookmark, idempotent-replayed, retry-after',
  },
  {
    why: '1 and 2: headers have spellings without an underscore; writes take an Idempotency-Key, streams a Last-Event-ID',
    was: 'app_id, access-token, user_id, group_id, authorization, content-type, x-request-id, x-cohort-bookmark, range',
    is:
      'app_id, app-id, access-token, user_id, user-id, group_id, group-id, authorization, content-type, ' +
      'x-request-id, x-cohort-bookmark, idempotency-key, prefer, last-event-id, range',
  },
  {
    why: '2: the app of a user token is taken from it, and its header has a second spelling',
    of: /{"access-token":"nonsense"}/,
    was: '"code":40000,"data":null,"message":"app_id is missing: send it as a header"',
    is: '"code":10008,"data":null,"message":"access-token is invalid"',
  },
  {
    why: '2: the app of a user token is taken from it, and its header has a second spelling',
    of: /{"app-id":"demo"}/,
    was: '"code":40000,"data":null,"message":"app_id is missing: send it as a header"',
    is: '"code":10003,"data":null,"message":"access-token is missing: send it in the access-token header"',
  },
  {
    why: '2: a missing app_id is answered with a hint at the proxy',
    was: 'app_id is missing: send it as a header"',
    is: 'app_id is missing: send it as a header (app-id is read too: proxies such as nginx drop names with an underscore)"',
  },
  {
    why: '2: role 3 is the operator',
    of: /"role":3/,
    was: 'access-token needs role 1 and the user id as sub, or role 2',
    is: 'access-token is not signed by OPERATOR_SECRET',
  },
  {
    why: '9: /docs lists the routes, and the root leads there',
    of: /^GET \/ /,
    was: /^404((?:.|\n)*?)(\nx-content(?:.|\n)*)\n\{.*$/,
    is: '302$1\nlocation: /docs$2\n',
  },
  {
    why: '9: /docs lists the routes, and the root leads there',
    was: 'there is no such route"',
    is: 'there is no such route: /docs lists them all"',
  },
  {
    why: '8: a doubled slash at the start is read as one',
    of: /^GET \/\/group/,
    was: /^404((?:.|\n)*)\n\{.*$/,
    is: '200$1\n{"code":200,"data":[{id 1}],"message":null}',
  },
  {
    why: '2: an empty parameter, or null, is as if it was not sent',
    of: /group_id= |"group_id":null/,
    was: 'group_id must be a positive integer up to 2^53-1',
    is: 'group_id is missing',
  },
  {
    why: '2: an empty parameter, or null, is as if it was not sent',
    of: /"value":null/,
    was: 'value must be true or false',
    is: 'value is missing',
  },
  {
    why: '2: an empty parameter, or null, is as if it was not sent',
    of: /"user_list":null/,
    was: 'user_list must be a list of 1 to 500 ids',
    is: 'user_list is missing',
  },
  {
    why: '2: a body that is not UTF-8 is refused',
    of: / latin-1.json/,
    was: 'group_list is missing',
    is: 'the body is not valid UTF-8',
  },
  {
    why: '4: groups are public or temporary, too',
    of: /"type":1}/,
    was: /\{"code":10002,.*$/,
    is:
      '{"code":200,"data":{"apply_approval":0,"avatar":"","ban_expire_time":0,"capacity":2000,"count":1,' +
      '"created_at":{time 94},"description":"","ext":"","group_id":{id 94},"history_visible":false,' +
      '"member_invite":true,"member_modify":false,"msg_mute_mode":0,"msg_push_mode":0,"name":"Of a type",' +
      '"owner_id":10,"read_ack":false,"status":0,"type":1,"updated_at":{time 94}},"message":null}',
  },
  {
    why: '4: groups are public or temporary, too',
    of: /"type":3}/,
    was: /\{"code":10002,.*$/,
    is:
      '{"code":200,"data":{"apply_approval":1,"avatar":"","ban_expire_time":0,"capacity":2000,"count":1,' +
      '"created_at":{time 96},"description":"","ext":"","group_id":{id 96},"history_visible":false,' +
      '"member_invite":true,"member_modify":false,"msg_mute_mode":0,"msg_push_mode":0,"name":"Of a type",' +
      '"owner_id":10,"read_ack":false,"status":0,"type":3,"updated_at":{time 96}},"message":null}',
  },
  {
    why: '4: groups are public or temporary, too',
    was: 'type must be an integer from 0 to 2',
    is: 'type must be an integer from 0 to 3',
  },
  {
    why: '4: the list of public groups has those of type 1',
    of: /\/group\/public_list/,
    was: '{id 95}]',
    is: '{id 95},{id 94}]',
  },
  {
    why: '8: profiles and settings say whether members are hidden',
    of: /\/group\/(create|settings\?)/,
    was: /("group_id":\{id [\d.]+\},)("history_visible")/g,
    is: '$1"hide_member_info":false,$2',
  },
  {
    why: '8: profiles and settings say whether members are hidden',
    of: /\/group\/settings\?.*"sub":"61"/,
    was: '"hide_member_info":false,"history_visible":true',
    is: '"hide_member_info":true,"history_visible":true',
  },
  {
    why: '8: profiles and settings say whether members are hidden',
    of: /\/group\/info\/batch/,
    was: /("type":\d)\}/g,
    is: '$1,"hide_member_info":false}',
  },
  {
    why: '5: the lists that the reference has no pages for have a cursor',
    of: /\/group\/(announcement|file)\/list/,
    was: /("code":200,.*"message":null)\}$/,
    is: '$1,"cursor":""}',
  },
  {
    why: '4: an invitation is good while its inviter may invite',
    of: /\/group\/invite\/handle .*"user_id":46/,
    was: /\{"code":200,.*$/,
    is: '{"code":20015,"data":null,"message":"the invitation is no longer valid: its inviter may not invite any more"}',
  },
  {
    why: '4: a ban outlasts leaving and coming back',
    of: /\/group\/banned_list.*"sub":"45"/,
    was: '"data":[],"message":null,"cursor":"","total":0',
    is:
      '"data":[{"display_name":"","expired_time":{time 309 + 10 min},"join_time":{time 311},"user_id":46}],' +
      '"message":null,"cursor":"","total":1',
  },
  {
    why: '4: a banned member shares no file',
    of: /\/group\/file\/upload .*"sub":"46"/,
    was: /\{"code":200,.*$/,
    is: '{"code":10010,"data":null,"message":"the caller is banned in this group"}',
  },
  {
    why: '2: an administrator may send both acting headers',
    of: /user_joined .*"user_id":"80"/,
    was: /\{"code":10002,.*both.*$/,
    is: '{"code":200,"data":[{id 347}],"message":null}',
  },
  {
    why: '2: an administrator may send both acting headers',
    of: /group_id=1 .*"user_id":"80"/,
    was: /"code":10002,(.*):".*both.*"/,
    is: '"code":10010,$1:"the group_id header allows this administrator no other group"',
  },
  {
    why: '4: lists of groups and of names are longer',
    was: /(group_list must be a list of) (1 to 500|at most 1000) ids/,
    is: '$1 at most 10000 ids',
  },
  {
    why: '4: lists of groups and of names are longer',
    of: /\/group\/members\/display_name/,
    was: 'a list of 1 to 500 ids',
    is: 'a list of 1 to 10000 ids',
  },
  {
    why: '5: what has expired is in the lists with status 2',
    of: /\/group\/(application_list|invitation_list).*"sub":"9[57]"/,
    was: /"status":0(?=\},|\}\]|,"updated_at":"\{ISO time)/,
    is: '"status":2',
  },
  {
    why: '7: a file is saved with the extension of its bytes',
    of: /\/file\/download\//,
    was: /(\{file \d+\})(")(;.*)(\{file \d+\})(?=\n(?:.+\n)*content-type: image\/png)/,
    is: '$1.png$2$3$4.png',
  },
  {
    why: '7: a file is saved with the extension of its bytes',
    of: /\/file\/download\//,
    was: /(\{file \d+\})\.i[^"]*(")(;.*)(\{file \d+\})\.i.*(?=\n(?:.+\n)*content-type: image\/jpeg)/,
    is: '$1.jpg$2$3$4.jpg',
  },
  {
    why: '7: a file is saved with the extension of its bytes',
    of: /\/file\/download\//,
    was: /(\{file \d+\})(")(;.*)(\{file \d+\})(?=\n(?:.+\n)*content-type: audio\/amr)/,
    is: '$1.amr$2$3$4.amr',
  },
  {
    why: '7: a file keeps its name, and the type that goes with it',
    of: /\/file\/download\/chat.*"sub":"91[45]"/,
    was: /(attachment; filename=")\{file \d+\}(.*'')\{file \d+\}\ncontent-length: 18(?:.|\n)*?(\ncross(?:.|\n)*\n).* 18$/,
    is: "$1notes.txt$2notes.txt\ncontent-security-policy: sandbox; default-src 'none'\ncontent-type: text/plain$3Notes on chapter 3",
  },
  {
    why: '7: covers are never larger than the original',
    of: /image_type=3 /,
    was: /200 × 200$/,
    is: '60 × 60',
  },
  {
    why: '7: an MP3 is as long as its voice',
    of: /format=mp3/,
    was: /1944((?:.|\n)*\n).* 1944$/,
    is: '2208$15807f2454f9368e76a20f70491e1eef1838b05a326c53d90e8df89c22745b0e0 2208',
  },
  {
    why: '7: voice of any kind is made MP3',
    was: 'only AMR voice can be converted',
    is: 'only sound (AMR voice and the like) can be converted',
  },
  {
    why: '7: pictures that browsers do not show are made JPEG',
    was: 'format must be amr or mp3',
    is: 'format must be amr, mp3 or jpeg',
  },
  {
    why: '7: a picture that is too large says so',
    was: 'a picture of more than 50 megapixels gets no thumbnail',
    is: 'the picture has 10000 × 10000 pixels; at most 50 megapixels are converted',
  },
  {
    why: '7: bytes of another kind are stored, but for an avatar',
    of: / is meant$/,
    was: /^415((?:.|\n)*\n)\{.*$/,
    is: '200$1{"code":200,"data":true,"message":null}',
  },
  {
    why: '7: bytes of another kind are stored, but for an avatar',
    was: 'the bytes are not a JPEG, PNG, GIF, WebP or AVIF picture that clients can show',
    is: 'an avatar must be a JPEG, PNG, GIF, WebP, AVIF, HEIC, BMP, TIFF or ICO picture',
  },
  {
    why: '1: a refused upload never answers 2xx',
    of: /\/file\/upload\/object/,
    was: /^200((?:.|\n)*"code":100(?:30.*used already|31))/,
    is: '410$1',
  },
  {
    why: '1: a refused upload never answers 2xx',
    of: /\/file\/upload\/object/,
    was: /^200((?:.|\n)*"code":10030.*is invalid)/,
    is: '403$1',
  },
  {
    why: '1: a refused upload never answers 2xx',
    of: /\/file\/upload\/object/,
    was: /^200((?:.|\n)*quota)/,
    is: '507$1',
  },
]

/** What has changed on purpose since a version was released. */
export const changesSince = (version: string): readonly Change[] => (version === '0.1.0' ? since010 : [])

/** What the answer must be now, as text; `used` gets the changes that it took. */
export function changed(version: string, asked: Asked, then: Answered, used: Set<Change>): string {
  const { method, path, as = {}, headers = {}, body = '', bytes = '' } = asked
  const request = [method, path, JSON.stringify(as), JSON.stringify(headers), body || bytes].join(' ')
  return changesSince(version).reduce((text, change) => {
    if (change.of?.test(request) === false) return text
    const next = text.replace(change.was, change.is)
    if (next !== text) used.add(change)
    return next
  }, textOf(then))
}
