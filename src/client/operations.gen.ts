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
  "qr_invalid": 20024,
  "qr_expired": 20025,
  "app_not_found": 40000
} as const

export interface GroupCreateInput {
  /** 0 to 2048 characters. */
  readonly avatar?: string
  /** 0 to 1024 characters. */
  readonly description?: string
  /** 0 to 64 characters. */
  readonly name?: string
  /** 0: private. 1: public. 2: chatroom. 3: temporary. 0 to 3. */
  readonly type?: number
  /** At most 500. */
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
  readonly group_id: number
}
export type GroupDestroyAnswer = true

export interface GroupInfoInput {
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
  /** At most 10000. */
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
  readonly group_id: number
  /** 1 to 64 characters. */
  readonly value: string
}
export type GroupSetNameAnswer = true

export interface GroupSetDescriptionInput {
  readonly group_id: number
  /** 0 to 1024 characters. */
  readonly value: string
}
export type GroupSetDescriptionAnswer = true

export interface GroupSetAvatarInput {
  readonly group_id: number
  /** 0 to 2048 characters. */
  readonly value: string
}
export type GroupSetAvatarAnswer = true

export interface GroupSetExtInput {
  readonly group_id: number
  /** 0 to 4096 characters. */
  readonly value: string
}
export type GroupSetExtAnswer = true

export interface GroupAllowMemberInvitationInput {
  readonly group_id: number
  readonly value: boolean
}
export type GroupAllowMemberInvitationAnswer = true

export interface GroupAllowMemberModifyInput {
  readonly group_id: number
  readonly value: boolean
}
export type GroupAllowMemberModifyAnswer = true

export interface GroupEnableReadAckInput {
  readonly group_id: number
  readonly value: boolean
}
export type GroupEnableReadAckAnswer = true

export interface GroupSetHistoryVisibleInput {
  readonly group_id: number
  readonly value: boolean
}
export type GroupSetHistoryVisibleAnswer = true

export interface GroupRequireApprovalInput {
  readonly group_id: number
  /** 0 to 2. */
  readonly apply_approval: number
}
export type GroupRequireApprovalAnswer = true

export interface GroupHideMemberInfoInput {
  readonly group_id: number
  readonly value: boolean
}
export type GroupHideMemberInfoAnswer = true

export interface GroupBanAllInput {
  readonly group_id: number
  readonly duration: number
}
export interface GroupBanAllAnswer {
  /** Seconds since 1970; -1 for ever. */
  readonly ban_expire_time: number
}

export interface GroupUnbanAllInput {
  readonly group_id: number
}
export type GroupUnbanAllAnswer = true

export interface GroupMembersInput {
  readonly group_id: number
  /** 1 to 1000. */
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
  readonly group_id: number
  /** At most 10000. */
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
  readonly group_id: number
  /** 0 to 64 characters. */
  readonly value: string
}
export type GroupSetDisplayNameAnswer = true

export interface GroupSetMuteModeInput {
  readonly group_id: number
  /** 0 to 2. */
  readonly msg_mute_mode: number
}
export type GroupSetMuteModeAnswer = Readonly<Record<string, unknown>>

export interface GroupSetPushModeInput {
  readonly group_id: number
  readonly msg_push_mode: number
}
export type GroupSetPushModeAnswer = Readonly<Record<string, unknown>>

export interface GroupSetNotDisturbInput {
  readonly group_id: number
  readonly value: boolean
}
export type GroupSetNotDisturbAnswer = Readonly<Record<string, unknown>>

export type GroupJoinedInput = Readonly<Record<string, unknown>>
export type GroupJoinedAnswer = readonly number[]

export type GroupPublicGroupsInput = Readonly<Record<string, unknown>>
export type GroupPublicGroupsAnswer = readonly number[]

export interface GroupInviteInput {
  readonly group_id: number
  /** At most 500. */
  readonly user_list: readonly number[]
  /** 0 to 256 characters. */
  readonly reason?: string
}
export type GroupInviteAnswer = readonly ({
  /** Why it failed, or empty. */
  readonly reason: string
  readonly result: "success" | "fail"
  readonly user_id: number
})[]

export interface GroupHandleInvitationInput {
  readonly group_id: number
  readonly user_id: number
  readonly approval: boolean
}
export type GroupHandleInvitationAnswer = true

export interface GroupInvitationsInput {
  /** 1 to 1000. */
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
  readonly group_id: number
  /** 0 to 256 characters. */
  readonly reason?: string
}
export interface GroupApplyAnswer {
  /** Why it failed, or empty. */
  readonly reason: string
  readonly result: "success" | "fail"
  readonly user_id: number
}

export interface GroupHandleApplicationInput {
  readonly group_id: number
  readonly user_id: number
  readonly approval: boolean
}
export interface GroupHandleApplicationAnswer {
  /** Why it failed, or empty. */
  readonly reason: string
  readonly result: "success" | "fail"
  readonly user_id: number
}

export interface GroupApplicationsInput {
  /** At most 10000. */
  readonly group_list: readonly number[]
  /** 1 to 1000. */
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
  /** 1 to 1024 characters. */
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
  readonly group_id: number
  readonly user_id?: number
}
export type GroupQrcodeRevokeAnswer = true

export interface GroupAdminMemberJoinInput {
  readonly group_id: number
  /** At most 500. */
  readonly user_list: readonly number[]
}
export type GroupAdminMemberJoinAnswer = readonly ({
  /** Why it failed, or empty. */
  readonly reason: string
  readonly result: "success" | "fail"
  readonly user_id: number
})[]

export interface GroupLeaveInput {
  readonly group_id: number
}
export type GroupLeaveAnswer = true

export interface GroupKickInput {
  readonly group_id: number
  /** At most 500. */
  readonly user_list: readonly number[]
}
export type GroupKickAnswer = readonly ({
  /** Why it failed, or empty. */
  readonly reason: string
  readonly result: "success" | "fail"
  readonly user_id: number
})[]

export interface GroupBanInput {
  readonly group_id: number
  /** At most 500. */
  readonly user_list: readonly number[]
  readonly duration: number
}
export type GroupBanAnswer = readonly ({
  /** Why it failed, or empty. */
  readonly reason: string
  readonly result: "success" | "fail"
  readonly user_id: number
})[]

export interface GroupUnbanInput {
  readonly group_id: number
  /** At most 500. */
  readonly user_list: readonly number[]
}
export type GroupUnbanAnswer = readonly ({
  /** Why it failed, or empty. */
  readonly reason: string
  readonly result: "success" | "fail"
  readonly user_id: number
})[]

export interface GroupBannedInput {
  readonly group_id: number
  /** 1 to 1000. */
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
  readonly group_id: number
  /** At most 500. */
  readonly user_list: readonly number[]
}
export type GroupBlockAnswer = readonly ({
  /** Why it failed, or empty. */
  readonly reason: string
  readonly result: "success" | "fail"
  readonly user_id: number
})[]

export interface GroupUnblockInput {
  readonly group_id: number
  /** At most 500. */
  readonly user_list: readonly number[]
}
export type GroupUnblockAnswer = readonly ({
  /** Why it failed, or empty. */
  readonly reason: string
  readonly result: "success" | "fail"
  readonly user_id: number
})[]

export interface GroupBlockedInput {
  readonly group_id: number
  /** 1 to 1000. */
  readonly limit?: number
}
export interface GroupBlockedItem {
  /** ISO 8601, UTC. */
  readonly created_at: string
  readonly group_id: number
  readonly user_id: number
}

export interface GroupAdminsInput {
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
  readonly group_id: number
  /** At most 500. */
  readonly user_list: readonly number[]
}
export type GroupAddAdminsAnswer = readonly ({
  /** Why it failed, or empty. */
  readonly reason: string
  readonly result: "success" | "fail"
  readonly user_id: number
})[]

export interface GroupRemoveAdminsInput {
  readonly group_id: number
  /** At most 500. */
  readonly user_list: readonly number[]
}
export type GroupRemoveAdminsAnswer = readonly ({
  /** Why it failed, or empty. */
  readonly reason: string
  readonly result: "success" | "fail"
  readonly user_id: number
})[]

export interface GroupTransferInput {
  readonly group_id: number
  readonly new_owner: number
}
export interface GroupTransferAnswer {
  /** Why it failed, or empty. */
  readonly reason: string
  readonly result: "success" | "fail"
  readonly user_id: number
}

export interface GroupAnnouncementInput {
  readonly group_id: number
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
  readonly group_id: number
  /** 1 to 1000. */
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
  readonly group_id: number
  /** 0 to 128 characters. */
  readonly title: string
  /** 0 to 8192 characters. */
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
  readonly group_id: number
  readonly announcement_id: number
}
export type GroupDeleteAnnouncementAnswer = Readonly<Record<string, unknown>>

export interface GroupFileInput {
  readonly group_id: number
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
  readonly group_id: number
  /** 1 to 1000. */
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
  readonly group_id: number
  /** 1 to 255 characters. */
  readonly name: string
  readonly size: number
  /** 0 to 128 characters. */
  readonly type?: string
  /** 1 to 2048 characters. */
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
  readonly group_id: number
  readonly file_id: number
  /** 1 to 255 characters. */
  readonly name: string
}
export type GroupRenameFileAnswer = true

export interface GroupDeleteFilesInput {
  readonly group_id: number
  /** At most 500. */
  readonly file_list: readonly number[]
}
export type GroupDeleteFilesAnswer = readonly ({
  readonly file_id: number
  readonly reason: string
  readonly result: "success" | "fail"
})[]

export type UserSettingsInput = Readonly<Record<string, unknown>>
export interface UserSettingsAnswer {
  readonly group_confirm: boolean
  readonly user_id: number
}

export interface UserSetSettingsInput {
  readonly group_confirm?: boolean
}
export type UserSetSettingsAnswer = true

export interface AuthzCheckInput {
  readonly group_id: number
  readonly user_id: number
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
  /** 0 to 999. */
  readonly file_type: number
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
  /** 0 to 256 characters. */
  readonly file_sign: string
  readonly to_id: number
  /** 1: a user; 2: a group. 1 to 2. */
  readonly to_type?: number
}
export type FileForwardAnswer = string

export interface FileRevokeInput {
  /** 0 to 256 characters. */
  readonly file_sign: string
}
export type FileRevokeAnswer = true

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
    /** List the shared files of a group. Newest first, as many as fit; the rest come with the cursor that is answered. */
    files: (input: GroupFilesInput, options?: CallOptions) => api.pages<GroupFilesItem>('GET', "/group/file/list", input, options),
    /** Share a file with a group. Records a file by its URL: any http(s) URL, or a download URL of this service. Who is banned may not. The bytes go to the upload URL of /file/upload/chat. */
    uploadFile: (input: GroupUploadFileInput, options?: CallOptions) => api.write<GroupUploadFileAnswer>("/group/file/upload", input, options),
    /** Rename a shared file. Its uploader, or an admin. */
    renameFile: (input: GroupRenameFileInput, options?: CallOptions) => api.write<GroupRenameFileAnswer>("/group/file/update_name", input, options),
    /** Delete shared files. Its uploader, or an admin. The bytes go too when their sender or an admin deletes the last record of them, and nobody else was given them. */
    deleteFiles: (input: GroupDeleteFilesInput, options?: CallOptions) => api.write<GroupDeleteFilesAnswer>("/group/file/delete", input, options),
})

export const userOperations = (api: Connection) => ({
    /** Get the caller's settings. group_confirm: whether invitations need the caller's consent; the app's setting where the caller made no choice. Fields that this service does not know are answered as they were last sent. As a user: an administrator says whom it acts as. */
    settings: (input?: UserSettingsInput, options?: CallOptions) => api.get<UserSettingsAnswer>("/user/settings", input, options),
    /** Change the caller's settings. What is not sent stays as it is. Fields that this service does not know are kept too: together at most 4 KiB of JSON. As a user: an administrator says whom it acts as. */
    setSettings: (input?: UserSetSettingsInput, options?: CallOptions) => api.write<UserSetSettingsAnswer>("/user/settings", input, options),
})

export const authzOperations = (api: Connection) => ({
    /** May this user do this in this group?. What a message server asks before it delivers. `post` and `upload`: a member who is not banned, and not while all are banned unless an admin. `read`: a member. `invite`: as /group/invite. `manage`: an admin. An answer may be kept for `ttl_ms`, and until an event of the group comes. */
    check: (input: AuthzCheckInput, options?: CallOptions) => api.query<AuthzCheckAnswer>("/authz/check", input, options),
    /** May these users do this?. As /authz/check, for 1 to 500 questions at once, answered in their order. A group that does not exist is a reason here, not an error. */
    checkBatch: (input: AuthzCheckBatchInput, options?: CallOptions) => api.query<AuthzCheckBatchAnswer>("/authz/check/batch", input, options),
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

/** Every operation of the API, by what it is about. */
export class Operations {
  readonly group: ReturnType<typeof groupOperations>
  readonly user: ReturnType<typeof userOperations>
  readonly authz: ReturnType<typeof authzOperations>
  constructor(api: Connection) {
    this.group = groupOperations(api)
    this.user = userOperations(api)
    this.authz = authzOperations(api)
  }
}
