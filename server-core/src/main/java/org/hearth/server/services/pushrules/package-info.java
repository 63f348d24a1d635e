/// Push rules: what a user wants to be notified of, kept as the account data `m.push_rules`.
///
/// ```
///  client ──► PushRulesService ──► Journal ────► Derby (account_data)
///                                        └─────► [account-output] ──► ClientSync
///  new account ──► PushRulesService (the default rules)
/// ```
///
/// Logs read: none. Logs written: account-output. Queries used: AccountDataQueries. Tables owned:
/// none; the rows are those of `services.accountdata`, and made by it. Threads: the requests' own.
@NullMarked
package org.hearth.server.services.pushrules;

import org.jspecify.annotations.NullMarked;
