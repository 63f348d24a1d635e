/// Activity: what happened on this server, for its owner: accounts, sign-ins, what failed, what the
/// owner did, with who and when.
///
/// ```
///  Accounts, Reports, Admin, the root ──► Happenings ──► Activity ──► Derby
///                          panel, command line ──► Admin ──┘
/// ```
///
/// Logs read: none. Logs written: none. Queries used: none. Tables owned: `activity`. Threads: one,
/// `activity`, that writes.
@NullMarked
package org.hearth.server.services.activity;

import org.jspecify.annotations.NullMarked;
