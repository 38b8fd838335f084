// Which events the log sources of rules are: the taxonomy of the Sigma specification (version 2.1, appendix "taxonomy", public
// domain), with channels and providers as Windows names them. A table: nothing else stands here.

/** Channels of a service. */
export const SERVICES: Readonly<Record<string, readonly string[]>> = {
  application: ['Application'],
  'application-experience': [
    'Microsoft-Windows-Application-Experience/Program-Telemetry',
    'Microsoft-Windows-Application-Experience/Program-Compatibility-Assistant',
  ],
  applocker: [
    'Microsoft-Windows-AppLocker/MSI and Script',
    'Microsoft-Windows-AppLocker/EXE and DLL',
    'Microsoft-Windows-AppLocker/Packaged app-Deployment',
    'Microsoft-Windows-AppLocker/Packaged app-Execution',
  ],
  'appmodel-runtime': ['Microsoft-Windows-AppModel-Runtime/Admin'],
  'appxdeployment-server': ['Microsoft-Windows-AppXDeploymentServer/Operational'],
  'appxpackaging-om': ['Microsoft-Windows-AppxPackaging/Operational'],
  bitlocker: ['Microsoft-Windows-BitLocker/BitLocker Management'],
  'bits-client': ['Microsoft-Windows-Bits-Client/Operational'],
  capi2: ['Microsoft-Windows-CAPI2/Operational'],
  'certificateservicesclient-lifecycle-system': [
    'Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational',
  ],
  'codeintegrity-operational': ['Microsoft-Windows-CodeIntegrity/Operational'],
  dhcp: ['Microsoft-Windows-DHCP-Server/Operational'],
  'diagnosis-scripted': ['Microsoft-Windows-Diagnosis-Scripted/Operational'],
  'dns-client': ['Microsoft-Windows-DNS Client Events/Operational'],
  'dns-server': ['DNS Server'],
  'dns-server-analytic': ['Microsoft-Windows-DNS-Server/Analytical'],
  'driver-framework': ['Microsoft-Windows-DriverFrameworks-UserMode/Operational'],
  'firewall-as': ['Microsoft-Windows-Windows Firewall With Advanced Security/Firewall'],
  'hyper-v-worker': ['Microsoft-Windows-Hyper-V-Worker'],
  'iis-configuration': ['Microsoft-IIS-Configuration/Operational'],
  'kernel-event-tracing': ['Microsoft-Windows-Kernel-EventTracing'],
  'kernel-shimengine': [
    'Microsoft-Windows-Kernel-ShimEngine/Operational',
    'Microsoft-Windows-Kernel-ShimEngine/Diagnostic',
  ],
  ldap: ['Microsoft-Windows-LDAP-Client/Debug'],
  'lsa-server': ['Microsoft-Windows-LSA/Operational'],
  'microsoft-servicebus-client': ['Microsoft-ServiceBus-Client/Admin', 'Microsoft-ServiceBus-Client/Operational'],
  'msexchange-management': ['MSExchange Management'],
  ntfs: ['Microsoft-Windows-Ntfs/Operational'],
  ntlm: ['Microsoft-Windows-NTLM/Operational'],
  openssh: ['OpenSSH/Operational'],
  powershell: ['Microsoft-Windows-PowerShell/Operational', 'PowerShellCore/Operational'],
  'powershell-classic': ['Windows PowerShell'],
  'printservice-admin': ['Microsoft-Windows-PrintService/Admin'],
  'printservice-operational': ['Microsoft-Windows-PrintService/Operational'],
  security: ['Security'],
  'security-mitigations': [
    'Microsoft-Windows-Security-Mitigations/Kernel Mode',
    'Microsoft-Windows-Security-Mitigations/User Mode',
  ],
  sense: ['Microsoft-Windows-SENSE/Operational'],
  'servicebus-client': ['Microsoft-ServiceBus-Client/Admin', 'Microsoft-ServiceBus-Client/Operational'],
  'shell-core': ['Microsoft-Windows-Shell-Core/Operational'],
  'smbclient-connectivity': ['Microsoft-Windows-SmbClient/Connectivity'],
  'smbclient-security': ['Microsoft-Windows-SmbClient/Security'],
  'smbserver-connectivity': ['Microsoft-Windows-SMBServer/Connectivity'],
  sysmon: ['Microsoft-Windows-Sysmon/Operational'],
  system: ['System'],
  taskscheduler: ['Microsoft-Windows-TaskScheduler/Operational'],
  'terminalservices-localsessionmanager': ['Microsoft-Windows-TerminalServices-LocalSessionManager/Operational'],
  vhdmp: ['Microsoft-Windows-VHDMP/Operational'],
  windefend: ['Microsoft-Windows-Windows Defender/Operational'],
  wmi: ['Microsoft-Windows-WMI-Activity/Operational'],
};

/** Providers of the events of categories, by service: an id alone may be that of another provider. */
export const PROVIDERS: Readonly<Record<string, readonly string[]>> = {
  powershell: ['Microsoft-Windows-PowerShell', 'PowerShellCore'],
  'powershell-classic': ['PowerShell'],
  security: ['Microsoft-Windows-Security-Auditing'],
  sysmon: ['Microsoft-Windows-Sysmon'],
  windefend: ['Microsoft-Windows-Windows Defender'],
};

/** Events of a category. */
export interface CategoryRow {
  readonly service: string;
  readonly ids: readonly number[];
  /** Fields that hold a value. */
  readonly only?: Readonly<Record<string, string>>;
  /** What the events call the fields of rules of the category. */
  readonly aliases?: Readonly<Record<string, string>>;
}

/** Events of each category; an event may be of several. */
export const CATEGORIES: Readonly<Record<string, readonly CategoryRow[]>> = {
  antivirus: [{ service: 'windefend', ids: [1006, 1007, 1008, 1009, 1010, 1011, 1012, 1017, 1018, 1019, 1115, 1116] }],
  clipboard_change: [{ service: 'sysmon', ids: [24] }],
  create_remote_thread: [{ service: 'sysmon', ids: [8] }],
  create_stream_hash: [{ service: 'sysmon', ids: [15] }],
  dns_query: [{ service: 'sysmon', ids: [22] }],
  driver_load: [{ service: 'sysmon', ids: [6] }],
  file_block_executable: [{ service: 'sysmon', ids: [27] }],
  file_block_shredding: [{ service: 'sysmon', ids: [28] }],
  file_change: [{ service: 'sysmon', ids: [2] }],
  file_delete: [{ service: 'sysmon', ids: [23] }],
  file_delete_detected: [{ service: 'sysmon', ids: [26] }],
  file_event: [{ service: 'sysmon', ids: [11] }],
  file_executable_detected: [{ service: 'sysmon', ids: [29] }],
  image_load: [{ service: 'sysmon', ids: [7] }],
  network_connection: [{ service: 'sysmon', ids: [3] }],
  pipe_created: [{ service: 'sysmon', ids: [17, 18] }],
  process_access: [{ service: 'sysmon', ids: [10] }],
  process_creation: [
    { service: 'sysmon', ids: [1] },
    {
      service: 'security',
      ids: [4688],
      aliases: {
        Image: 'NewProcessName',
        ParentImage: 'ParentProcessName',
        ProcessId: 'NewProcessId',
        ParentProcessId: 'ProcessId',
        User: 'SubjectUserName',
      },
    },
  ],
  process_tampering: [{ service: 'sysmon', ids: [25] }],
  process_termination: [{ service: 'sysmon', ids: [5] }],
  ps_classic_provider_start: [{ service: 'powershell-classic', ids: [600] }],
  ps_classic_script: [{ service: 'powershell-classic', ids: [800] }],
  ps_classic_start: [{ service: 'powershell-classic', ids: [400] }],
  ps_module: [{ service: 'powershell', ids: [4103] }],
  ps_script: [{ service: 'powershell', ids: [4104] }],
  raw_access_thread: [{ service: 'sysmon', ids: [9] }],
  registry_add: [{ service: 'sysmon', ids: [12], only: { EventType: 'CreateKey' } }],
  registry_delete: [
    { service: 'sysmon', ids: [12], only: { EventType: 'DeleteKey' } },
    { service: 'sysmon', ids: [12], only: { EventType: 'DeleteValue' } },
  ],
  registry_event: [{ service: 'sysmon', ids: [12, 13, 14] }],
  registry_rename: [{ service: 'sysmon', ids: [14] }],
  registry_set: [{ service: 'sysmon', ids: [13] }],
  sysmon_error: [{ service: 'sysmon', ids: [255] }],
  sysmon_status: [{ service: 'sysmon', ids: [4, 16] }],
  wmi_event: [{ service: 'sysmon', ids: [19, 20, 21] }],
};
