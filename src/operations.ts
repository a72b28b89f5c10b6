import { audit } from './audit/operation.ts'
import { check, checkBatch } from './authz/check.ts'
import { forward } from './file/forward.ts'
import { revokeFile } from './file/revoke.ts'
import { uploadChat, uploadGroupAvatar, uploadUserAvatar } from './file/upload/slots.ts'
import { addAdmins, adminList, removeAdmins, transfer } from './group/admins.ts'
import {
  announcementList,
  deleteAnnouncement,
  editAnnouncement,
  getAnnouncement,
  lastAnnouncement,
} from './group/announcements.ts'
import { applicationList, apply, handleApplication } from './group/applications.ts'
import { ban, banAll, bannedList, unban, unbanAll } from './group/bans.ts'
import { block, blockedList, unblock } from './group/blacklist.ts'
import { create } from './group/create.ts'
import { destroy } from './group/destroy.ts'
import { publicList, userJoined } from './group/directory.ts'
import { info, infoBatch, settings } from './group/info.ts'
import { handleInvitation, invitationList, invite } from './group/invitations.ts'
import { kick } from './group/kick.ts'
import { leave } from './group/leave.ts'
import { joinMembers } from './group/member-join.ts'
import {
  displayName,
  memberDisplayNames,
  memberList,
  muteMode,
  notDisturb,
  pushMode,
} from './group/members.ts'
import { setAvatar, setDescription, setExt, setName } from './group/profile.ts'
import { qrcodeInvite, qrcodeRevoke, qrcodeSign } from './group/qrcode.ts'
import {
  allowMemberInvitation,
  allowMemberModify,
  enableReadAck,
  hideMemberInfo,
  historyVisible,
  requireAdminApproval,
} from './group/settings.ts'
import { deleteFile, fileList, getFile, updateFileName, uploadFile } from './group/shared-files.ts'
import { sync, versions } from './group/sync.ts'
import { setUserSettings, userSettings } from './group/user-settings.ts'
import { deleteModerated, quarantineFile, releaseFile } from './moderation/quarantine.ts'
import { quarantinedFiles } from './moderation/quarantined-files.ts'
import type { Operation } from './operation/operation.ts'
import {
  changeSettings,
  createApp,
  endKey,
  endSecret,
  rotateKey,
  rotateSecret,
} from './operator/app-changes.ts'
import { getApp, listApps } from './operator/apps.ts'
import { deleteApp } from './operator/delete-app.ts'
import { listFiles } from './operator/files.ts'
import { listGroupInvitations } from './operator/group-invitations.ts'
import { listGroups } from './operator/groups.ts'
import { usage } from './operator/usage.ts'
import { getUser, listUserGroups, listUsers } from './operator/users.ts'
import { eraseUser, getErasure, listErasures } from './user/erase.ts'
import {
  changeWebhook,
  createWebhook,
  getWebhook,
  listWebhooks,
  removeWebhook,
} from './webhook/operations.ts'
import { replayWebhook, resumeWebhook, skipEvent, webhookDeliveries } from './webhook/repair.ts'
import { rotateWebhookSecret, testWebhook } from './webhook/secrets.ts'

/**
 * The only registry: routes, the OpenAPI document, the docs page and the tests of contract and permissions
 * are all read off this list.
 */
export const operations: readonly Operation[] = [
  create,
  destroy,
  info,
  infoBatch,
  settings,
  setName,
  setDescription,
  setAvatar,
  setExt,
  allowMemberInvitation,
  allowMemberModify,
  enableReadAck,
  historyVisible,
  requireAdminApproval,
  hideMemberInfo,
  banAll,
  unbanAll,
  memberList,
  memberDisplayNames,
  displayName,
  muteMode,
  pushMode,
  notDisturb,
  userJoined,
  publicList,
  invite,
  handleInvitation,
  invitationList,
  apply,
  handleApplication,
  applicationList,
  qrcodeSign,
  qrcodeInvite,
  qrcodeRevoke,
  joinMembers,
  leave,
  kick,
  ban,
  unban,
  bannedList,
  block,
  unblock,
  blockedList,
  adminList,
  addAdmins,
  removeAdmins,
  transfer,
  getAnnouncement,
  lastAnnouncement,
  announcementList,
  editAnnouncement,
  deleteAnnouncement,
  getFile,
  fileList,
  uploadFile,
  updateFileName,
  deleteFile,
  sync,
  versions,
  userSettings,
  setUserSettings,
  check,
  checkBatch,
  uploadUserAvatar,
  uploadGroupAvatar,
  uploadChat,
  forward,
  revokeFile,
  listGroups,
  listGroupInvitations,
  listUsers,
  getUser,
  listUserGroups,
  eraseUser,
  getErasure,
  listErasures,
  listFiles,
  usage,
  audit,
  quarantinedFiles,
  quarantineFile,
  releaseFile,
  deleteModerated,
  listApps,
  getApp,
  createApp,
  changeSettings,
  rotateSecret,
  endSecret,
  rotateKey,
  endKey,
  deleteApp,
  createWebhook,
  listWebhooks,
  getWebhook,
  changeWebhook,
  removeWebhook,
  webhookDeliveries,
  replayWebhook,
  resumeWebhook,
  skipEvent,
  rotateWebhookSecret,
  testWebhook,
]
