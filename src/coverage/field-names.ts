import type { RuleVendor } from './row.js';

/**
 * Fields of events by one name, that of Sigma's taxonomy, and what the schemas of vendors call them: Elastic Common Schema,
 * Splunk's Common Information Model and Windows add-on, the tables of Microsoft Defender and Sentinel, Windows' own events.
 * A field that says more in one schema than in another (a path, and a name alone) is the same field with other values.
 */
const FIELD_NAMES: readonly (readonly [name: string, others: readonly string[]])[] = [
  [
    'Image',
    [
      'process.executable',
      'process.name',
      'process_name',
      'process_path',
      'NewProcessName',
      'process.pe.original_file_name.path',
      'ProcessName',
      'winlog.event_data.NewProcessName',
      'winlog.event_data.Image',
      'Processes.process_name',
      'Processes.process_path',
    ],
  ],
  [
    'CommandLine',
    [
      'process.command_line',
      'process.args',
      'process',
      'Processes.process',
      'ProcessCommandLine',
      'Process_Command_Line',
      'cmdline',
      'process_command_line',
      'winlog.event_data.CommandLine',
    ],
  ],
  [
    'ParentImage',
    [
      'process.parent.executable',
      'process.parent.name',
      'parent_process_name',
      'parent_process_path',
      'ParentProcessName',
      'Processes.parent_process_name',
      'Processes.parent_process_path',
      'Creator_Process_Name',
      'winlog.event_data.ParentImage',
    ],
  ],
  [
    'ParentCommandLine',
    [
      'process.parent.command_line',
      'process.parent.args',
      'parent_process',
      'Processes.parent_process',
      'winlog.event_data.ParentCommandLine',
    ],
  ],
  [
    'OriginalFileName',
    [
      'process.pe.original_file_name',
      'original_file_name',
      'Processes.original_file_name',
      'ProcessVersionInfoOriginalFileName',
      'winlog.event_data.OriginalFileName',
    ],
  ],
  ['User', ['user.name', 'user', 'Processes.user', 'AccountName', 'Account', 'winlog.event_data.User']],
  ['SubjectUserName', ['winlog.event_data.SubjectUserName', 'src_user', 'SubjectAccount']],
  ['TargetUserName', ['winlog.event_data.TargetUserName', 'TargetAccount']],
  [
    'IntegrityLevel',
    ['process.Ext.token.integrity_level_name', 'winlog.event_data.IntegrityLevel', 'ProcessIntegrityLevel'],
  ],
  ['Hashes', ['process.hash.md5', 'process.hash.sha1', 'process.hash.sha256', 'process_hash', 'SHA1', 'SHA256', 'MD5']],
  ['EventID', ['event.code', 'EventCode', 'winlog.event_id', 'EventId', 'signature_id', 'All_Traffic.signature_id']],
  ['Channel', ['winlog.channel', 'EventLog', 'LogName', 'source']],
  ['Provider_Name', ['winlog.provider_name', 'event.provider', 'SourceName', 'EventSourceName', 'Source']],
  ['EventType', ['event.type', 'event.action', 'ActionType', 'action']],
  ['EventCategory', ['event.category', 'event.kind']],
  ['OperatingSystem', ['host.os.type', 'host.os.family', 'os']],
  ['Computer', ['host.name', 'dest', 'Processes.dest', 'DeviceName', 'ComputerName', 'dvc', 'winlog.computer_name']],
  [
    'DestinationIp',
    [
      'destination.ip',
      'destination.address',
      'dest_ip',
      'RemoteIP',
      'DestinationIP',
      'All_Traffic.dest_ip',
      'All_Traffic.dest',
      'DestinationIPAddress',
    ],
  ],
  ['DestinationPort', ['destination.port', 'dest_port', 'RemotePort', 'All_Traffic.dest_port']],
  ['DestinationHostname', ['destination.domain', 'dest_host', 'RemoteUrl']],
  [
    'SourceIp',
    [
      'source.ip',
      'source.address',
      'src_ip',
      'LocalIP',
      'SourceIP',
      'IpAddress',
      'All_Traffic.src_ip',
      'All_Traffic.src',
      'winlog.event_data.IpAddress',
      'Source_Network_Address',
    ],
  ],
  ['SourcePort', ['source.port', 'src_port', 'LocalPort', 'IpPort', 'All_Traffic.src_port']],
  ['Protocol', ['network.transport', 'network.protocol', 'transport', 'All_Traffic.transport', 'proto']],
  ['Initiated', ['network.direction', 'direction']],
  ['QueryName', ['dns.question.name', 'query', 'DNS.query']],
  [
    'TargetFilename',
    [
      'file.path',
      'file.name',
      'file_path',
      'file_name',
      'Filesystem.file_path',
      'Filesystem.file_name',
      'FolderPath',
      'TargetFileName',
    ],
  ],
  [
    'ImageLoaded',
    ['dll.path', 'dll.name', 'library.path', 'winlog.event_data.ImageLoaded', 'loaded_file', 'module_path'],
  ],
  [
    'TargetObject',
    [
      'registry.path',
      'registry_path',
      'Registry.registry_path',
      'RegistryKey',
      'registry.key',
      'registry_key_name',
      'winlog.event_data.TargetObject',
    ],
  ],
  ['RegistryValueName', ['registry.value', 'registry_value_name', 'Registry.registry_value_name']],
  [
    'Details',
    [
      'registry.data.strings',
      'registry_value_data',
      'Registry.registry_value_data',
      'RegistryValueData',
      'winlog.event_data.Details',
    ],
  ],
  ['PipeName', ['winlog.event_data.PipeName', 'pipe_name']],
  [
    'ScriptBlockText',
    [
      'powershell.file.script_block_text',
      'winlog.event_data.ScriptBlockText',
      'ScriptBlock',
      'Message.ScriptBlockText',
    ],
  ],
  ['Payload', ['winlog.event_data.Payload', 'powershell.command.invocation_details.value']],
  ['ServiceName', ['winlog.event_data.ServiceName', 'Service_Name', 'service.name', 'Service_ServiceName']],
  [
    'ServiceFileName',
    [
      'winlog.event_data.ServiceFileName',
      'winlog.event_data.ImagePath',
      'ImagePath',
      'Service_File_Name',
      'Service_ImagePath',
    ],
  ],
  ['TaskName', ['winlog.event_data.TaskName', 'Task_Name']],
  ['TaskContent', ['winlog.event_data.TaskContent', 'Task_Content']],
  ['ShareName', ['winlog.event_data.ShareName', 'Share_Name']],
  ['RelativeTargetName', ['winlog.event_data.RelativeTargetName', 'Relative_Target_Name']],
  ['ObjectName', ['winlog.event_data.ObjectName', 'Object_Name']],
  ['ObjectType', ['winlog.event_data.ObjectType', 'Object_Type']],
  ['AccessMask', ['winlog.event_data.AccessMask', 'Access_Mask']],
  ['LogonType', ['winlog.event_data.LogonType', 'winlog.logon.type', 'Logon_Type']],
  ['TargetImage', ['winlog.event_data.TargetImage', 'Target.process.executable']],
  ['SourceImage', ['winlog.event_data.SourceImage', 'InitiatingProcessFileName', 'InitiatingProcessFolderPath']],
  ['GrantedAccess', ['winlog.event_data.GrantedAccess']],
  ['CallTrace', ['winlog.event_data.CallTrace']],
  ['InterfaceUuid', ['dce_rpc.interface', 'zeek.dce_rpc.endpoint']],
  ['OpNum', ['dce_rpc.operation', 'zeek.dce_rpc.operation']],
];

/** Names that mean another field in one vendor's rules: `process` is the command line in Splunk's data model alone. */
const OF_VENDOR: Readonly<Partial<Record<RuleVendor, Readonly<Record<string, string>>>>> = {
  sigma: { process: 'process', source: 'source', query: 'query', action: 'action', os: 'os' },
  kusto: {
    process: 'Image',
    filename: 'Image',
    initiatingprocessfilename: 'ParentImage',
    initiatingprocesscommandline: 'ParentCommandLine',
  },
};

/** Buffers of network rules that are fields of events as well; other buffers have names of their own. */
const OF_NETWORK: Readonly<Record<string, string>> = {
  src_port: 'SourcePort',
  dest_port: 'DestinationPort',
  'dcerpc.iface': 'InterfaceUuid',
  'dcerpc.opnum': 'OpNum',
};

const BY_NAME = new Map(
  FIELD_NAMES.flatMap(([name, others]) => [name, ...others].map((one) => [one.toLowerCase(), name] as const)),
);

/** The one name of a field. Case and blanks make no difference; a name that is in no table stays as it is written. */
export function fieldName(vendor: RuleVendor, written: string): string {
  if (vendor === 'suricata') return OF_NETWORK[written] ?? written;
  const plain = written.toLowerCase().replace(/\s/g, '');
  // Splunk's data models put the name of their set in front: `Processes.process_name`.
  const own = vendor === 'splunk' ? plain.replace(/^[a-z_]+\./, '') : plain;
  return OF_VENDOR[vendor]?.[own] ?? BY_NAME.get(plain) ?? BY_NAME.get(own) ?? written;
}
