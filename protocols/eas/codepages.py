"""Name every code page and token of Exchange ActiveSync (MS-ASWBXML 2.1.2.1; reference/eas.md section 2).

Pure tables, one class per page. Pages 1, 2 and 12 are decoded only: phones mix their names into `Supported` lists.
Tokens of protocol versions up to 12.0 are decoded too, never sent.
"""

from typing import Final, NamedTuple


class Tag(NamedTuple):
    """Identify an element by code page and token: one local name exists in several pages."""

    page: int
    token: int

    @property
    def name(self) -> str:
        """The local name, or `0x` and the token for one that is in no table."""
        return NAMES.get(self, f"0x{self.token:02X}")

    @property
    def namespace(self) -> str:
        """The name of the code page, or `page` and its number for an unknown one."""
        space = NAMESPACES.get(self.page)
        return space.__name__ if space else f"page{self.page}"

    def __str__(self) -> str:
        """Say the tag as logs do, `AirSync:SyncKey`."""
        return f"{self.namespace}:{self.name}"


class AirSync:
    """Code page 0."""

    Sync: Final = Tag(0, 0x05)
    Responses: Final = Tag(0, 0x06)
    Add: Final = Tag(0, 0x07)
    Change: Final = Tag(0, 0x08)
    Delete: Final = Tag(0, 0x09)
    Fetch: Final = Tag(0, 0x0A)
    SyncKey: Final = Tag(0, 0x0B)
    ClientId: Final = Tag(0, 0x0C)
    ServerId: Final = Tag(0, 0x0D)
    Status: Final = Tag(0, 0x0E)
    Collection: Final = Tag(0, 0x0F)
    Class: Final = Tag(0, 0x10)
    Version: Final = Tag(0, 0x11)
    CollectionId: Final = Tag(0, 0x12)
    GetChanges: Final = Tag(0, 0x13)
    MoreAvailable: Final = Tag(0, 0x14)
    WindowSize: Final = Tag(0, 0x15)
    Commands: Final = Tag(0, 0x16)
    Options: Final = Tag(0, 0x17)
    FilterType: Final = Tag(0, 0x18)
    Truncation: Final = Tag(0, 0x19)
    RTFTruncation: Final = Tag(0, 0x1A)
    Conflict: Final = Tag(0, 0x1B)
    Collections: Final = Tag(0, 0x1C)
    ApplicationData: Final = Tag(0, 0x1D)
    DeletesAsMoves: Final = Tag(0, 0x1E)
    NotifyGUID: Final = Tag(0, 0x1F)
    Supported: Final = Tag(0, 0x20)
    SoftDelete: Final = Tag(0, 0x21)
    MIMESupport: Final = Tag(0, 0x22)
    MIMETruncation: Final = Tag(0, 0x23)
    Wait: Final = Tag(0, 0x24)
    Limit: Final = Tag(0, 0x25)
    Partial: Final = Tag(0, 0x26)
    ConversationMode: Final = Tag(0, 0x27)
    MaxItems: Final = Tag(0, 0x28)
    HeartbeatInterval: Final = Tag(0, 0x29)


class Contacts:
    """Code page 1."""

    Anniversary: Final = Tag(1, 0x05)
    AssistantName: Final = Tag(1, 0x06)
    AssistantPhoneNumber: Final = Tag(1, 0x07)
    Birthday: Final = Tag(1, 0x08)
    Business2PhoneNumber: Final = Tag(1, 0x0C)
    BusinessAddressCity: Final = Tag(1, 0x0D)
    BusinessAddressCountry: Final = Tag(1, 0x0E)
    BusinessAddressPostalCode: Final = Tag(1, 0x0F)
    BusinessAddressState: Final = Tag(1, 0x10)
    BusinessAddressStreet: Final = Tag(1, 0x11)
    BusinessFaxNumber: Final = Tag(1, 0x12)
    BusinessPhoneNumber: Final = Tag(1, 0x13)
    CarPhoneNumber: Final = Tag(1, 0x14)
    Categories: Final = Tag(1, 0x15)
    Category: Final = Tag(1, 0x16)
    Children: Final = Tag(1, 0x17)
    Child: Final = Tag(1, 0x18)
    CompanyName: Final = Tag(1, 0x19)
    Department: Final = Tag(1, 0x1A)
    Email1Address: Final = Tag(1, 0x1B)
    Email2Address: Final = Tag(1, 0x1C)
    Email3Address: Final = Tag(1, 0x1D)
    FileAs: Final = Tag(1, 0x1E)
    FirstName: Final = Tag(1, 0x1F)
    Home2PhoneNumber: Final = Tag(1, 0x20)
    HomeAddressCity: Final = Tag(1, 0x21)
    HomeAddressCountry: Final = Tag(1, 0x22)
    HomeAddressPostalCode: Final = Tag(1, 0x23)
    HomeAddressState: Final = Tag(1, 0x24)
    HomeAddressStreet: Final = Tag(1, 0x25)
    HomeFaxNumber: Final = Tag(1, 0x26)
    HomePhoneNumber: Final = Tag(1, 0x27)
    JobTitle: Final = Tag(1, 0x28)
    LastName: Final = Tag(1, 0x29)
    MiddleName: Final = Tag(1, 0x2A)
    MobilePhoneNumber: Final = Tag(1, 0x2B)
    OfficeLocation: Final = Tag(1, 0x2C)
    OtherAddressCity: Final = Tag(1, 0x2D)
    OtherAddressCountry: Final = Tag(1, 0x2E)
    OtherAddressPostalCode: Final = Tag(1, 0x2F)
    OtherAddressState: Final = Tag(1, 0x30)
    OtherAddressStreet: Final = Tag(1, 0x31)
    PagerNumber: Final = Tag(1, 0x32)
    RadioPhoneNumber: Final = Tag(1, 0x33)
    Spouse: Final = Tag(1, 0x34)
    Suffix: Final = Tag(1, 0x35)
    Title: Final = Tag(1, 0x36)
    WebPage: Final = Tag(1, 0x37)
    YomiCompanyName: Final = Tag(1, 0x38)
    YomiFirstName: Final = Tag(1, 0x39)
    YomiLastName: Final = Tag(1, 0x3A)
    Picture: Final = Tag(1, 0x3C)
    Alias: Final = Tag(1, 0x3D)
    WeightedRank: Final = Tag(1, 0x3E)


class Email:
    """Code page 2."""

    DateReceived: Final = Tag(2, 0x0F)
    DisplayTo: Final = Tag(2, 0x11)
    Importance: Final = Tag(2, 0x12)
    MessageClass: Final = Tag(2, 0x13)
    Subject: Final = Tag(2, 0x14)
    Read: Final = Tag(2, 0x15)
    To: Final = Tag(2, 0x16)
    Cc: Final = Tag(2, 0x17)
    From: Final = Tag(2, 0x18)
    ReplyTo: Final = Tag(2, 0x19)
    AllDayEvent: Final = Tag(2, 0x1A)
    Categories: Final = Tag(2, 0x1B)
    Category: Final = Tag(2, 0x1C)
    DtStamp: Final = Tag(2, 0x1D)
    EndTime: Final = Tag(2, 0x1E)
    InstanceType: Final = Tag(2, 0x1F)
    BusyStatus: Final = Tag(2, 0x20)
    Location: Final = Tag(2, 0x21)
    MeetingRequest: Final = Tag(2, 0x22)
    Organizer: Final = Tag(2, 0x23)
    RecurrenceId: Final = Tag(2, 0x24)
    Reminder: Final = Tag(2, 0x25)
    ResponseRequested: Final = Tag(2, 0x26)
    Recurrences: Final = Tag(2, 0x27)
    Recurrence: Final = Tag(2, 0x28)
    Type: Final = Tag(2, 0x29)
    Until: Final = Tag(2, 0x2A)
    Occurrences: Final = Tag(2, 0x2B)
    Interval: Final = Tag(2, 0x2C)
    DayOfWeek: Final = Tag(2, 0x2D)
    DayOfMonth: Final = Tag(2, 0x2E)
    WeekOfMonth: Final = Tag(2, 0x2F)
    MonthOfYear: Final = Tag(2, 0x30)
    StartTime: Final = Tag(2, 0x31)
    Sensitivity: Final = Tag(2, 0x32)
    TimeZone: Final = Tag(2, 0x33)
    GlobalObjId: Final = Tag(2, 0x34)
    ThreadTopic: Final = Tag(2, 0x35)
    InternetCPID: Final = Tag(2, 0x39)
    Flag: Final = Tag(2, 0x3A)
    Status: Final = Tag(2, 0x3B)
    ContentClass: Final = Tag(2, 0x3C)
    FlagType: Final = Tag(2, 0x3D)
    CompleteTime: Final = Tag(2, 0x3E)
    DisallowNewTimeProposal: Final = Tag(2, 0x3F)


class Calendar:
    """Code page 4."""

    Timezone: Final = Tag(4, 0x05)
    AllDayEvent: Final = Tag(4, 0x06)
    Attendees: Final = Tag(4, 0x07)
    Attendee: Final = Tag(4, 0x08)
    Email: Final = Tag(4, 0x09)
    Name: Final = Tag(4, 0x0A)
    Body: Final = Tag(4, 0x0B)
    BodyTruncated: Final = Tag(4, 0x0C)
    BusyStatus: Final = Tag(4, 0x0D)
    Categories: Final = Tag(4, 0x0E)
    Category: Final = Tag(4, 0x0F)
    CompressedRTF: Final = Tag(4, 0x10)
    DtStamp: Final = Tag(4, 0x11)
    EndTime: Final = Tag(4, 0x12)
    Exception: Final = Tag(4, 0x13)
    Exceptions: Final = Tag(4, 0x14)
    Deleted: Final = Tag(4, 0x15)
    ExceptionStartTime: Final = Tag(4, 0x16)
    Location: Final = Tag(4, 0x17)
    MeetingStatus: Final = Tag(4, 0x18)
    OrganizerEmail: Final = Tag(4, 0x19)
    OrganizerName: Final = Tag(4, 0x1A)
    Recurrence: Final = Tag(4, 0x1B)
    Type: Final = Tag(4, 0x1C)
    Until: Final = Tag(4, 0x1D)
    Occurrences: Final = Tag(4, 0x1E)
    Interval: Final = Tag(4, 0x1F)
    DayOfWeek: Final = Tag(4, 0x20)
    DayOfMonth: Final = Tag(4, 0x21)
    WeekOfMonth: Final = Tag(4, 0x22)
    MonthOfYear: Final = Tag(4, 0x23)
    Reminder: Final = Tag(4, 0x24)
    Sensitivity: Final = Tag(4, 0x25)
    Subject: Final = Tag(4, 0x26)
    StartTime: Final = Tag(4, 0x27)
    UID: Final = Tag(4, 0x28)
    AttendeeStatus: Final = Tag(4, 0x29)
    AttendeeType: Final = Tag(4, 0x2A)
    DisallowNewTimeProposal: Final = Tag(4, 0x33)
    ResponseRequested: Final = Tag(4, 0x34)
    AppointmentReplyTime: Final = Tag(4, 0x35)
    ResponseType: Final = Tag(4, 0x36)
    CalendarType: Final = Tag(4, 0x37)
    IsLeapMonth: Final = Tag(4, 0x38)
    FirstDayOfWeek: Final = Tag(4, 0x39)
    OnlineMeetingConfLink: Final = Tag(4, 0x3A)
    OnlineMeetingExternalLink: Final = Tag(4, 0x3B)
    ClientUid: Final = Tag(4, 0x3C)


class Move:
    """Code page 5."""

    MoveItems: Final = Tag(5, 0x05)
    Move: Final = Tag(5, 0x06)
    SrcMsgId: Final = Tag(5, 0x07)
    SrcFldId: Final = Tag(5, 0x08)
    DstFldId: Final = Tag(5, 0x09)
    Response: Final = Tag(5, 0x0A)
    Status: Final = Tag(5, 0x0B)
    DstMsgId: Final = Tag(5, 0x0C)


class GetItemEstimate:
    """Code page 6."""

    GetItemEstimate: Final = Tag(6, 0x05)
    Version: Final = Tag(6, 0x06)
    Collections: Final = Tag(6, 0x07)
    Collection: Final = Tag(6, 0x08)
    Class: Final = Tag(6, 0x09)
    CollectionId: Final = Tag(6, 0x0A)
    DateTime: Final = Tag(6, 0x0B)
    Estimate: Final = Tag(6, 0x0C)
    Response: Final = Tag(6, 0x0D)
    Status: Final = Tag(6, 0x0E)


class FolderHierarchy:
    """Code page 7."""

    Folders: Final = Tag(7, 0x05)
    Folder: Final = Tag(7, 0x06)
    DisplayName: Final = Tag(7, 0x07)
    ServerId: Final = Tag(7, 0x08)
    ParentId: Final = Tag(7, 0x09)
    Type: Final = Tag(7, 0x0A)
    Response: Final = Tag(7, 0x0B)
    Status: Final = Tag(7, 0x0C)
    ContentClass: Final = Tag(7, 0x0D)
    Changes: Final = Tag(7, 0x0E)
    Add: Final = Tag(7, 0x0F)
    Delete: Final = Tag(7, 0x10)
    Update: Final = Tag(7, 0x11)
    SyncKey: Final = Tag(7, 0x12)
    FolderCreate: Final = Tag(7, 0x13)
    FolderDelete: Final = Tag(7, 0x14)
    FolderUpdate: Final = Tag(7, 0x15)
    FolderSync: Final = Tag(7, 0x16)
    Count: Final = Tag(7, 0x17)
    Version: Final = Tag(7, 0x18)


class MeetingResponse:
    """Code page 8."""

    CalendarId: Final = Tag(8, 0x05)
    CollectionId: Final = Tag(8, 0x06)
    MeetingResponse: Final = Tag(8, 0x07)
    RequestId: Final = Tag(8, 0x08)
    Request: Final = Tag(8, 0x09)
    Result: Final = Tag(8, 0x0A)
    Status: Final = Tag(8, 0x0B)
    UserResponse: Final = Tag(8, 0x0C)
    Version: Final = Tag(8, 0x0D)
    InstanceId: Final = Tag(8, 0x0E)
    ProposedStartTime: Final = Tag(8, 0x10)
    ProposedEndTime: Final = Tag(8, 0x11)
    SendResponse: Final = Tag(8, 0x12)


class Tasks:
    """Code page 9."""

    Body: Final = Tag(9, 0x05)
    BodySize: Final = Tag(9, 0x06)
    BodyTruncated: Final = Tag(9, 0x07)
    Categories: Final = Tag(9, 0x08)
    Category: Final = Tag(9, 0x09)
    Complete: Final = Tag(9, 0x0A)
    DateCompleted: Final = Tag(9, 0x0B)
    DueDate: Final = Tag(9, 0x0C)
    UtcDueDate: Final = Tag(9, 0x0D)
    Importance: Final = Tag(9, 0x0E)
    Recurrence: Final = Tag(9, 0x0F)
    Type: Final = Tag(9, 0x10)
    Start: Final = Tag(9, 0x11)
    Until: Final = Tag(9, 0x12)
    Occurrences: Final = Tag(9, 0x13)
    Interval: Final = Tag(9, 0x14)
    DayOfMonth: Final = Tag(9, 0x15)
    DayOfWeek: Final = Tag(9, 0x16)
    WeekOfMonth: Final = Tag(9, 0x17)
    MonthOfYear: Final = Tag(9, 0x18)
    Regenerate: Final = Tag(9, 0x19)
    DeadOccur: Final = Tag(9, 0x1A)
    ReminderSet: Final = Tag(9, 0x1B)
    ReminderTime: Final = Tag(9, 0x1C)
    Sensitivity: Final = Tag(9, 0x1D)
    StartDate: Final = Tag(9, 0x1E)
    UtcStartDate: Final = Tag(9, 0x1F)
    Subject: Final = Tag(9, 0x20)
    CompressedRTF: Final = Tag(9, 0x21)
    OrdinalDate: Final = Tag(9, 0x22)
    SubOrdinalDate: Final = Tag(9, 0x23)
    CalendarType: Final = Tag(9, 0x24)
    IsLeapMonth: Final = Tag(9, 0x25)
    FirstDayOfWeek: Final = Tag(9, 0x26)


class ResolveRecipients:
    """Code page 10."""

    ResolveRecipients: Final = Tag(10, 0x05)
    Response: Final = Tag(10, 0x06)
    Status: Final = Tag(10, 0x07)
    Type: Final = Tag(10, 0x08)
    Recipient: Final = Tag(10, 0x09)
    DisplayName: Final = Tag(10, 0x0A)
    EmailAddress: Final = Tag(10, 0x0B)
    Certificates: Final = Tag(10, 0x0C)
    Certificate: Final = Tag(10, 0x0D)
    MiniCertificate: Final = Tag(10, 0x0E)
    Options: Final = Tag(10, 0x0F)
    To: Final = Tag(10, 0x10)
    CertificateRetrieval: Final = Tag(10, 0x11)
    RecipientCount: Final = Tag(10, 0x12)
    MaxCertificates: Final = Tag(10, 0x13)
    MaxAmbiguousRecipients: Final = Tag(10, 0x14)
    CertificateCount: Final = Tag(10, 0x15)
    Availability: Final = Tag(10, 0x16)
    StartTime: Final = Tag(10, 0x17)
    EndTime: Final = Tag(10, 0x18)
    MergedFreeBusy: Final = Tag(10, 0x19)
    Picture: Final = Tag(10, 0x1A)
    MaxSize: Final = Tag(10, 0x1B)
    Data: Final = Tag(10, 0x1C)
    MaxPictures: Final = Tag(10, 0x1D)


class ValidateCert:
    """Code page 11."""

    ValidateCert: Final = Tag(11, 0x05)
    Certificates: Final = Tag(11, 0x06)
    Certificate: Final = Tag(11, 0x07)
    CertificateChain: Final = Tag(11, 0x08)
    CheckCRL: Final = Tag(11, 0x09)
    Status: Final = Tag(11, 0x0A)


class Contacts2:
    """Code page 12."""

    CustomerId: Final = Tag(12, 0x05)
    GovernmentId: Final = Tag(12, 0x06)
    IMAddress: Final = Tag(12, 0x07)
    IMAddress2: Final = Tag(12, 0x08)
    IMAddress3: Final = Tag(12, 0x09)
    ManagerName: Final = Tag(12, 0x0A)
    CompanyMainPhone: Final = Tag(12, 0x0B)
    AccountName: Final = Tag(12, 0x0C)
    NickName: Final = Tag(12, 0x0D)
    MMS: Final = Tag(12, 0x0E)


class Ping:
    """Code page 13."""

    Ping: Final = Tag(13, 0x05)
    AutdState: Final = Tag(13, 0x06)
    Status: Final = Tag(13, 0x07)
    HeartbeatInterval: Final = Tag(13, 0x08)
    Folders: Final = Tag(13, 0x09)
    Folder: Final = Tag(13, 0x0A)
    Id: Final = Tag(13, 0x0B)
    Class: Final = Tag(13, 0x0C)
    MaxFolders: Final = Tag(13, 0x0D)


class Provision:
    """Code page 14."""

    Provision: Final = Tag(14, 0x05)
    Policies: Final = Tag(14, 0x06)
    Policy: Final = Tag(14, 0x07)
    PolicyType: Final = Tag(14, 0x08)
    PolicyKey: Final = Tag(14, 0x09)
    Data: Final = Tag(14, 0x0A)
    Status: Final = Tag(14, 0x0B)
    RemoteWipe: Final = Tag(14, 0x0C)
    EASProvisionDoc: Final = Tag(14, 0x0D)
    DevicePasswordEnabled: Final = Tag(14, 0x0E)
    AlphanumericDevicePasswordRequired: Final = Tag(14, 0x0F)
    RequireStorageCardEncryption: Final = Tag(14, 0x10)
    PasswordRecoveryEnabled: Final = Tag(14, 0x11)
    DocumentBrowseEnabled: Final = Tag(14, 0x12)
    AttachmentsEnabled: Final = Tag(14, 0x13)
    MinDevicePasswordLength: Final = Tag(14, 0x14)
    MaxInactivityTimeDeviceLock: Final = Tag(14, 0x15)
    MaxDevicePasswordFailedAttempts: Final = Tag(14, 0x16)
    MaxAttachmentSize: Final = Tag(14, 0x17)
    AllowSimpleDevicePassword: Final = Tag(14, 0x18)
    DevicePasswordExpiration: Final = Tag(14, 0x19)
    DevicePasswordHistory: Final = Tag(14, 0x1A)
    AllowStorageCard: Final = Tag(14, 0x1B)
    AllowCamera: Final = Tag(14, 0x1C)
    RequireDeviceEncryption: Final = Tag(14, 0x1D)
    AllowUnsignedApplications: Final = Tag(14, 0x1E)
    AllowUnsignedInstallationPackages: Final = Tag(14, 0x1F)
    MinDevicePasswordComplexCharacters: Final = Tag(14, 0x20)
    AllowWiFi: Final = Tag(14, 0x21)
    AllowTextMessaging: Final = Tag(14, 0x22)
    AllowPOPIMAPEmail: Final = Tag(14, 0x23)
    AllowBluetooth: Final = Tag(14, 0x24)
    AllowIrDA: Final = Tag(14, 0x25)
    RequireManualSyncWhenRoaming: Final = Tag(14, 0x26)
    AllowDesktopSync: Final = Tag(14, 0x27)
    MaxCalendarAgeFilter: Final = Tag(14, 0x28)
    AllowHTMLEmail: Final = Tag(14, 0x29)
    MaxEmailAgeFilter: Final = Tag(14, 0x2A)
    MaxEmailBodyTruncationSize: Final = Tag(14, 0x2B)
    MaxEmailHTMLBodyTruncationSize: Final = Tag(14, 0x2C)
    RequireSignedSMIMEMessages: Final = Tag(14, 0x2D)
    RequireEncryptedSMIMEMessages: Final = Tag(14, 0x2E)
    RequireSignedSMIMEAlgorithm: Final = Tag(14, 0x2F)
    RequireEncryptionSMIMEAlgorithm: Final = Tag(14, 0x30)
    AllowSMIMEEncryptionAlgorithmNegotiation: Final = Tag(14, 0x31)
    AllowSMIMESoftCerts: Final = Tag(14, 0x32)
    AllowBrowser: Final = Tag(14, 0x33)
    AllowConsumerEmail: Final = Tag(14, 0x34)
    AllowRemoteDesktop: Final = Tag(14, 0x35)
    AllowInternetSharing: Final = Tag(14, 0x36)
    UnapprovedInROMApplicationList: Final = Tag(14, 0x37)
    ApplicationName: Final = Tag(14, 0x38)
    ApprovedApplicationList: Final = Tag(14, 0x39)
    Hash: Final = Tag(14, 0x3A)
    AccountOnlyRemoteWipe: Final = Tag(14, 0x3B)


class Search:
    """Code page 15."""

    Search: Final = Tag(15, 0x05)
    Store: Final = Tag(15, 0x07)
    Name: Final = Tag(15, 0x08)
    Query: Final = Tag(15, 0x09)
    Options: Final = Tag(15, 0x0A)
    Range: Final = Tag(15, 0x0B)
    Status: Final = Tag(15, 0x0C)
    Response: Final = Tag(15, 0x0D)
    Result: Final = Tag(15, 0x0E)
    Properties: Final = Tag(15, 0x0F)
    Total: Final = Tag(15, 0x10)
    EqualTo: Final = Tag(15, 0x11)
    Value: Final = Tag(15, 0x12)
    And: Final = Tag(15, 0x13)
    Or: Final = Tag(15, 0x14)
    FreeText: Final = Tag(15, 0x15)
    DeepTraversal: Final = Tag(15, 0x17)
    LongId: Final = Tag(15, 0x18)
    RebuildResults: Final = Tag(15, 0x19)
    LessThan: Final = Tag(15, 0x1A)
    GreaterThan: Final = Tag(15, 0x1B)
    Schema: Final = Tag(15, 0x1C)
    Supported: Final = Tag(15, 0x1D)
    UserName: Final = Tag(15, 0x1E)
    Password: Final = Tag(15, 0x1F)
    ConversationId: Final = Tag(15, 0x20)
    Picture: Final = Tag(15, 0x21)
    MaxSize: Final = Tag(15, 0x22)
    MaxPictures: Final = Tag(15, 0x23)


class GAL:
    """Code page 16."""

    DisplayName: Final = Tag(16, 0x05)
    Phone: Final = Tag(16, 0x06)
    Office: Final = Tag(16, 0x07)
    Title: Final = Tag(16, 0x08)
    Company: Final = Tag(16, 0x09)
    Alias: Final = Tag(16, 0x0A)
    FirstName: Final = Tag(16, 0x0B)
    LastName: Final = Tag(16, 0x0C)
    HomePhone: Final = Tag(16, 0x0D)
    MobilePhone: Final = Tag(16, 0x0E)
    EmailAddress: Final = Tag(16, 0x0F)
    Picture: Final = Tag(16, 0x10)
    Status: Final = Tag(16, 0x11)
    Data: Final = Tag(16, 0x12)


class AirSyncBase:
    """Code page 17."""

    BodyPreference: Final = Tag(17, 0x05)
    Type: Final = Tag(17, 0x06)
    TruncationSize: Final = Tag(17, 0x07)
    AllOrNone: Final = Tag(17, 0x08)
    Body: Final = Tag(17, 0x0A)
    Data: Final = Tag(17, 0x0B)
    EstimatedDataSize: Final = Tag(17, 0x0C)
    Truncated: Final = Tag(17, 0x0D)
    Attachments: Final = Tag(17, 0x0E)
    Attachment: Final = Tag(17, 0x0F)
    DisplayName: Final = Tag(17, 0x10)
    FileReference: Final = Tag(17, 0x11)
    Method: Final = Tag(17, 0x12)
    ContentId: Final = Tag(17, 0x13)
    ContentLocation: Final = Tag(17, 0x14)
    IsInline: Final = Tag(17, 0x15)
    NativeBodyType: Final = Tag(17, 0x16)
    ContentType: Final = Tag(17, 0x17)
    Preview: Final = Tag(17, 0x18)
    BodyPartPreference: Final = Tag(17, 0x19)
    BodyPart: Final = Tag(17, 0x1A)
    Status: Final = Tag(17, 0x1B)
    Add: Final = Tag(17, 0x1C)
    Delete: Final = Tag(17, 0x1D)
    ClientId: Final = Tag(17, 0x1E)
    Content: Final = Tag(17, 0x1F)
    Location: Final = Tag(17, 0x20)
    Annotation: Final = Tag(17, 0x21)
    Street: Final = Tag(17, 0x22)
    City: Final = Tag(17, 0x23)
    State: Final = Tag(17, 0x24)
    Country: Final = Tag(17, 0x25)
    PostalCode: Final = Tag(17, 0x26)
    Latitude: Final = Tag(17, 0x27)
    Longitude: Final = Tag(17, 0x28)
    Accuracy: Final = Tag(17, 0x29)
    Altitude: Final = Tag(17, 0x2A)
    AltitudeAccuracy: Final = Tag(17, 0x2B)
    LocationUri: Final = Tag(17, 0x2C)
    InstanceId: Final = Tag(17, 0x2D)


class Settings:
    """Code page 18."""

    Settings: Final = Tag(18, 0x05)
    Status: Final = Tag(18, 0x06)
    Get: Final = Tag(18, 0x07)
    Set: Final = Tag(18, 0x08)
    Oof: Final = Tag(18, 0x09)
    OofState: Final = Tag(18, 0x0A)
    StartTime: Final = Tag(18, 0x0B)
    EndTime: Final = Tag(18, 0x0C)
    OofMessage: Final = Tag(18, 0x0D)
    AppliesToInternal: Final = Tag(18, 0x0E)
    AppliesToExternalKnown: Final = Tag(18, 0x0F)
    AppliesToExternalUnknown: Final = Tag(18, 0x10)
    Enabled: Final = Tag(18, 0x11)
    ReplyMessage: Final = Tag(18, 0x12)
    BodyType: Final = Tag(18, 0x13)
    DevicePassword: Final = Tag(18, 0x14)
    Password: Final = Tag(18, 0x15)
    DeviceInformation: Final = Tag(18, 0x16)
    Model: Final = Tag(18, 0x17)
    IMEI: Final = Tag(18, 0x18)
    FriendlyName: Final = Tag(18, 0x19)
    OS: Final = Tag(18, 0x1A)
    OSLanguage: Final = Tag(18, 0x1B)
    PhoneNumber: Final = Tag(18, 0x1C)
    UserInformation: Final = Tag(18, 0x1D)
    EmailAddresses: Final = Tag(18, 0x1E)
    SMTPAddress: Final = Tag(18, 0x1F)
    UserAgent: Final = Tag(18, 0x20)
    EnableOutboundSMS: Final = Tag(18, 0x21)
    MobileOperator: Final = Tag(18, 0x22)
    PrimarySmtpAddress: Final = Tag(18, 0x23)
    Accounts: Final = Tag(18, 0x24)
    Account: Final = Tag(18, 0x25)
    AccountId: Final = Tag(18, 0x26)
    AccountName: Final = Tag(18, 0x27)
    UserDisplayName: Final = Tag(18, 0x28)
    SendDisabled: Final = Tag(18, 0x29)
    RightsManagementInformation: Final = Tag(18, 0x2B)


class DocumentLibrary:
    """Code page 19."""

    LinkId: Final = Tag(19, 0x05)
    DisplayName: Final = Tag(19, 0x06)
    IsFolder: Final = Tag(19, 0x07)
    CreationDate: Final = Tag(19, 0x08)
    LastModifiedDate: Final = Tag(19, 0x09)
    IsHidden: Final = Tag(19, 0x0A)
    ContentLength: Final = Tag(19, 0x0B)
    ContentType: Final = Tag(19, 0x0C)


class ItemOperations:
    """Code page 20."""

    ItemOperations: Final = Tag(20, 0x05)
    Fetch: Final = Tag(20, 0x06)
    Store: Final = Tag(20, 0x07)
    Options: Final = Tag(20, 0x08)
    Range: Final = Tag(20, 0x09)
    Total: Final = Tag(20, 0x0A)
    Properties: Final = Tag(20, 0x0B)
    Data: Final = Tag(20, 0x0C)
    Status: Final = Tag(20, 0x0D)
    Response: Final = Tag(20, 0x0E)
    Version: Final = Tag(20, 0x0F)
    Schema: Final = Tag(20, 0x10)
    Part: Final = Tag(20, 0x11)
    EmptyFolderContents: Final = Tag(20, 0x12)
    DeleteSubFolders: Final = Tag(20, 0x13)
    UserName: Final = Tag(20, 0x14)
    Password: Final = Tag(20, 0x15)
    Move: Final = Tag(20, 0x16)
    DstFldId: Final = Tag(20, 0x17)
    ConversationId: Final = Tag(20, 0x18)
    MoveAlways: Final = Tag(20, 0x19)


class ComposeMail:
    """Code page 21."""

    SendMail: Final = Tag(21, 0x05)
    SmartForward: Final = Tag(21, 0x06)
    SmartReply: Final = Tag(21, 0x07)
    SaveInSentItems: Final = Tag(21, 0x08)
    ReplaceMime: Final = Tag(21, 0x09)
    Source: Final = Tag(21, 0x0B)
    FolderId: Final = Tag(21, 0x0C)
    ItemId: Final = Tag(21, 0x0D)
    LongId: Final = Tag(21, 0x0E)
    InstanceId: Final = Tag(21, 0x0F)
    Mime: Final = Tag(21, 0x10)
    ClientId: Final = Tag(21, 0x11)
    Status: Final = Tag(21, 0x12)
    AccountId: Final = Tag(21, 0x13)
    Forwardees: Final = Tag(21, 0x15)
    Forwardee: Final = Tag(21, 0x16)
    Name: Final = Tag(21, 0x17)
    Email: Final = Tag(21, 0x18)


class Email2:
    """Code page 22."""

    UmCallerID: Final = Tag(22, 0x05)
    UmUserNotes: Final = Tag(22, 0x06)
    UmAttDuration: Final = Tag(22, 0x07)
    UmAttOrder: Final = Tag(22, 0x08)
    ConversationId: Final = Tag(22, 0x09)
    ConversationIndex: Final = Tag(22, 0x0A)
    LastVerbExecuted: Final = Tag(22, 0x0B)
    LastVerbExecutionTime: Final = Tag(22, 0x0C)
    ReceivedAsBcc: Final = Tag(22, 0x0D)
    Sender: Final = Tag(22, 0x0E)
    CalendarType: Final = Tag(22, 0x0F)
    IsLeapMonth: Final = Tag(22, 0x10)
    AccountId: Final = Tag(22, 0x11)
    FirstDayOfWeek: Final = Tag(22, 0x12)
    MeetingMessageType: Final = Tag(22, 0x13)
    IsDraft: Final = Tag(22, 0x15)
    Bcc: Final = Tag(22, 0x16)
    Send: Final = Tag(22, 0x17)


class Notes:
    """Code page 23."""

    Subject: Final = Tag(23, 0x05)
    MessageClass: Final = Tag(23, 0x06)
    LastModifiedDate: Final = Tag(23, 0x07)
    Categories: Final = Tag(23, 0x08)
    Category: Final = Tag(23, 0x09)


class RightsManagement:
    """Code page 24."""

    RightsManagementSupport: Final = Tag(24, 0x05)
    RightsManagementTemplates: Final = Tag(24, 0x06)
    RightsManagementTemplate: Final = Tag(24, 0x07)
    RightsManagementLicense: Final = Tag(24, 0x08)
    EditAllowed: Final = Tag(24, 0x09)
    ReplyAllowed: Final = Tag(24, 0x0A)
    ReplyAllAllowed: Final = Tag(24, 0x0B)
    ForwardAllowed: Final = Tag(24, 0x0C)
    ModifyRecipientsAllowed: Final = Tag(24, 0x0D)
    ExtractAllowed: Final = Tag(24, 0x0E)
    PrintAllowed: Final = Tag(24, 0x0F)
    ExportAllowed: Final = Tag(24, 0x10)
    ProgrammaticAccessAllowed: Final = Tag(24, 0x11)
    Owner: Final = Tag(24, 0x12)
    ContentExpiryDate: Final = Tag(24, 0x13)
    TemplateID: Final = Tag(24, 0x14)
    TemplateName: Final = Tag(24, 0x15)
    TemplateDescription: Final = Tag(24, 0x16)
    ContentOwner: Final = Tag(24, 0x17)
    RemoveRightsManagementProtection: Final = Tag(24, 0x18)


class Find:
    """Code page 25."""

    Find: Final = Tag(25, 0x05)
    SearchId: Final = Tag(25, 0x06)
    ExecuteSearch: Final = Tag(25, 0x07)
    MailBoxSearchCriterion: Final = Tag(25, 0x08)
    Query: Final = Tag(25, 0x09)
    Status: Final = Tag(25, 0x0A)
    FreeText: Final = Tag(25, 0x0B)
    Options: Final = Tag(25, 0x0C)
    Range: Final = Tag(25, 0x0D)
    DeepTraversal: Final = Tag(25, 0x0E)
    Response: Final = Tag(25, 0x11)
    Result: Final = Tag(25, 0x12)
    Properties: Final = Tag(25, 0x13)
    Preview: Final = Tag(25, 0x14)
    HasAttachments: Final = Tag(25, 0x15)
    Total: Final = Tag(25, 0x16)
    DisplayCc: Final = Tag(25, 0x17)
    DisplayBcc: Final = Tag(25, 0x18)
    GalSearchCriterion: Final = Tag(25, 0x19)
    MaxPictures: Final = Tag(25, 0x20)
    MaxSize: Final = Tag(25, 0x21)
    Picture: Final = Tag(25, 0x22)


NAMESPACES: Final[dict[int, type]] = {
    0: AirSync,
    1: Contacts,
    2: Email,
    4: Calendar,
    5: Move,
    6: GetItemEstimate,
    7: FolderHierarchy,
    8: MeetingResponse,
    9: Tasks,
    10: ResolveRecipients,
    11: ValidateCert,
    12: Contacts2,
    13: Ping,
    14: Provision,
    15: Search,
    16: GAL,
    17: AirSyncBase,
    18: Settings,
    19: DocumentLibrary,
    20: ItemOperations,
    21: ComposeMail,
    22: Email2,
    23: Notes,
    24: RightsManagement,
    25: Find,
}

NAMES: Final[dict[Tag, str]] = {
    tag: name for space in NAMESPACES.values() for name, tag in vars(space).items() if isinstance(tag, Tag)
}
