// Made by scripts/generate-client.ts from the operations.
import type { CallOptions, Connection } from './connection.ts'

/** The codes of the API by name. */
export const codes = {
  "token_expired": 402,
  "invalid_parameter": 10002,
  "token_missing": 10003,
  "token_invalid": 10008,
  "storage_failed": 10009,
  "no_permission": 10010,
  "file_sign_invalid": 10030,
  "file_sign_expired": 10031,
  "file_quarantined": 10032,
  "file_unscanned": 10033,
  "database_failed": 20000,
  "group_not_found": 20001,
  "not_a_member": 20002,
  "push_mode_invalid": 20003,
  "owner_cannot_leave": 20004,
  "new_owner_not_a_member": 20005,
  "app_group_limit": 20007,
  "created_group_limit": 20008,
  "joined_group_limit": 20009,
  "group_full": 20010,
  "needs_member": 20011,
  "needs_admin": 20012,
  "needs_owner": 20013,
  "no_pending_application": 20014,
  "no_pending_invitation": 20015,
  "kicked_too_often": 20016,
  "already_member": 20017,
  "blacklisted": 20018,
  "announcement_not_found": 20020,
  "shared_file_not_found": 20022,
  "not_your_shared_file": 20023,
  "webhook_not_found": 20026,
  "qr_invalid": 20024,
  "qr_expired": 20025,
  "app_not_found": 40000
} as const

export interface GroupCreateInput {
  /** URL or object name of the group's avatar. 0 to 2048 characters. */
  readonly avatar?: string
  /** Description of the group. 0 to 1024 characters. */
  readonly description?: string
  /** Name of the group. 0 to 64 characters. */
  readonly name?: string
  /** 0: private. 1: public. 2: chatroom. 3: temporary. 0 to 3. */
  readonly type?: number
  /** User ids; each acts once. At most 500. */
  readonly user_list?: readonly number[]
}
export interface GroupCreateAnswer {
  /** 0: all may join, 1: an admin confirms, 2: nobody may. */
  readonly apply_approval: number
  readonly avatar: string
  /** Seconds since 1970 until which only admins may send; 0 none, -1 for ever. */
  readonly ban_expire_time: number
  readonly capacity: number
  readonly count: number
  /** Milliseconds. */
  readonly created_at: number
  readonly description: string
  readonly ext: string
  readonly group_id: number
  /** Ordinary members see little of each other. */
  readonly hide_member_info: boolean
  readonly history_visible: boolean
  readonly member_invite: boolean
  readonly member_modify: boolean
  readonly msg_mute_mode: number
  readonly msg_push_mode: number
  readonly name: string
  readonly owner_id: number
  readonly read_ack: boolean
  /** 0 normal; a dissolved group is not answered at all. */
  readonly status: number
  /** 0 private, 1 public, 2 chatroom, 3 temporary. */
  readonly type: number
  /** Milliseconds. */
  readonly updated_at: number
}

export interface GroupDestroyInput {
  /** The group. */
  readonly group_id: number
}
export type GroupDestroyAnswer = true

export interface GroupInfoInput {
  /** The group. */
  readonly group_id: number
}
export interface GroupInfoAnswer {
  /** 0: all may join, 1: an admin confirms, 2: nobody may. */
  readonly apply_approval: number
  readonly avatar: string
  /** Seconds since 1970 until which only admins may send; 0 none, -1 for ever. */
  readonly ban_expire_time: number
  readonly capacity: number
  readonly count: number
  /** Milliseconds. */
  readonly created_at: number
  readonly description: string
  readonly ext: string
  readonly group_id: number
  /** Ordinary members see little of each other. */
  readonly hide_member_info: boolean
  readonly history_visible: boolean
  readonly member_invite: boolean
  readonly member_modify: boolean
  readonly msg_mute_mode: number
  readonly msg_push_mode: number
  readonly name: string
  readonly owner_id: number
  readonly read_ack: boolean
  /** 0 normal; a dissolved group is not answered at all. */
  readonly status: number
  /** 0 private, 1 public, 2 chatroom, 3 temporary. */
  readonly type: number
  /** Milliseconds. */
  readonly updated_at: number
}

export interface GroupInfosInput {
  /** Ids of groups; each counts once. At most 10000. */
  readonly group_list: readonly number[]
}
export type GroupInfosAnswer = readonly {
  readonly apply_approval: number
  readonly avatar: string
  readonly capacity: number
  readonly count: number
  readonly group_id: number
  readonly msg_mute_mode: number
  readonly msg_push_mode: number
  readonly name: string
  readonly owner: number
  readonly status: number
  readonly type: number
  readonly hide_member_info: boolean
}[]

export interface GroupSettingsInput {
  /** The group. */
  readonly group_id: number
}
export interface GroupSettingsAnswer {
  /** 0: all may join, 1: an admin confirms, 2: nobody may. */
  readonly apply_approval: number
  readonly avatar: string
  /** Seconds since 1970 until which only admins may send; 0 none, -1 for ever. */
  readonly ban_expire_time: number
  readonly capacity: number
  readonly count: number
  /** Milliseconds. */
  readonly created_at: number
  readonly description: string
  readonly ext: string
  readonly group_id: number
  /** Ordinary members see little of each other. */
  readonly hide_member_info: boolean
  readonly history_visible: boolean
  readonly member_invite: boolean
  readonly member_modify: boolean
  readonly msg_mute_mode: number
  readonly msg_push_mode: number
  readonly name: string
  readonly owner_id: number
  readonly read_ack: boolean
  /** 0 normal; a dissolved group is not answered at all. */
  readonly status: number
  /** 0 private, 1 public, 2 chatroom, 3 temporary. */
  readonly type: number
  /** Milliseconds. */
  readonly updated_at: number
}

export interface GroupSetNameInput {
  /** The group. */
  readonly group_id: number
  /** The new name. 1 to 64 characters. */
  readonly value: string
}
export type GroupSetNameAnswer = true

export interface GroupSetDescriptionInput {
  /** The group. */
  readonly group_id: number
  /** The new description. 0 to 1024 characters. */
  readonly value: string
}
export type GroupSetDescriptionAnswer = true

export interface GroupSetAvatarInput {
  /** The group. */
  readonly group_id: number
  /** URL or object name of the new avatar. 0 to 2048 characters. */
  readonly value: string
}
export type GroupSetAvatarAnswer = true

export interface GroupSetExtInput {
  /** The group. */
  readonly group_id: number
  /** Extension information, any text: clients keep JSON there. 0 to 4096 characters. */
  readonly value: string
}
export type GroupSetExtAnswer = true

export interface GroupAllowMemberInvitationInput {
  /** The group. */
  readonly group_id: number
  /** True: on; false: off. */
  readonly value: boolean
}
export type GroupAllowMemberInvitationAnswer = true

export interface GroupAllowMemberModifyInput {
  /** The group. */
  readonly group_id: number
  /** True: on; false: off. */
  readonly value: boolean
}
export type GroupAllowMemberModifyAnswer = true

export interface GroupEnableReadAckInput {
  /** The group. */
  readonly group_id: number
  /** True: on; false: off. */
  readonly value: boolean
}
export type GroupEnableReadAckAnswer = true

export interface GroupSetHistoryVisibleInput {
  /** The group. */
  readonly group_id: number
  /** True: on; false: off. */
  readonly value: boolean
}
export type GroupSetHistoryVisibleAnswer = true

export interface GroupRequireApprovalInput {
  /** The group. */
  readonly group_id: number
  /** 0: all may join, 1: an admin confirms, 2: nobody may. 0 to 2. */
  readonly apply_approval: number
}
export type GroupRequireApprovalAnswer = true

export interface GroupHideMemberInfoInput {
  /** The group. */
  readonly group_id: number
  /** True: on; false: off. */
  readonly value: boolean
}
export type GroupHideMemberInfoAnswer = true

export interface GroupBanAllInput {
  /** The group. */
  readonly group_id: number
  /** Minutes, 1 to 5 256 000 (ten years); -1 for ever. */
  readonly duration: number
}
export interface GroupBanAllAnswer {
  /** Seconds since 1970; -1 for ever. */
  readonly ban_expire_time: number
}

export interface GroupUnbanAllInput {
  /** The group. */
  readonly group_id: number
}
export type GroupUnbanAllAnswer = true

export interface GroupMembersInput {
  /** The group. */
  readonly group_id: number
  /** How many rows a page has at most. 1 to 1000. */
  readonly limit?: number
}
export interface GroupMembersItem {
  readonly display_name: string
  /** End of the ban in milliseconds; 0 none, -1 for ever. */
  readonly expired_time: number
  /** Milliseconds. */
  readonly join_time: number
  readonly user_id: number
}

export interface GroupDisplayNamesInput {
  /** The group. */
  readonly group_id: number
  /** User ids; each acts once. At most 10000. */
  readonly user_list: readonly number[]
}
export type GroupDisplayNamesAnswer = readonly {
  readonly display_name: string
  /** End of the ban in milliseconds; 0 none, -1 for ever. */
  readonly expired_time: number
  /** Milliseconds. */
  readonly join_time: number
  readonly user_id: number
}[]

export interface GroupSetDisplayNameInput {
  /** The group. */
  readonly group_id: number
  /** The caller's name in this group. 0 to 64 characters. */
  readonly value: string
}
export type GroupSetDisplayNameAnswer = true

export interface GroupSetMuteModeInput {
  /** The group. */
  readonly group_id: number
  /** 0: notified of messages, 1: not, 2: messages are not received. 0 to 2. */
  readonly msg_mute_mode: number
}
export type GroupSetMuteModeAnswer = Readonly<Record<string, unknown>>

export interface GroupSetPushModeInput {
  /** The group. */
  readonly group_id: number
  /** 0 to 4, as clients define them: which messages are pushed. */
  readonly msg_push_mode: number
}
export type GroupSetPushModeAnswer = Readonly<Record<string, unknown>>

export interface GroupSetNotDisturbInput {
  /** The group. */
  readonly group_id: number
  /** True: on; false: off. */
  readonly value: boolean
}
export type GroupSetNotDisturbAnswer = Readonly<Record<string, unknown>>

export type GroupJoinedInput = Readonly<Record<string, unknown>>
export type GroupJoinedAnswer = readonly number[]

export type GroupPublicGroupsInput = Readonly<Record<string, unknown>>
export type GroupPublicGroupsAnswer = readonly number[]

export interface GroupInviteInput {
  /** The group. */
  readonly group_id: number
  /** User ids; each acts once. At most 500. */
  readonly user_list: readonly number[]
  /** Why, to be read by whoever decides. 0 to 256 characters. */
  readonly reason?: string
}
export type GroupInviteAnswer = readonly ({
  /** Why it failed, or empty. */
  readonly reason: string
  readonly result: "success" | "fail"
  readonly user_id: number
})[]

export interface GroupHandleInvitationInput {
  /** The group. */
  readonly group_id: number
  /** The inviter's id, or the caller's own. */
  readonly user_id: number
  /** True: accept; false: decline. */
  readonly approval: boolean
}
export type GroupHandleInvitationAnswer = true

export interface GroupInvitationsInput {
  /** How many rows a page has at most. 1 to 1000. */
  readonly limit?: number
}
export interface GroupInvitationsItem {
  /** Milliseconds. */
  readonly expired_time: number
  readonly group_id: number
  readonly invitee_id: number
  readonly inviter_id: number
  readonly reason: string
  readonly status: number
  /** ISO 8601, UTC. */
  readonly updated_at: string
}

export interface GroupApplyInput {
  /** The group. */
  readonly group_id: number
  /** Why, to be read by whoever decides. 0 to 256 characters. */
  readonly reason?: string
}
export interface GroupApplyAnswer {
  /** Why it failed, or empty. */
  readonly reason: string
  readonly result: "success" | "fail"
  readonly user_id: number
}

export interface GroupHandleApplicationInput {
  /** The group. */
  readonly group_id: number
  /** The applicant. */
  readonly user_id: number
  /** True: accept; false: decline. */
  readonly approval: boolean
}
export interface GroupHandleApplicationAnswer {
  /** Why it failed, or empty. */
  readonly reason: string
  readonly result: "success" | "fail"
  readonly user_id: number
}

export interface GroupApplicationsInput {
  /** Ids of groups; each counts once. At most 10000. */
  readonly group_list: readonly number[]
  /** How many rows a page has at most. 1 to 1000. */
  readonly limit?: number
}
export interface GroupApplicationsItem {
  readonly applicant_id: number
  /** Milliseconds. */
  readonly expired_time: number
  readonly group_id: number
  readonly reason: string
  /** 0 pending, 1 agreed, 2 rejected or expired. */
  readonly status: number
}

export interface GroupQrcodeInput {
  /** The group. */
  readonly group_id: number
}
export interface GroupQrcodeAnswer {
  /** Milliseconds. */
  readonly create_at: number
  /** Milliseconds. */
  readonly expire_at: number
  /** Milliseconds. */
  readonly expired: number
  readonly qr_info: string
}

export interface GroupJoinByQrcodeInput {
  /** Content of the QR code, as /group/qrcode/sign answered it. 1 to 1024 characters. */
  readonly qr_info: string
}
export interface GroupJoinByQrcodeAnswer {
  /** 0: all may join, 1: an admin confirms, 2: nobody may. */
  readonly apply_approval: number
  readonly avatar: string
  /** Seconds since 1970 until which only admins may send; 0 none, -1 for ever. */
  readonly ban_expire_time: number
  readonly capacity: number
  readonly count: number
  /** Milliseconds. */
  readonly created_at: number
  readonly description: string
  readonly ext: string
  readonly group_id: number
  /** Ordinary members see little of each other. */
  readonly hide_member_info: boolean
  readonly history_visible: boolean
  readonly member_invite: boolean
  readonly member_modify: boolean
  readonly msg_mute_mode: number
  readonly msg_push_mode: number
  readonly name: string
  readonly owner_id: number
  readonly read_ack: boolean
  /** 0 normal; a dissolved group is not answered at all. */
  readonly status: number
  /** 0 private, 1 public, 2 chatroom, 3 temporary. */
  readonly type: number
  /** Milliseconds. */
  readonly updated_at: number
}

export interface GroupQrcodeRevokeInput {
  /** The group. */
  readonly group_id: number
  /** The user. */
  readonly user_id?: number
}
export type GroupQrcodeRevokeAnswer = true

export interface GroupAdminMemberJoinInput {
  /** The group. */
  readonly group_id: number
  /** User ids; each acts once. At most 500. */
  readonly user_list: readonly number[]
}
export type GroupAdminMemberJoinAnswer = readonly ({
  /** Why it failed, or empty. */
  readonly reason: string
  readonly result: "success" | "fail"
  readonly user_id: number
})[]

export interface GroupLeaveInput {
  /** The group. */
  readonly group_id: number
}
export type GroupLeaveAnswer = true

export interface GroupKickInput {
  /** The group. */
  readonly group_id: number
  /** User ids; each acts once. At most 500. */
  readonly user_list: readonly number[]
}
export type GroupKickAnswer = readonly ({
  /** Why it failed, or empty. */
  readonly reason: string
  readonly result: "success" | "fail"
  readonly user_id: number
})[]

export interface GroupBanInput {
  /** The group. */
  readonly group_id: number
  /** User ids; each acts once. At most 500. */
  readonly user_list: readonly number[]
  /** Minutes, 1 to 5 256 000 (ten years); -1 for ever. */
  readonly duration: number
}
export type GroupBanAnswer = readonly ({
  /** Why it failed, or empty. */
  readonly reason: string
  readonly result: "success" | "fail"
  readonly user_id: number
})[]

export interface GroupUnbanInput {
  /** The group. */
  readonly group_id: number
  /** User ids; each acts once. At most 500. */
  readonly user_list: readonly number[]
}
export type GroupUnbanAnswer = readonly ({
  /** Why it failed, or empty. */
  readonly reason: string
  readonly result: "success" | "fail"
  readonly user_id: number
})[]

export interface GroupBannedInput {
  /** The group. */
  readonly group_id: number
  /** How many rows a page has at most. 1 to 1000. */
  readonly limit?: number
}
export interface GroupBannedItem {
  readonly display_name: string
  /** End of the ban in milliseconds; 0 none, -1 for ever. */
  readonly expired_time: number
  /** Milliseconds. */
  readonly join_time: number
  readonly user_id: number
}

export interface GroupBlockInput {
  /** The group. */
  readonly group_id: number
  /** User ids; each acts once. At most 500. */
  readonly user_list: readonly number[]
}
export type GroupBlockAnswer = readonly ({
  /** Why it failed, or empty. */
  readonly reason: string
  readonly result: "success" | "fail"
  readonly user_id: number
})[]

export interface GroupUnblockInput {
  /** The group. */
  readonly group_id: number
  /** User ids; each acts once. At most 500. */
  readonly user_list: readonly number[]
}
export type GroupUnblockAnswer = readonly ({
  /** Why it failed, or empty. */
  readonly reason: string
  readonly result: "success" | "fail"
  readonly user_id: number
})[]

export interface GroupBlockedInput {
  /** The group. */
  readonly group_id: number
  /** How many rows a page has at most. 1 to 1000. */
  readonly limit?: number
}
export interface GroupBlockedItem {
  /** ISO 8601, UTC. */
  readonly created_at: string
  readonly group_id: number
  readonly user_id: number
}

export interface GroupAdminsInput {
  /** The group. */
  readonly group_id: number
}
export type GroupAdminsAnswer = readonly {
  readonly display_name: string
  /** End of the ban in milliseconds; 0 none, -1 for ever. */
  readonly expired_time: number
  /** Milliseconds. */
  readonly join_time: number
  readonly user_id: number
}[]

export interface GroupAddAdminsInput {
  /** The group. */
  readonly group_id: number
  /** User ids; each acts once. At most 500. */
  readonly user_list: readonly number[]
}
export type GroupAddAdminsAnswer = readonly ({
  /** Why it failed, or empty. */
  readonly reason: string
  readonly result: "success" | "fail"
  readonly user_id: number
})[]

export interface GroupRemoveAdminsInput {
  /** The group. */
  readonly group_id: number
  /** User ids; each acts once. At most 500. */
  readonly user_list: readonly number[]
}
export type GroupRemoveAdminsAnswer = readonly ({
  /** Why it failed, or empty. */
  readonly reason: string
  readonly result: "success" | "fail"
  readonly user_id: number
})[]

export interface GroupTransferInput {
  /** The group. */
  readonly group_id: number
  /** User id of the new owner, a member of the group. */
  readonly new_owner: number
}
export interface GroupTransferAnswer {
  /** Why it failed, or empty. */
  readonly reason: string
  readonly result: "success" | "fail"
  readonly user_id: number
}

export interface GroupAnnouncementInput {
  /** The group. */
  readonly group_id: number
  /** The announcement. */
  readonly announcement_id: number
}
export interface GroupAnnouncementAnswer {
  readonly author: number
  readonly content: string
  /** Milliseconds. */
  readonly created_at: number
  readonly group_id: number
  readonly id: number
  readonly title: string
}

export interface GroupLastAnnouncementInput {
  /** The group. */
  readonly group_id: number
}
export interface GroupLastAnnouncementAnswer {
  readonly author: number
  readonly content: string
  /** Milliseconds. */
  readonly created_at: number
  readonly group_id: number
  readonly id: number
  readonly title: string
}

export interface GroupAnnouncementsInput {
  /** The group. */
  readonly group_id: number
  /** How many rows a page has at most. 1 to 1000. */
  readonly limit?: number
}
export interface GroupAnnouncementsItem {
  readonly author: number
  readonly content: string
  /** Milliseconds. */
  readonly created_at: number
  readonly group_id: number
  readonly id: number
  readonly title: string
}

export interface GroupPublishAnnouncementInput {
  /** The group. */
  readonly group_id: number
  /** Title of the announcement. 0 to 128 characters. */
  readonly title: string
  /** Text of the announcement. 0 to 8192 characters. */
  readonly content: string
}
export interface GroupPublishAnnouncementAnswer {
  readonly author: number
  readonly content: string
  /** Milliseconds. */
  readonly created_at: number
  readonly group_id: number
  readonly id: number
  readonly title: string
}

export interface GroupDeleteAnnouncementInput {
  /** The group. */
  readonly group_id: number
  /** The announcement. */
  readonly announcement_id: number
}
export type GroupDeleteAnnouncementAnswer = Readonly<Record<string, unknown>>

export interface GroupFileInput {
  /** The group. */
  readonly group_id: number
  /** The shared file. */
  readonly file_id: number
}
export interface GroupFileAnswer {
  /** Milliseconds. */
  readonly created_at: number
  readonly file_id: number
  readonly group_id: number
  readonly name: string
  /** Bytes. */
  readonly size: number
  readonly type: string
  /** Milliseconds. */
  readonly updated_at: number
  readonly uploader: number
  readonly url: string
}

export interface GroupFilesInput {
  /** The group. */
  readonly group_id: number
  /** How many rows a page has at most. 1 to 1000. */
  readonly limit?: number
}
export interface GroupFilesItem {
  /** Milliseconds. */
  readonly created_at: number
  readonly file_id: number
  readonly group_id: number
  readonly name: string
  /** Bytes. */
  readonly size: number
  readonly type: string
  /** Milliseconds. */
  readonly updated_at: number
  readonly uploader: number
  readonly url: string
}

export interface GroupUploadFileInput {
  /** The group. */
  readonly group_id: number
  /** File name, with its extension. 1 to 255 characters. */
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** Type of the file, as clients define it. 0 to 128 characters. */
  readonly type?: string
  /** Where the file is: an http(s) URL, or a download_url of this service. 1 to 2048 characters. */
  readonly url: string
}
export interface GroupUploadFileAnswer {
  /** Milliseconds. */
  readonly created_at: number
  readonly file_id: number
  readonly group_id: number
  readonly name: string
  /** Bytes. */
  readonly size: number
  readonly type: string
  /** Milliseconds. */
  readonly updated_at: number
  readonly uploader: number
  readonly url: string
}

export interface GroupRenameFileInput {
  /** The group. */
  readonly group_id: number
  /** The shared file. */
  readonly file_id: number
  /** The new file name. 1 to 255 characters. */
  readonly name: string
}
export type GroupRenameFileAnswer = true

export interface GroupDeleteFilesInput {
  /** The group. */
  readonly group_id: number
  /** Ids of shared files; each acts once. At most 500. */
  readonly file_list: readonly number[]
}
export type GroupDeleteFilesAnswer = readonly ({
  readonly file_id: number
  readonly reason: string
  readonly result: "success" | "fail"
})[]

export interface GroupSyncInput {
  /** The group. */
  readonly group_id: number
  /** The state that was answered last; without it, everything. 0 to 64 characters. */
  readonly since?: string
  /** How many rows a page has at most. 1 to 500. */
  readonly limit?: number
}
export interface GroupSyncAnswer {
  readonly state: string
  readonly info: {
    /** 0: all may join, 1: an admin confirms, 2: nobody may. */
    readonly apply_approval: number
    readonly avatar: string
    /** Seconds since 1970 until which only admins may send; 0 none, -1 for ever. */
    readonly ban_expire_time: number
    readonly capacity: number
    readonly count: number
    /** Milliseconds. */
    readonly created_at: number
    readonly description: string
    readonly ext: string
    readonly group_id: number
    /** Ordinary members see little of each other. */
    readonly hide_member_info: boolean
    readonly history_visible: boolean
    readonly member_invite: boolean
    readonly member_modify: boolean
    readonly msg_mute_mode: number
    readonly msg_push_mode: number
    readonly name: string
    readonly owner_id: number
    readonly read_ack: boolean
    /** 0 normal; a dissolved group is not answered at all. */
    readonly status: number
    /** 0 private, 1 public, 2 chatroom, 3 temporary. */
    readonly type: number
    /** Milliseconds. */
    readonly updated_at: number
  }
  readonly members: readonly {
    readonly display_name: string
    /** End of the ban in milliseconds; 0 none, -1 for ever. */
    readonly expired_time: number
    /** Milliseconds. */
    readonly join_time: number
    readonly user_id: number
    /** 1 member, 2 admin, 3 owner. */
    readonly role: number
  }[]
  readonly removed: readonly number[]
  readonly blocked?: readonly {
    readonly user_id: number
    /** Milliseconds. */
    readonly blocked_at: number
  }[]
  readonly unblocked?: readonly number[]
  readonly applications?: readonly {
    readonly applicant_id: number
    readonly expired_time: number
    readonly reason: string
    readonly status: number
  }[]
  readonly more: boolean
  readonly reset: boolean
}

export interface GroupVersionsInput {
  /** Pairs of a group id and the state last seen. At most 10000. */
  readonly groups: readonly (readonly [number, string])[]
}
export interface GroupVersionsAnswer {
  readonly changed: readonly (readonly [number, string])[]
  readonly gone: readonly number[]
  readonly joined: readonly (readonly [number, string])[]
}

export type UserSettingsInput = Readonly<Record<string, unknown>>
export interface UserSettingsAnswer {
  readonly group_confirm: boolean
  readonly user_id: number
}

export interface UserSetSettingsInput {
  /** True: invitations wait for the consent of this user. */
  readonly group_confirm?: boolean
}
export type UserSetSettingsAnswer = true

export interface AuthzCheckInput {
  /** The group. */
  readonly group_id: number
  /** The user. */
  readonly user_id: number
  /** What the user wants to do. */
  readonly action: "post" | "read" | "invite" | "manage" | "upload"
}
export interface AuthzCheckAnswer {
  readonly allowed: boolean
  /** Why not; empty where allowed. */
  readonly reason: "" | "group_not_found" | "not_a_member" | "needs_admin" | "banned" | "all_banned"
  /** End of the ban that is the reason, milliseconds since 1970; 0 none, -1 for ever. */
  readonly until: number
  /** 0 no member, 1 member, 2 admin, 3 owner. */
  readonly role: number
  /** The version of the group that this rests on; 0 without a group. */
  readonly version: number
  /** How long this stays true by itself, milliseconds; -1 until the group changes. */
  readonly ttl_ms: number
}

export interface AuthzCheckBatchInput {
  /** Each with group_id, user_id and action. At most 500. */
  readonly checks: readonly ({
    readonly group_id: number
    readonly user_id: number
    readonly action: "post" | "read" | "invite" | "manage" | "upload"
  })[]
}
export type AuthzCheckBatchAnswer = readonly ({
  readonly allowed: boolean
  /** Why not; empty where allowed. */
  readonly reason: "" | "group_not_found" | "not_a_member" | "needs_admin" | "banned" | "all_banned"
  /** End of the ban that is the reason, milliseconds since 1970; 0 none, -1 for ever. */
  readonly until: number
  /** 0 no member, 1 member, 2 admin, 3 owner. */
  readonly role: number
  /** The version of the group that this rests on; 0 without a group. */
  readonly version: number
  /** How long this stays true by itself, milliseconds; -1 until the group changes. */
  readonly ttl_ms: number
})[]

export type FileUploadUserAvatarInput = Readonly<Record<string, unknown>>
export interface FileUploadUserAvatarAnswer {
  readonly download_url: string
  /** Form fields to send before `file` in a multipart POST. */
  readonly oss_body_param: Readonly<Record<string, string>>
  /** What upload_url takes. */
  readonly upload_method: "POST" | "PUT"
  readonly upload_url: string
}

export interface FileUploadGroupAvatarInput {
  /** The group. */
  readonly group_id: number
}
export interface FileUploadGroupAvatarAnswer {
  readonly download_url: string
  /** Form fields to send before `file` in a multipart POST. */
  readonly oss_body_param: Readonly<Record<string, string>>
  /** What upload_url takes. */
  readonly upload_method: "POST" | "PUT"
  readonly upload_url: string
}

export interface FileUploadSlotInput {
  /** 100 plain, 101 voice (AMR), 102 picture, 103 video, 104 voice (MP3); 200 to 203: shared with a group. 0 to 999. */
  readonly file_type: number
  /** The receiver: user id or group id, as `to_type` says. */
  readonly to_id: number
  /** 1: a user; 2: a group. 1 to 2. */
  readonly to_type?: number
}
export interface FileUploadSlotAnswer {
  readonly download_url: string
  /** Form fields to send before `file` in a multipart POST. */
  readonly oss_body_param: Readonly<Record<string, string>>
  /** What upload_url takes. */
  readonly upload_method: "POST" | "PUT"
  readonly upload_url: string
}

export interface FileForwardInput {
  /** Signature of a chat file: what follows `file_sign=` in its download_url. 0 to 512 characters. */
  readonly file_sign: string
  /** The receiver: user id or group id, as `to_type` says. */
  readonly to_id: number
  /** 1: a user; 2: a group. 1 to 2. */
  readonly to_type?: number
}
export type FileForwardAnswer = string

export interface FileRevokeInput {
  /** Signature of a chat file: what follows `file_sign=` in its download_url. 0 to 512 characters. */
  readonly file_sign: string
}
export type FileRevokeAnswer = true

export interface AdminGroupsInput {
  /** Their order. Default: "newest". */
  readonly sort?: "newest" | "name" | "size" | "owner"
  /** Only groups whose name begins so; upper and lower case of ASCII are the same. 0 to 64 characters. */
  readonly name?: string
  /** Only groups of this owner. */
  readonly owner_id?: number
  /** How many rows a page has at most. 1 to 1000. */
  readonly limit?: number
}
export interface AdminGroupsItem {
  readonly group_id: number
  readonly name: string
  readonly avatar: string
  readonly type: number
  readonly owner_id: number
  /** Members. */
  readonly count: number
  readonly capacity: number
  /** Milliseconds. */
  readonly created_at: number
  /** Milliseconds. */
  readonly updated_at: number
}

export interface AdminGroupInvitationsInput {
  /** The group. */
  readonly group_id: number
  /** How many rows a page has at most. 1 to 1000. */
  readonly limit?: number
}
export interface AdminGroupInvitationsItem {
  readonly invitee_id: number
  readonly inviter_id: number
  readonly reason: string
  /** Milliseconds. */
  readonly expires_at: number
}

export interface AdminUsersInput {
  /** By user id, or those with the most stored bytes first. Default: "id". */
  readonly sort?: "id" | "bytes"
  /** How many rows a page has at most. 1 to 1000. */
  readonly limit?: number
}
export interface AdminUsersItem {
  readonly user_id: number
  /** Groups that count against its limit of created groups. */
  readonly groups_created: number
  readonly groups_joined: number
  /** Bytes it has stored. */
  readonly file_bytes: number
  /** Its choice about invitations; null: the app's setting. */
  readonly group_confirm: boolean | null
}

export interface AdminUserInput {
  /** The user. */
  readonly user_id: number
}
export interface AdminUserAnswer {
  readonly user_id: number
  /** Groups that count against its limit of created groups. */
  readonly groups_created: number
  readonly groups_joined: number
  /** Bytes it has stored. */
  readonly file_bytes: number
  /** Its choice about invitations; null: the app's setting. */
  readonly group_confirm: boolean | null
}

export interface AdminUserGroupsInput {
  /** The user. */
  readonly user_id: number
  /** How many rows a page has at most. 1 to 1000. */
  readonly limit?: number
}
export interface AdminUserGroupsItem {
  readonly group_id: number
  readonly name: string
  readonly type: number
  readonly owner_id: number
  /** Members. */
  readonly count: number
  /** 1 member, 2 admin, 3 owner. */
  readonly role: number
  /** The user's name in this group. */
  readonly display_name: string
  /** Milliseconds. */
  readonly joined_at: number
  /** End of its ban in milliseconds; 0 none, -1 for ever. */
  readonly ban_until: number
}

export interface UserEraseInput {
  /** The user. */
  readonly user_id: number
  /** Groups that it owns. transfer: each goes to the admin who has been in it longest, else to the member who has; without another member it is dissolved. dissolve: all are dissolved. refuse: nothing is erased while it owns one. Default: "refuse". */
  readonly owned?: "transfer" | "dissolve" | "refuse"
  /** True: only say what would go. */
  readonly dry_run?: boolean
}
export interface UserEraseAnswer {
  /** Groups that it owns. */
  readonly owned_groups: number
  /** Groups that it is in, those that it owns among them. */
  readonly memberships: number
  /** Its applications, in every state. */
  readonly applications: number
  /** Invitations that it got. */
  readonly invitations: number
  /** Invitations that it sent. */
  readonly invitations_sent: number
  /** Blacklists that it is on. */
  readonly blacklisted: number
  /** Bans, in groups that it is in and that it left. */
  readonly bans: number
  /** Announcements that it wrote. */
  readonly announcements: number
  /** Files that it shared with groups. */
  readonly shared_files: number
  /** Files that it stored. */
  readonly files: number
  /** Bytes of these files and of what was made from them. */
  readonly bytes: number
  readonly user_id: number
  readonly dry_run: boolean
  /** None: was never erased. running: a job erases it. done: it is erased. */
  readonly state: "none" | "running" | "done"
  /** Groups that it owns, the first 50, and who gets them. */
  readonly groups: readonly {
    readonly group_id: number
    readonly name: string
    /** 0: it is dissolved. */
    readonly new_owner: number
  }[]
}

export interface UserErasureInput {
  /** The user. */
  readonly user_id: number
}
export interface UserErasureAnswer {
  readonly user_id: number
  /** None: was never erased. running: a job erases it. done: it is erased. */
  readonly state: "none" | "running" | "done"
  /** When it was asked for, milliseconds; 0: never. */
  readonly erased_at: number
  /** When it was done, milliseconds; 0: not yet. */
  readonly finished_at: number
}

export interface UserErasuresInput {
  /** How many rows a page has at most. 1 to 1000. */
  readonly limit?: number
}
export interface UserErasuresItem {
  readonly user_id: number
  /** None: was never erased. running: a job erases it. done: it is erased. */
  readonly state: "none" | "running" | "done"
  /** When it was asked for, milliseconds; 0: never. */
  readonly erased_at: number
  /** When it was done, milliseconds; 0: not yet. */
  readonly finished_at: number
}

export interface AdminFilesInput {
  /** Only what this user stored. */
  readonly user_id?: number
  /** Only what was sent to this group. */
  readonly group_id?: number
  /** How many rows a page has at most. 1 to 1000. */
  readonly limit?: number
}
export interface AdminFilesItem {
  /** Its key in the store. */
  readonly object_name: string
  /** Who stored it. */
  readonly user_id: number
  /** 1 a user's avatar, 2 a group's, else its file_type. */
  readonly kind: number
  /** Bytes. */
  readonly size: number
  readonly content_type: string
  /** Milliseconds. */
  readonly created_at: number
  /** Whether only administrators may read it. */
  readonly quarantined: boolean
  /** Path and query to read it at, with an administrator token. */
  readonly download: string
}

export type AdminUsageInput = Readonly<Record<string, unknown>>
export interface AdminUsageAnswer {
  readonly groups: number
  readonly max_groups: number
  readonly users: number
  readonly memberships: number
  readonly files: number
  readonly file_bytes: number
  /** 0: no limit. */
  readonly app_quota_bytes: number
  /** Milliseconds. */
  readonly created_at: number
}

export interface AdminAuditInput {
  /** Only what this user did, or an administrator as this user. */
  readonly actor?: number
  /** Only what happened to this user, file or announcement. */
  readonly subject?: number
  /** Only what happened in this group. */
  readonly group_id?: number
  /** Only these kinds, separated by commas. */
  readonly kinds?: string
  /** Only events since this time, milliseconds. */
  readonly from?: number
  /** Only events before this time, milliseconds. */
  readonly to?: number
  /** How many rows a page has at most. 1 to 1000. */
  readonly limit?: number
}
export interface AdminAuditItem {
  /** Position of the event, as /events takes it. */
  readonly cursor: string
  readonly seq: number
  /** Milliseconds. */
  readonly at: number
  readonly kind: string
  readonly group_id: number | null
  readonly group_version: number | null
  /** The user who acted. */
  readonly by_id: number | null
  /** `user`, `administrator_as_user`, `administrator` or `service`. */
  readonly acting: string
  /** Id of the key that signed the token; `operator` for the operator. */
  readonly key_id: string
  /** `x-request-id` of the request. */
  readonly request: string
  /** As much of the address as AUDIT_IP keeps. */
  readonly ip: string
}

export interface ModerationQuarantinedFilesInput {
  /** How many rows a page has at most. 1 to 1000. */
  readonly limit?: number
}
export interface ModerationQuarantinedFilesItem {
  /** Its key in the store. */
  readonly object_name: string
  /** Who stored it. */
  readonly user_id: number
  /** 1 a user's avatar, 2 a group's, else its file_type. */
  readonly kind: number
  /** Bytes. */
  readonly size: number
  readonly content_type: string
  /** The sender's name of the file; empty if it has none. */
  readonly name: string
  /** Milliseconds. */
  readonly created_at: number
  /** Milliseconds. */
  readonly quarantined_at: number
  readonly reason: string
  /** Path and query to read it at, with an administrator token. */
  readonly download: string
}

export interface ModerationQuarantineInput {
  /** The file by its name, as lists of files and events have it. 0 to 256 characters. */
  readonly object_name?: string
  /** Or by the file_sign of one of its download URLs. 0 to 512 characters. */
  readonly file_sign?: string
  /** Why; shown to the sender of the file and to administrators. 0 to 256 characters. */
  readonly reason?: string
}
export interface ModerationQuarantineAnswer {
  readonly object_name: string
  /** Whether it is under quarantine now. */
  readonly quarantined: boolean
  readonly reason: string
}

export interface ModerationReleaseInput {
  /** The file by its name, as lists of files and events have it. 0 to 256 characters. */
  readonly object_name?: string
  /** Or by the file_sign of one of its download URLs. 0 to 512 characters. */
  readonly file_sign?: string
}
export interface ModerationReleaseAnswer {
  readonly object_name: string
  /** Whether it is under quarantine now. */
  readonly quarantined: boolean
  readonly reason: string
}

export interface ModerationDeleteInput {
  /** The file by its name, as lists of files and events have it. 0 to 256 characters. */
  readonly object_name?: string
  /** Or by the file_sign of one of its download URLs. 0 to 512 characters. */
  readonly file_sign?: string
}
export interface ModerationDeleteAnswer {
  readonly object_name: string
}

export interface OperatorAppsInput {
  /** How many rows a page has at most. 1 to 1000. */
  readonly limit?: number
}
export interface OperatorAppsItem {
  readonly app_id: string
  /** Milliseconds. */
  readonly created_at: number
  readonly groups: number
  readonly file_bytes: number
}

export interface OperatorAppInput {
  /** The app: 1 to 64 letters, digits, _ or -. */
  readonly app_id: string
}
export interface OperatorAppAnswer {
  readonly app_id: string
  /** Milliseconds. */
  readonly created_at: number
  readonly groups: number
  readonly file_bytes: number
  /** Keys that sign the app's tokens instead of its secrets; '' without. */
  readonly jwks_url: string
  /** Newest first; all are good, the first signs. */
  readonly secrets: readonly {
    readonly kid: string
    /** Milliseconds. */
    readonly created_at: number
  }[]
  /** Sign cursors, QR codes, file signatures and upload URLs. */
  readonly keys: readonly {
    readonly kid: string
    /** Milliseconds. */
    readonly created_at: number
  }[]
  readonly settings: {
    /** An invited user must consent, unless its own group_confirm says otherwise. Default: false. */
    readonly invite_confirm: boolean
    /** Groups in the app (20007). Default: 1000000. */
    readonly max_groups: number
    /** Groups created by one user (20008). Default: 10000. */
    readonly max_groups_created: number
    /** Groups joined by one user (20009). Default: 10000. */
    readonly max_groups_joined: number
    /** Members of a new private group (20010). Default: 2000. 1 to 10000000. */
    readonly capacity_private: number
    /** Members of a new chatroom (20010). Default: 100000. 1 to 10000000. */
    readonly capacity_chatroom: number
    /** Life of an application, minutes. Default: 10080. 1 to 5256000. */
    readonly application_minutes: number
    /** Life of an invitation, minutes. Default: 10080. 1 to 5256000. */
    readonly invitation_minutes: number
    /** Life of a QR code, minutes. Default: 10080. 1 to 5256000. */
    readonly qrcode_minutes: number
    /** Life of an upload URL, minutes. Default: 15. 1 to 5256000. */
    readonly upload_minutes: number
    /** Largest file, bytes. Default: 104857600. 1 to 5368709120. */
    readonly upload_max_bytes: number
    /** Stored bytes of the whole app; 0: no limit. Default: 0. */
    readonly app_quota_bytes: number
    /** Stored bytes of one user; 0: no limit. Default: 0. */
    readonly user_quota_bytes: number
    /** Upload URLs one user may hold unused. Default: 1000. 1 to 100000. */
    readonly pending_uploads: number
    /** Whether photos sent as pictures, and avatars, lose the place they were taken at and serial numbers. Default: true. */
    readonly strip_location: boolean
    /** Days after which files of chats are deleted; 0: never. Default: 0. 0 to 36500. */
    readonly retention_chat_days: number
    /** Days after which shared files are deleted; 0: never. Default: 0. 0 to 36500. */
    readonly retention_shared_days: number
    /** How long events are kept, days. Default: 30. 1 to 36500. */
    readonly events_days: number
    /** How long events that an audit asks for are kept, days. Default: 400. 1 to 36500. */
    readonly audit_days: number
    /** How long an Idempotency-Key is remembered, hours. Default: 24. 1 to 720. */
    readonly idempotency_hours: number
    /** Fields of a body that are no parameter are refused (10002). Default: false. */
    readonly strict_fields: boolean
    /** URL that is asked before changes (docs/webhooks.md); empty: nobody is. 0 to 2048 characters. */
    readonly hook_url: string
    /** Paths of the operations it is asked about, separated by commas; *: all changes. Default: "*". 0 to 4096 characters. */
    readonly hook_operations: string
    /** How long an answer of hook_url is waited for, milliseconds. Default: 1500. 100 to 5000. */
    readonly hook_deadline_ms: number
    /** What happens while hook_url does not answer: allow or refuse; must be said with hook_url. */
    readonly hook_on_failure: "" | "allow" | "refuse"
    /** Requests a second of one user, in bursts of five times as many; 0: no limit. Default: 200. */
    readonly rate_user_per_second: number
    /** Requests a second of the whole app, in bursts of five times as many; 0: no limit. Default: 0. */
    readonly rate_app_per_second: number
  }
  /** Settings that do not have their default. */
  readonly changed: readonly string[]
}

export interface OperatorCreateAppInput {
  /** The app: 1 to 64 letters, digits, _ or -. */
  readonly app_id: string
  /** Its secret; default: a new one of 256 bits. 16 to 1024 characters. */
  readonly secret?: string
}
export interface OperatorCreateAppAnswer {
  readonly app_id: string
  readonly kid: string
  readonly secret: string
}

export interface OperatorChangeSettingsInput {
  /** The app: 1 to 64 letters, digits, _ or -. */
  readonly app_id: string
  /** Settings by name; null: back to the default. Default: {}. */
  readonly settings?: {
    /** An invited user must consent, unless its own group_confirm says otherwise. */
    readonly invite_confirm?: boolean | null
    /** Groups in the app (20007). */
    readonly max_groups?: number | null
    /** Groups created by one user (20008). */
    readonly max_groups_created?: number | null
    /** Groups joined by one user (20009). */
    readonly max_groups_joined?: number | null
    /** Members of a new private group (20010). */
    readonly capacity_private?: number | null
    /** Members of a new chatroom (20010). */
    readonly capacity_chatroom?: number | null
    /** Life of an application, minutes. */
    readonly application_minutes?: number | null
    /** Life of an invitation, minutes. */
    readonly invitation_minutes?: number | null
    /** Life of a QR code, minutes. */
    readonly qrcode_minutes?: number | null
    /** Life of an upload URL, minutes. */
    readonly upload_minutes?: number | null
    /** Largest file, bytes. */
    readonly upload_max_bytes?: number | null
    /** Stored bytes of the whole app; 0: no limit. */
    readonly app_quota_bytes?: number | null
    /** Stored bytes of one user; 0: no limit. */
    readonly user_quota_bytes?: number | null
    /** Upload URLs one user may hold unused. */
    readonly pending_uploads?: number | null
    /** Whether photos sent as pictures, and avatars, lose the place they were taken at and serial numbers. */
    readonly strip_location?: boolean | null
    /** Days after which files of chats are deleted; 0: never. */
    readonly retention_chat_days?: number | null
    /** Days after which shared files are deleted; 0: never. */
    readonly retention_shared_days?: number | null
    /** How long events are kept, days. */
    readonly events_days?: number | null
    /** How long events that an audit asks for are kept, days. */
    readonly audit_days?: number | null
    /** How long an Idempotency-Key is remembered, hours. */
    readonly idempotency_hours?: number | null
    /** Fields of a body that are no parameter are refused (10002). */
    readonly strict_fields?: boolean | null
    /** URL that is asked before changes (docs/webhooks.md); empty: nobody is. */
    readonly hook_url?: string | null
    /** Paths of the operations it is asked about, separated by commas; *: all changes. */
    readonly hook_operations?: string | null
    /** How long an answer of hook_url is waited for, milliseconds. */
    readonly hook_deadline_ms?: number | null
    /** What happens while hook_url does not answer: allow or refuse; must be said with hook_url. */
    readonly hook_on_failure?: "" | "allow" | "refuse" | null
    /** Requests a second of one user, in bursts of five times as many; 0: no limit. */
    readonly rate_user_per_second?: number | null
    /** Requests a second of the whole app, in bursts of five times as many; 0: no limit. */
    readonly rate_app_per_second?: number | null
  }
  /** Where the keys are that sign the app's tokens, instead of its secrets; '' for its secrets. 0 to 2048 characters. */
  readonly jwks_url?: string
}
export interface OperatorChangeSettingsAnswer {
  /** An invited user must consent, unless its own group_confirm says otherwise. Default: false. */
  readonly invite_confirm: boolean
  /** Groups in the app (20007). Default: 1000000. */
  readonly max_groups: number
  /** Groups created by one user (20008). Default: 10000. */
  readonly max_groups_created: number
  /** Groups joined by one user (20009). Default: 10000. */
  readonly max_groups_joined: number
  /** Members of a new private group (20010). Default: 2000. 1 to 10000000. */
  readonly capacity_private: number
  /** Members of a new chatroom (20010). Default: 100000. 1 to 10000000. */
  readonly capacity_chatroom: number
  /** Life of an application, minutes. Default: 10080. 1 to 5256000. */
  readonly application_minutes: number
  /** Life of an invitation, minutes. Default: 10080. 1 to 5256000. */
  readonly invitation_minutes: number
  /** Life of a QR code, minutes. Default: 10080. 1 to 5256000. */
  readonly qrcode_minutes: number
  /** Life of an upload URL, minutes. Default: 15. 1 to 5256000. */
  readonly upload_minutes: number
  /** Largest file, bytes. Default: 104857600. 1 to 5368709120. */
  readonly upload_max_bytes: number
  /** Stored bytes of the whole app; 0: no limit. Default: 0. */
  readonly app_quota_bytes: number
  /** Stored bytes of one user; 0: no limit. Default: 0. */
  readonly user_quota_bytes: number
  /** Upload URLs one user may hold unused. Default: 1000. 1 to 100000. */
  readonly pending_uploads: number
  /** Whether photos sent as pictures, and avatars, lose the place they were taken at and serial numbers. Default: true. */
  readonly strip_location: boolean
  /** Days after which files of chats are deleted; 0: never. Default: 0. 0 to 36500. */
  readonly retention_chat_days: number
  /** Days after which shared files are deleted; 0: never. Default: 0. 0 to 36500. */
  readonly retention_shared_days: number
  /** How long events are kept, days. Default: 30. 1 to 36500. */
  readonly events_days: number
  /** How long events that an audit asks for are kept, days. Default: 400. 1 to 36500. */
  readonly audit_days: number
  /** How long an Idempotency-Key is remembered, hours. Default: 24. 1 to 720. */
  readonly idempotency_hours: number
  /** Fields of a body that are no parameter are refused (10002). Default: false. */
  readonly strict_fields: boolean
  /** URL that is asked before changes (docs/webhooks.md); empty: nobody is. 0 to 2048 characters. */
  readonly hook_url: string
  /** Paths of the operations it is asked about, separated by commas; *: all changes. Default: "*". 0 to 4096 characters. */
  readonly hook_operations: string
  /** How long an answer of hook_url is waited for, milliseconds. Default: 1500. 100 to 5000. */
  readonly hook_deadline_ms: number
  /** What happens while hook_url does not answer: allow or refuse; must be said with hook_url. */
  readonly hook_on_failure: "" | "allow" | "refuse"
  /** Requests a second of one user, in bursts of five times as many; 0: no limit. Default: 200. */
  readonly rate_user_per_second: number
  /** Requests a second of the whole app, in bursts of five times as many; 0: no limit. Default: 0. */
  readonly rate_app_per_second: number
}

export interface OperatorRotateSecretInput {
  /** The app: 1 to 64 letters, digits, _ or -. */
  readonly app_id: string
  /** The new secret; default: a new one of 256 bits. 16 to 1024 characters. */
  readonly secret?: string
  /** All tokens that the old secrets signed end at once. */
  readonly end_old?: boolean
}
export interface OperatorRotateSecretAnswer {
  /** Names the new one. */
  readonly kid: string
  /** Shown here and never again. */
  readonly secret: string
  /** All that are good now, the newest first. */
  readonly good: readonly {
    readonly kid: string
    /** Milliseconds. */
    readonly created_at: number
  }[]
}

export interface OperatorEndSecretInput {
  /** The app: 1 to 64 letters, digits, _ or -. */
  readonly app_id: string
  /** Which. 1 to 64 characters. */
  readonly kid: string
}
export type OperatorEndSecretAnswer = readonly {
  readonly kid: string
  /** Milliseconds. */
  readonly created_at: number
}[]

export interface OperatorRotateKeyInput {
  /** The app: 1 to 64 letters, digits, _ or -. */
  readonly app_id: string
}
export interface OperatorRotateKeyAnswer {
  /** Names the new one. */
  readonly kid: string
  /** All that are good now, the newest first. */
  readonly good: readonly {
    readonly kid: string
    /** Milliseconds. */
    readonly created_at: number
  }[]
}

export interface OperatorEndKeyInput {
  /** The app: 1 to 64 letters, digits, _ or -. */
  readonly app_id: string
  /** Which. 1 to 64 characters. */
  readonly kid: string
}
export type OperatorEndKeyAnswer = readonly {
  readonly kid: string
  /** Milliseconds. */
  readonly created_at: number
}[]

export interface OperatorDeleteAppInput {
  /** The app: 1 to 64 letters, digits, _ or -. */
  readonly app_id: string
  /** False: delete it; true: only say what would go. */
  readonly dry_run?: boolean
}
export interface OperatorDeleteAppAnswer {
  readonly deleted: boolean
  readonly groups: number
  readonly users: number
  readonly memberships: number
  readonly files: number
  readonly file_bytes: number
}

export interface WebhooksCreateInput {
  /** Https, and a public address unless the operator allows another. 1 to 2048 characters. */
  readonly url: string
  /** The kinds of events it wants; empty: all. Default: []. At most 100. */
  readonly kinds?: readonly string[]
  /** The one group it wants to hear of; 0: all. */
  readonly group_id?: number
  /** Group: in order within a group, groups beside one another. strict: one at a time. Default: "group". */
  readonly order?: "group" | "strict"
  /** A cursor of the events, or earliest; default: from now. 0 to 64 characters. */
  readonly after?: string
}
export interface WebhooksCreateAnswer {
  readonly webhook_id: string
  readonly url: string
  readonly kinds: readonly string[]
  readonly group_id: number
  readonly order: "group" | "strict"
  readonly state: "active" | "disabled"
  /** Why it is disabled, or empty. */
  readonly reason: string
  /** Cursor: everything up to here is delivered, parked or held up. */
  readonly acked: string
  /** Events behind the newest. */
  readonly lag: number
  /** Milliseconds. */
  readonly created_at: number
  /** Milliseconds; 0 never. */
  readonly last_success_at: number
  /** Milliseconds; 0 all is well. */
  readonly failing_since: number
  /** Whsec_…: shown once. */
  readonly secret: string
}

export type WebhooksListInput = Readonly<Record<string, unknown>>
export type WebhooksListAnswer = readonly ({
  readonly webhook_id: string
  readonly url: string
  readonly kinds: readonly string[]
  readonly group_id: number
  readonly order: "group" | "strict"
  readonly state: "active" | "disabled"
  /** Why it is disabled, or empty. */
  readonly reason: string
  /** Cursor: everything up to here is delivered, parked or held up. */
  readonly acked: string
  /** Events behind the newest. */
  readonly lag: number
  /** Milliseconds. */
  readonly created_at: number
  /** Milliseconds; 0 never. */
  readonly last_success_at: number
  /** Milliseconds; 0 all is well. */
  readonly failing_since: number
})[]

export interface WebhooksGetInput {
  /** From the answer of creation. */
  readonly webhook_id: string
}
export interface WebhooksGetAnswer {
  readonly webhook_id: string
  readonly url: string
  readonly kinds: readonly string[]
  readonly group_id: number
  readonly order: "group" | "strict"
  readonly state: "active" | "disabled"
  /** Why it is disabled, or empty. */
  readonly reason: string
  /** Cursor: everything up to here is delivered, parked or held up. */
  readonly acked: string
  /** Events behind the newest. */
  readonly lag: number
  /** Milliseconds. */
  readonly created_at: number
  /** Milliseconds; 0 never. */
  readonly last_success_at: number
  /** Milliseconds; 0 all is well. */
  readonly failing_since: number
}

export interface WebhooksChangeInput {
  /** From the answer of creation. */
  readonly webhook_id: string
  /** Https, and a public address unless the operator allows another. 1 to 2048 characters. */
  readonly url?: string
  /** The kinds of events it wants; empty: all. At most 100. */
  readonly kinds?: readonly string[]
  /** The one group it wants to hear of; 0: all. */
  readonly group_id?: number
  /** Group: in order within a group, groups beside one another. strict: one at a time. */
  readonly order?: "group" | "strict"
}
export interface WebhooksChangeAnswer {
  readonly webhook_id: string
  readonly url: string
  readonly kinds: readonly string[]
  readonly group_id: number
  readonly order: "group" | "strict"
  readonly state: "active" | "disabled"
  /** Why it is disabled, or empty. */
  readonly reason: string
  /** Cursor: everything up to here is delivered, parked or held up. */
  readonly acked: string
  /** Events behind the newest. */
  readonly lag: number
  /** Milliseconds. */
  readonly created_at: number
  /** Milliseconds; 0 never. */
  readonly last_success_at: number
  /** Milliseconds; 0 all is well. */
  readonly failing_since: number
}

export interface WebhooksDeleteInput {
  /** From the answer of creation. */
  readonly webhook_id: string
}
export type WebhooksDeleteAnswer = true

export interface WebhooksDeliveriesInput {
  /** From the answer of creation. */
  readonly webhook_id: string
  /** Begin the held events with this group: `held_next` of the page before. */
  readonly held_from?: number
  /** Begin the parked events behind this one: `parked_next` of the page before; 0: with the newest. */
  readonly parked_before?: number
  /** How many held and how many parked events. 1 to 500. */
  readonly limit?: number
}
export interface WebhooksDeliveriesAnswer {
  /** Newest first. */
  readonly recent: readonly {
    /** Webhook-id of the message, the same at every attempt. */
    readonly id: string
    readonly seq: number
    readonly kind: string
    /** Milliseconds. */
    readonly at: number
    /** Counts from 1. */
    readonly attempt: number
    /** HTTP status; 0 no answer. */
    readonly status: number
    /** How long it took, milliseconds. */
    readonly ms: number
    /** Why there was no answer, or empty. */
    readonly error: string
    /** The beginning of what was answered. */
    readonly answer: string
  }[]
  readonly held: readonly {
    readonly id: string
    readonly seq: number
    /** The group that is held up; 0: events of no group, or all. */
    readonly group_id: number
    readonly attempts: number
    /** Milliseconds. */
    readonly next_at: number
  }[]
  /** `held_from` of the next page; 0 on the last. */
  readonly held_next: number
  /** Newest first. */
  readonly parked: readonly {
    /** Webhook-id of the message, the same at every attempt. */
    readonly id: string
    readonly seq: number
    readonly kind: string
    /** Milliseconds. */
    readonly at: number
    /** Counts from 1. */
    readonly attempt: number
    /** HTTP status; 0 no answer. */
    readonly status: number
    /** How long it took, milliseconds. */
    readonly ms: number
    /** Why there was no answer, or empty. */
    readonly error: string
    /** The beginning of what was answered. */
    readonly answer: string
    /** Milliseconds. */
    readonly parked_at: number
  }[]
  /** `parked_before` of the next page; 0 on the last. */
  readonly parked_next: number
}

export interface WebhooksReplayInput {
  /** From the answer of creation. */
  readonly webhook_id: string
  /** A cursor to go on behind, or `earliest`. 0 to 64 characters. */
  readonly after: string
}
export interface WebhooksReplayAnswer {
  readonly webhook_id: string
  readonly url: string
  readonly kinds: readonly string[]
  readonly group_id: number
  readonly order: "group" | "strict"
  readonly state: "active" | "disabled"
  /** Why it is disabled, or empty. */
  readonly reason: string
  /** Cursor: everything up to here is delivered, parked or held up. */
  readonly acked: string
  /** Events behind the newest. */
  readonly lag: number
  /** Milliseconds. */
  readonly created_at: number
  /** Milliseconds; 0 never. */
  readonly last_success_at: number
  /** Milliseconds; 0 all is well. */
  readonly failing_since: number
}

export interface WebhooksResumeInput {
  /** From the answer of creation. */
  readonly webhook_id: string
}
export interface WebhooksResumeAnswer {
  readonly webhook_id: string
  readonly url: string
  readonly kinds: readonly string[]
  readonly group_id: number
  readonly order: "group" | "strict"
  readonly state: "active" | "disabled"
  /** Why it is disabled, or empty. */
  readonly reason: string
  /** Cursor: everything up to here is delivered, parked or held up. */
  readonly acked: string
  /** Events behind the newest. */
  readonly lag: number
  /** Milliseconds. */
  readonly created_at: number
  /** Milliseconds; 0 never. */
  readonly last_success_at: number
  /** Milliseconds; 0 all is well. */
  readonly failing_since: number
}

export interface WebhooksSkipInput {
  /** From the answer of creation. */
  readonly webhook_id: string
  /** Of the held event, from /deliveries. */
  readonly seq: number
}
export type WebhooksSkipAnswer = true

export interface WebhooksRotateInput {
  /** From the answer of creation. */
  readonly webhook_id: string
}
export interface WebhooksRotateAnswer {
  /** Whsec_…: shown once. */
  readonly secret: string
  /** Milliseconds. */
  readonly old_until: number
}

export interface WebhooksTestInput {
  /** From the answer of creation. */
  readonly webhook_id: string
}
export interface WebhooksTestAnswer {
  readonly delivered: boolean
  /** HTTP status; 0 no answer. */
  readonly status: number
  /** How long it took, milliseconds. */
  readonly ms: number
  readonly error: string
  /** The beginning of what was answered. */
  readonly answer: string
}

export interface AuthzRecipientsInput {
  /** Of which group. */
  readonly group_id: number
  /** Message: all but those with msg_mute_mode 2. push: those with neither mute nor push mode 1. Default: "message". */
  readonly for?: "message" | "push"
  /** The last user id of the answer before. */
  readonly after?: number
  /** Recipients of one answer; a stream has no limit. 1 to 10000. */
  readonly limit?: number
}
export interface AuthzRecipientsAnswer {
  /** The version of the group. */
  readonly version: number
  /** Members of the group. */
  readonly count: number
  /** Where the next answer starts; 0 on the last. */
  readonly after: number
  /** [user_id, msg_mute_mode, msg_push_mode]. */
  readonly recipients: readonly (readonly [number, number, number])[]
}

export interface OperatorOpenSessionInput {
  /** What follows `#` in the link that `cohort console` prints, or an operator token with a `jti`. 1 to 4096 characters. */
  readonly link: string
}
export interface OperatorOpenSessionAnswer {
  /** Milliseconds. */
  readonly expires_at: number
}

export type OperatorSessionInput = Readonly<Record<string, unknown>>
export interface OperatorSessionAnswer {
  /** Null: by a token, not by a session. */
  readonly session_id: number | null
  /** Milliseconds. */
  readonly expires_at: number
}

export type OperatorSessionsInput = Readonly<Record<string, unknown>>
export type OperatorSessionsAnswer = readonly {
  readonly session_id: number
  /** Milliseconds. */
  readonly started_at: number
  /** Milliseconds. */
  readonly expires_at: number
  /** As it names itself. */
  readonly browser: string
}[]

export interface OperatorEndSessionInput {
  /** Which; default: that of the caller. */
  readonly session_id?: number
  /** Every session, and every link that was not used yet. Default: false. */
  readonly all?: boolean
}
export type OperatorEndSessionAnswer = true

export interface OperatorTokenInput {
  /** The app: 1 to 64 letters, digits, _ or -. */
  readonly app_id: string
  /** Whose token; without it, an administrator token. */
  readonly user_id?: number
  /** A store_token: good for files only. */
  readonly files_only?: boolean
  /** How long it is good, seconds. 1 to 31536000. */
  readonly ttl_seconds?: number
}
export interface OperatorTokenAnswer {
  readonly token: string
  /** Milliseconds. */
  readonly expires_at: number
}

export type OperatorHealthInput = Readonly<Record<string, unknown>>
export interface OperatorHealthAnswer {
  readonly version: string
  /** Node, bun, deno or workers. */
  readonly runtime: string
  /** Where the bytes are: folder, s3 or r2. */
  readonly store: string
  /** Milliseconds. */
  readonly started_at: number
  /** Milliseconds. */
  readonly now: number
  readonly ready: boolean
  /** Bytes; null where there is none. */
  readonly disk: {
    readonly free: number
    readonly total: number
  } | null
  readonly last_backup: {
    readonly name: string
    readonly bytes: number
    /** Milliseconds. */
    readonly made_at: number
  } | null
  /** Counters since the start, and gauges, as /metrics has them. */
  readonly figures: Readonly<Record<string, number>>
  /** What wants to be looked at, in words. */
  readonly warnings: readonly string[]
}

export type OperatorJobsInput = Readonly<Record<string, unknown>>
export type OperatorJobsAnswer = readonly ({
  readonly name: string
  /** What it does. */
  readonly title: string
  readonly every_ms: number
  /** Null: not yet in this process. */
  readonly last_run_at: number | null
  /** How long it took. */
  readonly last_ms: number | null
  /** What it did. */
  readonly last_report: Readonly<Record<string, number>>
  /** Since the start. */
  readonly failures: number
})[]

export interface OperatorRunJobInput {
  /** Name of the job. 1 to 64 characters. */
  readonly name: string
}
export type OperatorRunJobAnswer = Readonly<Record<string, number>>

export type OperatorBackupsInput = Readonly<Record<string, unknown>>
export type OperatorBackupsAnswer = readonly {
  readonly name: string
  readonly bytes: number
  /** Milliseconds. */
  readonly made_at: number
}[]

export type OperatorMakeBackupInput = Readonly<Record<string, unknown>>
export interface OperatorMakeBackupAnswer {
  readonly name: string
  readonly bytes: number
  /** Milliseconds. */
  readonly made_at: number
}

export const groupOperations = (api: Connection) => ({
    /** Create a group. The caller becomes owner and first member; `user_list` is invited as by /group/invite, and an id that cannot be never stops the creation. A public group (type 1) and a chatroom (2) are in /group/public_list and let everybody join at once. As a user: an administrator says whom it acts as. */
    create: (input?: GroupCreateInput, options?: CallOptions) => api.write<GroupCreateAnswer>("/group/create", input, options),
    /** Dissolve a group. From then on it does not exist for anybody: 20001 everywhere. */
    destroy: (input: GroupDestroyInput, options?: CallOptions) => api.write<GroupDestroyAnswer>("/group/destroy", input, options),
    /** Get a group. Mute and push modes are the caller's own, 0 for a non-member. */
    info: (input: GroupInfoInput, options?: CallOptions) => api.get<GroupInfoAnswer>("/group/info", input, options),
    /** Get several groups. In the order asked for, each once, at most 10 000; unknown, dissolved and foreign groups are left out. */
    infos: (input: GroupInfosInput, options?: CallOptions) => api.query<GroupInfosAnswer>("/group/info/batch", input, options),
    /** Get the settings of a group. */
    settings: (input: GroupSettingsInput, options?: CallOptions) => api.get<GroupSettingsAnswer>("/group/settings", input, options),
    /** Set the name of a group. Admins, and any member where the group allows members to modify. */
    setName: (input: GroupSetNameInput, options?: CallOptions) => api.write<GroupSetNameAnswer>("/group/info/name", input, options),
    /** Set the description of a group. Admins, and any member where the group allows members to modify. */
    setDescription: (input: GroupSetDescriptionInput, options?: CallOptions) => api.write<GroupSetDescriptionAnswer>("/group/info/description", input, options),
    /** Set the avatar of a group. Admins, and any member where the group allows members to modify. */
    setAvatar: (input: GroupSetAvatarInput, options?: CallOptions) => api.write<GroupSetAvatarAnswer>("/group/info/avatar", input, options),
    /** Set the extension information of a group. Admins, and any member where the group allows members to modify. */
    setExt: (input: GroupSetExtInput, options?: CallOptions) => api.write<GroupSetExtAnswer>("/group/info/ext", input, options),
    /** Let members invite, or not. */
    allowMemberInvitation: (input: GroupAllowMemberInvitationInput, options?: CallOptions) => api.write<GroupAllowMemberInvitationAnswer>("/group/settings/allow_member_invitation", input, options),
    /** Let members modify the profile, or not. */
    allowMemberModify: (input: GroupAllowMemberModifyInput, options?: CallOptions) => api.write<GroupAllowMemberModifyAnswer>("/group/settings/allow_member_modify", input, options),
    /** Switch read receipts on or off. */
    enableReadAck: (input: GroupEnableReadAckInput, options?: CallOptions) => api.write<GroupEnableReadAckAnswer>("/group/settings/enable_read_ack", input, options),
    /** Show the history to new members, or not. */
    setHistoryVisible: (input: GroupSetHistoryVisibleInput, options?: CallOptions) => api.write<GroupSetHistoryVisibleAnswer>("/group/settings/history_visible", input, options),
    /** Set what happens to applications. 0: all may join. 1: an admin confirms. 2: nobody may. */
    requireApproval: (input: GroupRequireApprovalInput, options?: CallOptions) => api.write<GroupRequireApprovalAnswer>("/group/settings/require_admin_approval", input, options),
    /** Hide members from each other, or not. */
    hideMemberInfo: (input: GroupHideMemberInfoInput, options?: CallOptions) => api.write<GroupHideMemberInfoAnswer>("/group/settings/hide_member_info", input, options),
    /** Let only admins send. */
    banAll: (input: GroupBanAllInput, options?: CallOptions) => api.write<GroupBanAllAnswer>("/group/settings/ban_all", input, options),
    /** Let all members send again. */
    unbanAll: (input: GroupUnbanAllInput, options?: CallOptions) => api.write<GroupUnbanAllAnswer>("/group/settings/unban_all", input, options),
    /** List the members of a group. In the order of their ids. A page costs the same wherever it is, however large the group. */
    members: (input: GroupMembersInput, options?: CallOptions) => api.pages<GroupMembersItem>('GET', "/group/member_list", input, options),
    /** Get several members of a group. In the order asked for, each once, at most 10 000; non-members are left out. */
    displayNames: (input: GroupDisplayNamesInput, options?: CallOptions) => api.query<GroupDisplayNamesAnswer>("/group/members/display_name", input, options),
    /** Set the caller's own display name in a group. As a user: an administrator says whom it acts as. */
    setDisplayName: (input: GroupSetDisplayNameInput, options?: CallOptions) => api.write<GroupSetDisplayNameAnswer>("/group/display_name", input, options),
    /** Set how the group's messages are announced to the caller. 0: as usual. 1: without notification. 2: not received. As a user: an administrator says whom it acts as. */
    setMuteMode: (input: GroupSetMuteModeInput, options?: CallOptions) => api.write<GroupSetMuteModeAnswer>("/group/msg/mute_mode", input, options),
    /** Set which of the group's messages are pushed to the caller. 0: all. 1: none. 2: of admins, and those that mention the caller. 3: of admins. 4: those that mention the caller. Another: 20003. As a user: an administrator says whom it acts as. */
    setPushMode: (input: GroupSetPushModeInput, options?: CallOptions) => api.write<GroupSetPushModeAnswer>("/group/msg/push_mode", input, options),
    /** Mute a group, or not. true sets msg_mute_mode 1, false 0. As a user: an administrator says whom it acts as. */
    setNotDisturb: (input: GroupSetNotDisturbInput, options?: CallOptions) => api.write<GroupSetNotDisturbAnswer>("/group/msg/not_disturb", input, options),
    /** List the caller's groups. Ids, newest membership first. As a user: an administrator says whom it acts as. */
    joined: (input?: GroupJoinedInput, options?: CallOptions) => api.get<GroupJoinedAnswer>("/group/user_joined", input, options),
    /** List the chatrooms and public groups of the app (deprecated). Ids, newest first, at most 1000. */
    publicGroups: (input?: GroupPublicGroupsInput, options?: CallOptions) => api.get<GroupPublicGroupsAnswer>("/group/public_list", input, options),
    /** Invite users to a group. Each joins at once, or gets a pending invitation where its own or the app’s setting asks for consent. */
    invite: (input: GroupInviteInput, options?: CallOptions) => api.write<GroupInviteAnswer>("/group/invite", input, options),
    /** Accept or decline an invitation. `user_id` in the body is the inviter, or the caller itself for the newest pending invitation to this group. An invitation can be accepted while its inviter may still invite; it can be declined until it expires. As a user: an administrator says whom it acts as. */
    handleInvitation: (input: GroupHandleInvitationInput, options?: CallOptions) => api.write<GroupHandleInvitationAnswer>("/group/invite/handle", input, options),
    /** List the caller's invitations. Newest first, in every state. Status: 0 pending, 1 accepted, 2 declined, expired or void. As a user: an administrator says whom it acts as. */
    invitations: (input?: GroupInvitationsInput, options?: CallOptions) => api.pages<GroupInvitationsItem>('GET', "/group/invitation_list", input, options),
    /** Apply for membership. apply_approval 0: joins at once. 1: pending until an admin handles it. 2: answers result "fail". As a user: an administrator says whom it acts as. */
    apply: (input: GroupApplyInput, options?: CallOptions) => api.write<GroupApplyAnswer>("/group/apply", input, options),
    /** Approve or reject an application. `user_id` in the body is the applicant. */
    handleApplication: (input: GroupHandleApplicationInput, options?: CallOptions) => api.write<GroupHandleApplicationAnswer>("/group/apply/handle", input, options),
    /** List applications for membership. Newest first, in every state. Groups in which the caller is neither admin nor owner are left out without an error. */
    applications: (input: GroupApplicationsInput, options?: CallOptions) => api.pages<GroupApplicationsItem>('POST', "/group/application_list", input, options),
    /** Get a QR code that invites to a group. Whoever may invite; good for as long as the inviter may, until it expires (`expired` equals `expire_at`) or is ended by /group/qrcode/revoke. */
    qrcode: (input: GroupQrcodeInput, options?: CallOptions) => api.get<GroupQrcodeAnswer>("/group/qrcode/sign", input, options),
    /** Join a group by its QR code. Joins at once, whatever apply_approval says, and answers the group's info. As a user: an administrator says whom it acts as. */
    joinByQrcode: (input: GroupJoinByQrcodeInput, options?: CallOptions) => api.write<GroupJoinByQrcodeAnswer>("/group/qrcode/invite", input, options),
    /** End QR codes of a group. Ends every code made so far: the caller's own; for an admin those of `user_id`, or of the whole group without it. */
    qrcodeRevoke: (input: GroupQrcodeRevokeInput, options?: CallOptions) => api.write<GroupQrcodeRevokeAnswer>("/group/qrcode/revoke", input, options),
    /** Make users members of a group at once. For administrator tokens only. Asks for nobody's consent; the limits, the blacklist and the capacity hold. Acting as a user, that user must be an admin. */
    adminMemberJoin: (input: GroupAdminMemberJoinInput, options?: CallOptions) => api.write<GroupAdminMemberJoinAnswer>("/group/admin/member_join", input, options),
    /** Leave a group. The owner cannot (20004). A ban in force comes back with its member. As a user: an administrator says whom it acts as. */
    leave: (input: GroupLeaveInput, options?: CallOptions) => api.write<GroupLeaveAnswer>("/group/leave", input, options),
    /** Kick members out of a group. Who was kicked three times may not join again, until unblocked or invited by an admin. A ban in force comes back with its member. */
    kick: (input: GroupKickInput, options?: CallOptions) => api.write<GroupKickAnswer>("/group/kick", input, options),
    /** Ban members from sending. A new ban replaces the old one. It outlasts leaving the group and coming back. */
    ban: (input: GroupBanInput, options?: CallOptions) => api.write<GroupBanAnswer>("/group/ban", input, options),
    /** Lift the ban of members. Succeeds for a member who is not banned, and for one who was banned and is away. As by ban, nobody acts on someone of the same or a higher role. */
    unban: (input: GroupUnbanInput, options?: CallOptions) => api.write<GroupUnbanAnswer>("/group/unban", input, options),
    /** List the banned members of a group. Only bans in force, in the order of user ids. */
    banned: (input: GroupBannedInput, options?: CallOptions) => api.pages<GroupBannedItem>('GET', "/group/banned_list", input, options),
    /** Put users on the blacklist of a group. A member is removed, pending applications and invitations end. Non-members can be blocked too. */
    block: (input: GroupBlockInput, options?: CallOptions) => api.write<GroupBlockAnswer>("/group/block", input, options),
    /** Take users off the blacklist of a group. Fails for one who is not on it. Former kicks are forgotten. */
    unblock: (input: GroupUnblockInput, options?: CallOptions) => api.write<GroupUnblockAnswer>("/group/unblock", input, options),
    /** List the blacklist of a group. In the order of user ids. */
    blocked: (input: GroupBlockedInput, options?: CallOptions) => api.pages<GroupBlockedItem>('GET', "/group/blocked_list", input, options),
    /** List the admins and the owner of a group. */
    admins: (input: GroupAdminsInput, options?: CallOptions) => api.get<GroupAdminsAnswer>("/group/admin_list", input, options),
    /** Make members admins. Fails for a non-member, for the owner, and for one who is an admin already. */
    addAdmins: (input: GroupAddAdminsInput, options?: CallOptions) => api.write<GroupAddAdminsAnswer>("/group/admin/add", input, options),
    /** Make admins ordinary members. Fails for a non-member, for the owner, and for one who is not an admin. */
    removeAdmins: (input: GroupRemoveAdminsInput, options?: CallOptions) => api.write<GroupRemoveAdminsAnswer>("/group/admin/remove", input, options),
    /** Transfer a group to another member. The old owner becomes an ordinary member; a ban of the new one ends. */
    transfer: (input: GroupTransferInput, options?: CallOptions) => api.write<GroupTransferAnswer>("/group/transfer", input, options),
    /** Get an announcement. */
    announcement: (input: GroupAnnouncementInput, options?: CallOptions) => api.get<GroupAnnouncementAnswer>("/group/announcement", input, options),
    /** Get the latest announcement of a group. 20020 if there is none. */
    lastAnnouncement: (input: GroupLastAnnouncementInput, options?: CallOptions) => api.get<GroupLastAnnouncementAnswer>("/group/announcement/last", input, options),
    /** List the announcements of a group. The latest that fit, oldest first. Earlier ones come with the cursor that is answered, again oldest first. */
    announcements: (input: GroupAnnouncementsInput, options?: CallOptions) => api.pages<GroupAnnouncementsItem>('GET', "/group/announcement/list", input, options),
    /** Publish an announcement. A new one each time; the earlier ones stay in the list. */
    publishAnnouncement: (input: GroupPublishAnnouncementInput, options?: CallOptions) => api.write<GroupPublishAnnouncementAnswer>("/group/announcement/edit", input, options),
    /** Delete an announcement. */
    deleteAnnouncement: (input: GroupDeleteAnnouncementInput, options?: CallOptions) => api.write<GroupDeleteAnnouncementAnswer>("/group/announcement/delete", input, options),
    /** Get a shared file. */
    file: (input: GroupFileInput, options?: CallOptions) => api.get<GroupFileAnswer>("/group/file", input, options),
    /** List the shared files of a group. Newest first, as many as fit; the rest come with the cursor that is answered. Files under quarantine are left out. */
    files: (input: GroupFilesInput, options?: CallOptions) => api.pages<GroupFilesItem>('GET', "/group/file/list", input, options),
    /** Share a file with a group. Records a file by its URL: any http(s) URL, or a download URL of this service. Who is banned may not. The bytes go to the upload URL of /file/upload/chat. */
    uploadFile: (input: GroupUploadFileInput, options?: CallOptions) => api.write<GroupUploadFileAnswer>("/group/file/upload", input, options),
    /** Rename a shared file. Its uploader, or an admin. */
    renameFile: (input: GroupRenameFileInput, options?: CallOptions) => api.write<GroupRenameFileAnswer>("/group/file/update_name", input, options),
    /** Delete shared files. Its uploader, or an admin. The bytes go too when their sender or an admin deletes the last record of them, and nobody else was given them. */
    deleteFiles: (input: GroupDeleteFilesInput, options?: CallOptions) => api.write<GroupDeleteFilesAnswer>("/group/file/delete", input, options),
    /** Get what changed in a group since a state. Members that changed are answered as they are now, those that are none any more in `removed`. With `more`, ask again from the new state. With `reset`, what changed is not known: page through the lists anew, then go on from the state. Blacklist and applications are for admins; ordinary members see only their own ban here. */
    sync: (input: GroupSyncInput, options?: CallOptions) => api.get<GroupSyncAnswer>("/group/sync", input, options),
    /** Compare the states of the caller's groups. One request at login. Answers the groups whose state is another one now, those that the caller is no member of any more, and those that it joined meanwhile. /group/sync says what changed. As a user: an administrator says whom it acts as. */
    versions: (input: GroupVersionsInput, options?: CallOptions) => api.query<GroupVersionsAnswer>("/group/versions", input, options),
})

export const userOperations = (api: Connection) => ({
    /** Get the caller's settings. group_confirm: whether invitations need the caller's consent; the app's setting where the caller made no choice. Fields that this service does not know are answered as they were last sent. As a user: an administrator says whom it acts as. */
    settings: (input?: UserSettingsInput, options?: CallOptions) => api.get<UserSettingsAnswer>("/user/settings", input, options),
    /** Change the caller's settings. What is not sent stays as it is. Fields that this service does not know are kept too: together at most 4 KiB of JSON. As a user: an administrator says whom it acts as. */
    setSettings: (input?: UserSetSettingsInput, options?: CallOptions) => api.write<UserSetSettingsAnswer>("/user/settings", input, options),
    /** Erase a user. Everything of the user goes: memberships, settings, applications, invitations, bans, announcements, shared files, stored files with their bytes, and what events say of it. A job does it in the background and goes on after a crash; /user/erasure tells how far it is. With `dry_run` it only says what would go and what would change hands. A user that owns groups is refused (20004) unless `owned` says what happens to them. */
    erase: (input: UserEraseInput, options?: CallOptions) => api.write<UserEraseAnswer>("/user/erase", input, options),
    /** Ask how far the erasure of a user is. Also after it is done: the ledger keeps the id and these two times, and nothing else. */
    erasure: (input: UserErasureInput, options?: CallOptions) => api.get<UserErasureAnswer>("/user/erasure", input, options),
    /** List the erased users of the app. The ledger, in the order of ids. Whoever restores a database without cohort restore erases them again. */
    erasures: (input?: UserErasuresInput, options?: CallOptions) => api.pages<UserErasuresItem>('GET', "/user/erasures", input, options),
})

export const authzOperations = (api: Connection) => ({
    /** May this user do this in this group?. What a message server asks before it delivers. `post` and `upload`: a member who is not banned, and not while all are banned unless an admin. `read`: a member. `invite`: as /group/invite. `manage`: an admin. An answer may be kept for `ttl_ms`, and until an event of the group comes; `ttl_ms` is 0 while the disk fails. */
    check: (input: AuthzCheckInput, options?: CallOptions) => api.query<AuthzCheckAnswer>("/authz/check", input, options),
    /** May these users do this?. As /authz/check, for 1 to 500 questions at once, answered in their order. A group that does not exist is a reason here, not an error. */
    checkBatch: (input: AuthzCheckBatchInput, options?: CallOptions) => api.query<AuthzCheckBatchAnswer>("/authz/check/batch", input, options),
    /** Who receives a message of this group?. In the order of their ids. With `Accept: application/x-ndjson` all of them as a stream: first `{version, count}`, a line `[user_id, msg_mute_mode, msg_push_mode]` each, last `{end, version}`; where the two versions differ, the group changed meanwhile. The ETag changes with the group: `If-None-Match` is answered 304. There is none while the disk fails. Push modes 2 to 4 depend on the message, so those members are among the recipients of pushes. */
    recipients: (input: AuthzRecipientsInput, options?: CallOptions) => api.get<AuthzRecipientsAnswer>("/authz/recipients", input, options),
})

export const fileOperations = (api: Connection) => ({
    /** Get an upload URL for the caller's avatar. As a user: an administrator says whom it acts as. */
    uploadUserAvatar: (input?: FileUploadUserAvatarInput, options?: CallOptions) => api.get<FileUploadUserAvatarAnswer>("/file/upload/avatar/user", input, options),
    /** Get an upload URL for the avatar of a group. Set its download_url as the avatar by /group/info/avatar when the bytes are there. */
    uploadGroupAvatar: (input: FileUploadGroupAvatarInput, options?: CallOptions) => api.get<FileUploadGroupAvatarAnswer>("/file/upload/avatar/group", input, options),
    /** Get an upload URL for a chat file or a shared file. file_type 100 plain, 101 voice (AMR), 102 picture, 103 video, 104 voice (MP3); shared with a group: 200 plain, 201 voice, 202 picture, 203 video. Who is banned in the group may not. As a user: an administrator says whom it acts as. */
    uploadSlot: (input: FileUploadSlotInput, options?: CallOptions) => api.get<FileUploadSlotAnswer>("/file/upload/chat", input, options),
    /** Forward a chat file. A new download URL of the same bytes for another receiver; nothing is copied. The caller must be allowed to read the source. It stays readable when the forwarder loses that right, until the source is revoked. As a user: an administrator says whom it acts as. */
    forward: (input: FileForwardInput, options?: CallOptions) => api.get<FileForwardAnswer>("/file/upload/forward", input, options),
    /** End the grants of a chat file. Whoever sent the original ends every download URL of it, forwards included, and its bytes go. An admin of the group that the URL was made for ends those made for the group, and what was forwarded from them. */
    revoke: (input: FileRevokeInput, options?: CallOptions) => api.write<FileRevokeAnswer>("/file/revoke", input, options),
})

export const adminOperations = (api: Connection) => ({
    /** List the groups of the app. All of them, newest first or in another order; those whose name begins with a text, by name; or those of one owner, newest first. */
    groups: (input?: AdminGroupsInput, options?: CallOptions) => api.pages<AdminGroupsItem>('GET', "/admin/groups", input, options),
    /** List the invitations of a group that wait for consent. By invitee. A user lists its own by /group/invitation_list. */
    groupInvitations: (input: AdminGroupInvitationsInput, options?: CallOptions) => api.pages<AdminGroupInvitationsItem>('GET', "/admin/group/invitations", input, options),
    /** List the users of the app. Those that ever joined a group, stored a file or chose a setting. */
    users: (input?: AdminUsersInput, options?: CallOptions) => api.pages<AdminUsersItem>('GET', "/admin/users", input, options),
    /** Get a user of the app. A user that is not known yet has all counts 0. */
    user: (input: AdminUserInput, options?: CallOptions) => api.get<AdminUserAnswer>("/admin/user", input, options),
    /** List the groups of a user. Newest membership first. */
    userGroups: (input: AdminUserGroupsInput, options?: CallOptions) => api.pages<AdminUserGroupsItem>('GET', "/admin/user/groups", input, options),
    /** List the stored files of the app. The largest first; of one user, the largest first; or sent to one group, the latest first. */
    files: (input?: AdminFilesInput, options?: CallOptions) => api.pages<AdminFilesItem>('GET', "/admin/files", input, options),
    /** Get what the app uses. Its groups, users, memberships and files, and the limits that it has. */
    usage: (input?: AdminUsageInput, options?: CallOptions) => api.get<AdminUsageAnswer>("/admin/usage", input, options),
    /** Ask who did what. The recorded events of the app, the newest first: who acted, as what, with which key and by which request. A page looks at a limited number of events: with filters it may have few rows, or none, and there are more pages as long as `cursor` is not empty. */
    audit: (input?: AdminAuditInput, options?: CallOptions) => api.pages<AdminAuditItem>('GET', "/audit", input, options),
})

export const moderationOperations = (api: Connection) => ({
    /** List the files under quarantine. The latest first. */
    quarantinedFiles: (input?: ModerationQuarantinedFilesInput, options?: CallOptions) => api.pages<ModerationQuarantinedFilesItem>('GET', "/moderation/quarantined", input, options),
    /** Put a file under quarantine. From then on nobody but administrators reads it, by whichever URL: downloads, thumbnails, covers and MP3s answer 403 with code 10032, it cannot be forwarded, and lists of shared files leave it out. Its sender is told the reason. Nothing changes if it is there already. */
    quarantine: (input?: ModerationQuarantineInput, options?: CallOptions) => api.write<ModerationQuarantineAnswer>("/moderation/quarantine", input, options),
    /** Release a file from quarantine. Whoever could read it before reads it again. Nothing changes if it is not under quarantine. It is not scanned again. */
    release: (input?: ModerationReleaseInput, options?: CallOptions) => api.write<ModerationReleaseAnswer>("/moderation/release", input, options),
    /** Delete a file for everybody. Every download URL of it ends, forwards included, its records leave the shared files of groups, and its bytes go. Cannot be undone. */
    delete: (input?: ModerationDeleteInput, options?: CallOptions) => api.write<ModerationDeleteAnswer>("/moderation/delete", input, options),
})

export const operatorOperations = (api: Connection) => ({
    /** List all apps. By their ids. */
    apps: (input?: OperatorAppsInput, options?: CallOptions) => api.pages<OperatorAppsItem>('GET', "/operator/apps", input, options),
    /** Get an app. Its settings and the names of its keys; never a secret. */
    app: (input: OperatorAppInput, options?: CallOptions) => api.get<OperatorAppAnswer>("/operator/app", input, options),
    /** Create an app. Answers its secret, which signs its tokens. It is shown here and never again. */
    createApp: (input: OperatorCreateAppInput, options?: CallOptions) => api.write<OperatorCreateAppAnswer>("/operator/app/create", input, options),
    /** Change the settings of an app. What is not sent stays as it is; null goes back to the default. */
    changeSettings: (input: OperatorChangeSettingsInput, options?: CallOptions) => api.write<OperatorChangeSettingsAnswer>("/operator/app/settings", input, options),
    /** Give an app a new secret. It signs from now on. The old ones stay good until they are ended, or end at once. */
    rotateSecret: (input: OperatorRotateSecretInput, options?: CallOptions) => api.write<OperatorRotateSecretAnswer>("/operator/app/secret/rotate", input, options),
    /** End a secret of an app. Every token that it signed ends, too. */
    endSecret: (input: OperatorEndSecretInput, options?: CallOptions) => api.write<OperatorEndSecretAnswer>("/operator/app/secret/end", input, options),
    /** Give an app a new signing key. It signs cursors, QR codes, file signatures and upload URLs from now on. What the old ones signed stays good until they are ended. */
    rotateKey: (input: OperatorRotateKeyInput, options?: CallOptions) => api.write<OperatorRotateKeyAnswer>("/operator/app/key/rotate", input, options),
    /** End a signing key of an app. Every cursor, QR code, file signature and upload URL that it signed ends, too. */
    endKey: (input: OperatorEndKeyInput, options?: CallOptions) => api.write<OperatorEndKeyAnswer>("/operator/app/key/end", input, options),
    /** Delete an app with all that is its own. Without `dry_run: false` it only says what would go. An app that is deleted answers nobody any more; its groups, users and files are then removed in the background, and cannot be had back but from a backup. */
    deleteApp: (input: OperatorDeleteAppInput, options?: CallOptions) => api.write<OperatorDeleteAppAnswer>("/operator/app/delete", input, options),
    /** Open a session of the console. Works once for a link or token, and sets a cookie for 12 hours. Calls by the cookie carry the header `x-cohort-session: 1` beside it. */
    openSession: (input: OperatorOpenSessionInput, options?: CallOptions) => api.write<OperatorOpenSessionAnswer>("/operator/session", input, options),
    /** Get the session of the caller. */
    session: (input?: OperatorSessionInput, options?: CallOptions) => api.get<OperatorSessionAnswer>("/operator/session", input, options),
    /** List the open sessions of the console. Newest first. */
    sessions: (input?: OperatorSessionsInput, options?: CallOptions) => api.get<OperatorSessionsAnswer>("/operator/sessions", input, options),
    /** End a session of the console. A running service sees it within a second (five on Workers). */
    endSession: (input?: OperatorEndSessionInput, options?: CallOptions) => api.write<OperatorEndSessionAnswer>("/operator/session/end", input, options),
    /** Sign a token of an app. As the app's own server would, with its newest secret. */
    token: (input: OperatorTokenInput, options?: CallOptions) => api.write<OperatorTokenAnswer>("/operator/app/token", input, options),
    /** Get how the service is. On Workers, the figures are those of one isolate. */
    health: (input?: OperatorHealthInput, options?: CallOptions) => api.get<OperatorHealthAnswer>("/operator/health", input, options),
    /** List what the service does by itself. */
    jobs: (input?: OperatorJobsInput, options?: CallOptions) => api.get<OperatorJobsAnswer>("/operator/jobs", input, options),
    /** Run a job now. Answers what it did when it is done. */
    runJob: (input: OperatorRunJobInput, options?: CallOptions) => api.write<OperatorRunJobAnswer>("/operator/job/run", input, options),
    /** List the backups of the database. Newest first. None on Workers, where D1 has Time Travel. */
    backups: (input?: OperatorBackupsInput, options?: CallOptions) => api.get<OperatorBackupsAnswer>("/operator/backups", input, options),
    /** Make a backup of the database now. Where BACKUP_TO says; answers when it is there. Of a running service, without stopping it. */
    makeBackup: (input?: OperatorMakeBackupInput, options?: CallOptions) => api.write<OperatorMakeBackupAnswer>("/operator/backup/make", input, options),
})

export const webhooksOperations = (api: Connection) => ({
    /** Create a webhook. From now on, or from `after` on, every event is sent to the URL, signed by Standard Webhooks. The secret is answered here and never again. */
    create: (input: WebhooksCreateInput, options?: CallOptions) => api.write<WebhooksCreateAnswer>("/webhooks", input, options),
    /** List the webhooks of the app. */
    list: (input?: WebhooksListInput, options?: CallOptions) => api.get<WebhooksListAnswer>("/webhooks", input, options),
    /** Get a webhook. */
    get: (input: WebhooksGetInput, options?: CallOptions) => api.get<WebhooksGetAnswer>("/webhooks/:webhook_id", input, options),
    /** Change a webhook. What is not sent stays as it is. */
    change: (input: WebhooksChangeInput, options?: CallOptions) => api.write<WebhooksChangeAnswer>("/webhooks/:webhook_id", input, options),
    /** Delete a webhook. */
    delete: (input: WebhooksDeleteInput, options?: CallOptions) => api.writeBy<WebhooksDeleteAnswer>('DELETE', "/webhooks/:webhook_id", input, options),
    /** See how a webhook fares. The latest 50 attempts, the events that fail and hold up their group, and those that were given up. Of the last two a page: `held_next` and `parked_next` say where the next one begins. */
    deliveries: (input: WebhooksDeliveriesInput, options?: CallOptions) => api.get<WebhooksDeliveriesAnswer>("/webhooks/:webhook_id/deliveries", input, options),
    /** Send events again. All from `after` on: a cursor of the events, or earliest. What is held up or was given up is sent, too. */
    replay: (input: WebhooksReplayInput, options?: CallOptions) => api.write<WebhooksReplayAnswer>("/webhooks/:webhook_id/replay", input, options),
    /** Go on with a webhook that was disabled. From where it stopped. What is held up is tried at once. */
    resume: (input: WebhooksResumeInput, options?: CallOptions) => api.write<WebhooksResumeAnswer>("/webhooks/:webhook_id/resume", input, options),
    /** Give up an event that holds up its group. It is parked, and the later events of its group go out. */
    skip: (input: WebhooksSkipInput, options?: CallOptions) => api.write<WebhooksSkipAnswer>("/webhooks/:webhook_id/skip", input, options),
    /** Give a webhook a new secret. The old one signs beside it for 24 hours. The new one is answered here and never again. */
    rotate: (input: WebhooksRotateInput, options?: CallOptions) => api.write<WebhooksRotateAnswer>("/webhooks/:webhook_id/rotate", input, options),
    /** Send a test message. At once, signed as events are, of the type `webhook.test`. It is not repeated. */
    test: (input: WebhooksTestInput, options?: CallOptions) => api.query<WebhooksTestAnswer>("/webhooks/:webhook_id/test", input, options),
})

/** Every operation of the API, by what it is about. */
export class Operations {
  readonly group: ReturnType<typeof groupOperations>
  readonly user: ReturnType<typeof userOperations>
  readonly authz: ReturnType<typeof authzOperations>
  readonly admin: ReturnType<typeof adminOperations>
  readonly moderation: ReturnType<typeof moderationOperations>
  readonly operator: ReturnType<typeof operatorOperations>
  readonly webhooks: ReturnType<typeof webhooksOperations>
  constructor(api: Connection) {
    this.group = groupOperations(api)
    this.user = userOperations(api)
    this.authz = authzOperations(api)
    this.admin = adminOperations(api)
    this.moderation = moderationOperations(api)
    this.operator = operatorOperations(api)
    this.webhooks = webhooksOperations(api)
  }
}
