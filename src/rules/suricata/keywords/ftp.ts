import { flagKeyword } from './flag.js';

export const ftpbounce = flagKeyword(
  'ftpbounce',
  'ftp',
  'The client has data sent to another host than itself (FTP bounce).',
);
