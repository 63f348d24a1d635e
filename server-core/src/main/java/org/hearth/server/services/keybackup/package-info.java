/// Server-side key backups: the room keys of a user, which clients encrypt and keep here, so that a
/// new device can read what was written before it.
///
/// ```
///  client ──► KeyBackupService ──► Derby
///  Accounts ─(an account is closed)─┘
/// ```
///
/// Logs read: none. Logs written: none. Queries used: none. Tables owned: `key_backup`,
/// `backed_up_key`. Threads: the requests' own; `key-backup-removal` removes the keys of closed
/// accounts.
@NullMarked
package org.hearth.server.services.keybackup;

import org.jspecify.annotations.NullMarked;
