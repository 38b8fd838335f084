import { http } from '../../src/testing/index.js';

/** A message of WS-Management. [MS-WSMV] 4.1. */
export const SOAP = 'application/soap+xml;charset=UTF-8';
/** The resource of a command shell. */
export const SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd';
export const envelope = (action: string, resource: string, body = '') =>
  `<s:Envelope><s:Header><w:ResourceURI s:mustUnderstand="true">${resource}</w:ResourceURI><a:Action>${action}</a:Action></s:Header>` +
  `<s:Body>${body}</s:Body></s:Envelope>`;
/** A message to a machine, and its answer. */
export const wsman = (type: string, body: string) =>
  http({ server: '10.0.0.2:5985' }).exchange(
    { method: 'POST', uri: '/wsman', headers: { 'Content-Type': type }, body },
    { status: 200 },
  );
