/// Account data: what clients keep for their user on the server, globally and for each room; tags
/// among it.
///
/// ```
///  client ──► AccountDataService ──► Journal ────► Derby
///                                         └──────► [account-output] ──► ClientSync
///  others ──► AccountDataQueries
/// ```
///
/// Logs read: none. Logs written: account-output. Queries used: none. Tables owned: `account_data`.
/// Threads: the requests' own.
@NullMarked
package org.hearth.server.services.accountdata;

import org.jspecify.annotations.NullMarked;
